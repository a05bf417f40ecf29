r"""Evidence on a violation rate that stays valid however often it is looked at.

A p-value at level alpha that is computed again after every run rejects a true claim far more often than
alpha. An e-process does not: under the claim it is a nonnegative supermartingale that starts at 1, so it
ever reaches `1/alpha` with probability at most alpha (Ville 1939).

For `rate <= delta` and k violations in n runs the likelihood ratio `(q/delta)^k ((1-q)/(1-delta))^(n-k)` is
one for every q > delta; so is its mixture over a Beta(a, b) law of q cut off at delta,

    E = delta^-k (1-delta)^-(n-k) B(a+k, b+n-k) Q(a+k, b+n-k) / (B(a, b) Q(a, b)),

with Q the upper regularised incomplete beta function at delta. Derivation: docs/statistics.md.
Sources: Robbins 1970 (mixtures), Howard, Ramdas, McAuliffe and Sekhon 2021 (confidence sequences).
"""

from __future__ import annotations

import math

__all__ = ["PRIOR", "anytime_lower", "log_e_value"]

#: Jeffreys' law of the rate: heavy at both ends, where planted errors and tiny rates lie.
PRIOR = (0.5, 0.5)


def log_e_value(violations: int, trials: int, delta: float, prior: tuple[float, float] = PRIOR) -> float:
    """`log E` against "each run violates with probability at most delta, whatever came before".

    Raises:
        ValueError: naming an argument out of range.

    >>> log_e_value(0, 0, 0.05)
    0.0
    >>> round(math.exp(log_e_value(3, 3, 0.05)))
    2919
    """
    from scipy.special import betaincc, betaln

    if not 0 <= violations <= trials:
        raise ValueError(f"violations must lie in [0, {trials}], was {violations!r}")
    if not 0.0 < delta < 1.0:
        raise ValueError(f"delta must lie in (0, 1), was {delta!r}")
    a, b = prior
    k, rest = violations, trials - violations
    above = float(betaincc(a + k, b + rest, delta))
    if above == 0.0:  # the data lie so far below delta that the mixture underflows: no evidence
        return -math.inf
    ratio = float(betaln(a + k, b + rest) - betaln(a, b))
    return (
        ratio
        + math.log(above)
        - math.log(float(betaincc(a, b, delta)))
        - k * math.log(delta)
        - rest * math.log1p(-delta)
    )


def anytime_lower(violations: int, trials: int, alpha: float, prior: tuple[float, float] = PRIOR) -> float:
    """The smallest rate that is not rejected at `1/alpha`; with probability `1 - alpha` it is below the true
    rate at every number of runs at once.

    >>> anytime_lower(0, 10, 0.05), round(anytime_lower(10, 10, 0.05), 3)
    (0.0, 0.686)
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie in (0, 1), was {alpha!r}")
    if violations == 0:
        return 0.0
    low, high = 0.0, violations / trials
    target = -math.log(alpha)
    for _ in range(60):
        middle = 0.5 * (low + high)
        if middle > 0 and log_e_value(violations, trials, min(middle, 1 - 1e-15), prior) >= target:
            low = middle
        elif middle == 0.0:
            break
        else:
            high = middle
    return low
