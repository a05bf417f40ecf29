"""Confidence limits and the numbers of runs that reach them.

Limits for a rate are exact (Clopper and Pearson 1934), limits for a mean are Student's, and the distance
of an empirical distribution from its law is bounded by Dvoretzky, Kiefer and Wolfowitz with Massart's
(1990) constant. `alpha` is always an error probability, never a confidence level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from theory.run import Estimate

__all__ = [
    "MAX_RUNS",
    "MIN_REPLICATES",
    "dkw_half_width",
    "exceeds",
    "mean_interval",
    "rate_interval",
    "rate_lower",
    "rate_p",
    "rate_upper",
    "runs_for_event",
    "runs_for_mean",
    "runs_to_certify",
]

#: A spread estimated from fewer values is worth nothing: Student's t at one degree of freedom is 6.3.
MIN_REPLICATES = 3

#: Beyond this many runs a plan is no plan; the functions below then answer None.
MAX_RUNS = 100_000

#: Ends of ranges of runs that are kept: those of a share and a level serve every rate.
_STEPS = 2**15


def _check_unit(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), was {value!r}")


def _check_counts(violations: int, trials: int) -> None:
    if trials < 0:
        raise ValueError(f"trials must be at least 0, was {trials!r}")
    if not 0 <= violations <= trials:
        raise ValueError(f"violations must lie in [0, {trials}], was {violations!r}")


def rate_upper(violations: int, trials: int, alpha: float) -> float:
    """One-sided Clopper-Pearson upper limit: the rate p with `P(X <= violations | p) = alpha`.

    It is 1 without trials. Source: Clopper and Pearson 1934.

    >>> round(rate_upper(0, 59, 0.05), 4), round(rate_upper(0, 20, 1e-17), 5)
    (0.0495, 0.85875)
    """
    from scipy.special import betainccinv

    _check_counts(violations, trials)
    _check_unit("alpha", alpha)
    if violations == trials:
        return 1.0
    # Of the upper tail: 1 - alpha would round, and be 1 at levels below 1e-16.
    return float(betainccinv(violations + 1, trials - violations, alpha))


def rate_lower(violations: int, trials: int, alpha: float) -> float:
    """One-sided Clopper-Pearson lower limit: the rate p with `P(X >= violations | p) = alpha`.

    >>> rate_lower(0, 10, 0.05), round(rate_lower(2, 2, 0.05), 4)
    (0.0, 0.2236)
    """
    from scipy.special import betaincinv

    _check_counts(violations, trials)
    _check_unit("alpha", alpha)
    if violations == 0:
        return 0.0
    return float(betaincinv(violations, trials - violations + 1, alpha))


def rate_p(violations: int, trials: int, rate: float) -> tuple[float, float]:
    """p-values of "the rate is at most `rate`" and of "it is at least `rate`": exact binomial tails
    `P(X >= violations)` and `P(X <= violations)`. Below alpha exactly when the rate lies beyond the limit of
    `rate_lower` and `rate_upper` at alpha.

    >>> [round(p, 4) for p in rate_p(0, 59, 0.05)], [round(p, 4) for p in rate_p(2, 2, 0.05)]
    ([1.0, 0.0485], [0.0025, 1.0])
    """
    from scipy.special import bdtr, bdtrc

    _check_counts(violations, trials)
    _check_unit("rate", rate)
    above = 1.0 if violations == 0 else float(bdtrc(violations - 1, trials, rate))
    return above, 1.0 if violations == trials else float(bdtr(violations, trials, rate))


def rate_interval(violations: int, trials: int, alpha: float) -> Estimate:
    """Two-sided Clopper-Pearson interval at confidence `1 - alpha` (`alpha / 2` on each side).

    The value is the observed rate, nan without trials.

    >>> ci = rate_interval(80, 80, 0.05)
    >>> round(ci.low, 3), ci.high
    (0.955, 1.0)
    """
    low = rate_lower(violations, trials, alpha / 2)
    high = rate_upper(violations, trials, alpha / 2)
    return Estimate(violations / trials if trials else math.nan, low, high)


def mean_interval(values: Iterable[float], alpha: float) -> Estimate:
    """Two-sided Student t-interval of a mean at confidence `1 - alpha`.

    Equal values give an interval of width 0 (up to rounding); fewer than two values give an infinite
    one, as nothing is known of their spread.

    Raises:
        ValueError: when there is no value, or one is not finite.

    >>> mean_interval([2.0, 2.0, 2.0], 0.05)
    Estimate(value=2.0, low=2.0, high=2.0)
    """
    from scipy.special import stdtrit

    _check_unit("alpha", alpha)
    x = np.fromiter((float(v) for v in values), dtype=np.float64)
    if x.size == 0:
        raise ValueError("values must not be empty")
    if not np.isfinite(x).all():
        raise ValueError("values must be finite")
    mean = float(x.mean())
    if x.size == 1:
        return Estimate(mean, -math.inf, math.inf)
    half = float(-stdtrit(x.size - 1, alpha / 2) * x.std(ddof=1) / math.sqrt(x.size))
    return Estimate(mean, mean - half, mean + half)


def dkw_half_width(trials: int, alpha: float) -> float:
    r"""`sqrt(log(2/alpha) / (2 trials))`: with probability `1 - alpha` no point of the empirical
    distribution function is farther from the true one (capped at 1).

    Source: Dvoretzky, Kiefer and Wolfowitz 1956, constant of Massart 1990.

    >>> round(dkw_half_width(1000, 0.05), 4)
    0.0429
    """
    _check_unit("alpha", alpha)
    if trials <= 0:
        return 1.0
    return min(1.0, math.sqrt(math.log(2 / alpha) / (2 * trials)))


def runs_to_certify(delta: float, alpha: float = 0.05, violations: int = 0) -> int:
    """Fewest runs at which this many violations put the upper limit of the rate below delta.

    >>> [runs_to_certify(delta) for delta in (0.10, 0.05, 0.01)]
    [29, 59, 299]
    """
    _check_unit("delta", delta)
    if violations < 0:
        raise ValueError(f"violations must be at least 0, was {violations!r}")
    _check_unit("alpha", alpha)
    return _fewest(_certified(delta, alpha, violations), violations + 1, violations + 1)


def exceeds(value: float, limit: float) -> bool:
    """`value > limit` by more than the rounding of an incomplete beta function's inverse.

    One violation in one run has the lower limit alpha, exactly delta for the usual alpha = delta: there
    the last bit must not decide.
    """
    return value > limit * (1 + 1e-10)


@lru_cache(maxsize=1024)
def runs_for_event(rate: float, delta: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Fewest runs that decide `violation rate <= delta` with this probability when the rate is `rate`.

    Below delta the decision is SUPPORTED (exact upper limit under delta), above it REFUTED (lower limit
    over delta). For a count k of violations, support is most probable at the fewest runs that k may be
    supported at, so only those are tried; refutation by k becomes more probable up to the most runs that
    k refutes. The answer is exact. None at `rate == delta` and beyond
    `MAX_RUNS`.

    >>> runs_for_event(0.0, 0.05), runs_for_event(0.005, 0.05), runs_for_event(0.15, 0.05)
    (59, 93, 52)
    """
    from scipy.special import bdtr, bdtrc, ndtri

    _check_unit("delta", delta)
    _check_unit("alpha", alpha)
    _check_unit("power", power)
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"rate must lie in [0, 1], was {rate!r}")
    if rate == delta:
        return None
    # The normal approximation saves a long search whose answer would lie beyond the cap.
    quantiles = float(ndtri(power) - ndtri(alpha))
    if quantiles**2 * delta * (1 - delta) / (rate - delta) ** 2 > 1.5 * MAX_RUNS:
        return None
    # From one count to the next both ends move by about 1 / delta runs: each is looked for from there.
    onwards = max(1, round(1 / delta))
    if rate < delta:
        violations, runs = 0, runs_to_certify(delta, alpha)
        while runs <= MAX_RUNS:
            if bdtr(violations, runs, rate) >= power:
                return runs
            violations += 1
            runs = _fewest_certified(violations, delta, alpha, runs + onwards)
        return None
    fewest, violations, most = 1, 1, 0
    while fewest <= MAX_RUNS:
        most = _most_runs_refuted(violations, delta, alpha, most + onwards)
        if most >= fewest and bdtrc(violations - 1, most, rate) >= power:
            while bdtrc(violations - 1, fewest, rate) < power:
                fewest += 1
            return fewest
        fewest = max(fewest, most + 1)
        violations += 1
    return None


def _certified(delta: float, alpha: float, violations: int) -> Callable[[int], bool]:
    """Whether in so many runs, more than violations, the upper limit of the rate is below delta."""
    from scipy.special import betainccinv

    return lambda runs: bool(betainccinv(violations + 1, runs - violations, alpha) < delta)


@lru_cache(maxsize=_STEPS)
def _fewest_certified(violations: int, delta: float, alpha: float, near: int) -> int:
    """Fewest runs in which this many violations still certify `rate <= delta`."""
    return _fewest(_certified(delta, alpha, violations), near, violations + 1)


@lru_cache(maxsize=_STEPS)
def _most_runs_refuted(violations: int, delta: float, alpha: float, near: int) -> int:
    """Most runs in which this many violations still refute `rate <= delta` (0 when they never do)."""
    from scipy.special import betaincinv

    def holds(runs: int) -> bool:
        return not exceeds(float(betaincinv(violations, runs - violations + 1, alpha)), delta)

    first = _fewest(holds, near, violations)
    return 0 if first == violations else first - 1


def _fewest(reached: Callable[[int], bool], near: int, least: int) -> int:
    """The smallest number from `least` on that is reached, where all greater ones are: looked for from `near`
    in steps that double."""
    low, high, step = least, max(near, least), 1
    if reached(high):
        while high - step >= least and reached(high - step):
            high, step = high - step, 2 * step
        low = max(least, high - step + 1)
    else:
        while not reached(high + step):
            high, step = high + step, 2 * step
        low, high = high + 1, high + step
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return high


def runs_for_mean(spread: float, gap: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Fewest replicates whose one-sided t-limit at `alpha` stays within `gap` of the true mean.

    The smallest R >= 3 with `(t_{1-alpha} + t_power) spread / sqrt(R) <= gap` at R - 1 degrees of
    freedom: the usual planning formula, an approximation. None when gap <= 0 or beyond `MAX_RUNS`.

    >>> runs_for_mean(spread=0.03, gap=0.05), runs_for_mean(0.1, 0.05), runs_for_mean(0.1, 0.0)
    (4, 27, None)
    """
    from scipy.special import stdtrit

    _check_unit("alpha", alpha)
    _check_unit("power", power)
    if not spread >= 0.0:
        raise ValueError(f"spread must be at least 0, was {spread!r}")

    def reaches(runs: int) -> bool:
        quantiles = stdtrit(runs - 1, power) - stdtrit(runs - 1, alpha)
        return bool(quantiles * spread <= gap * math.sqrt(runs))

    if not gap > 0.0 or not reaches(MAX_RUNS):
        return None
    low, high = MIN_REPLICATES, MAX_RUNS
    while low < high:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle + 1
    return high
