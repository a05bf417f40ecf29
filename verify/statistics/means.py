"""Equivalence of a mean with a value where the values may be skewed.

Student's t takes values for normal; at skewed truths its small levels are wrong by orders of magnitude, and
no test of a mean without further knowledge keeps them for all laws (Bahadur and Savage 1956). Two ways are
left:

- values that are known to lie in a bounded range: a test by betting, exact at every level (Waudby-Smith and
  Ramdas 2024);
- else Hall's transformation, which removes the skewness to first order (Hall 1992), from 30 values on, with
  a p-value that is never said to be smaller than where it was seen within twice the nominal level for
  lognormal (.5, 1, 1.5) and exponential values and their mirror images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from theory.run import Estimate
from verify.statistics.equivalence import Equivalence

__all__ = ["LEAST_VALUES", "mean_equivalence", "smallest_ever", "smallest_p", "values_for_p"]

Floats = NDArray[np.float64]

#: Fewest values for Hall's transformation.
LEAST_VALUES = 30

#: Smallest one-sided p-values by number of values: down to them the error is within twice the nominal level
#: at the worst of the laws, lognormal(1.5) (60,000 to 5,000 samples each).
_SMALLEST = ((30, 0.15), (60, 0.1), (100, 0.08), (200, 0.05), (400, 0.035), (800, 0.015))


def smallest_p(values: int) -> float:
    """The smallest one-sided p-value that Hall's test may show with so many values.

    >>> smallest_p(29), smallest_p(400)
    (1.0, 0.035)
    """
    return next((p for n, p in reversed(_SMALLEST) if values >= n), 1.0)


def smallest_ever() -> float:
    """The smallest one-sided p-value that Hall's test shows with any number of values."""
    return min(p for _, p in _SMALLEST)


def values_for_p(level: float) -> int | None:
    """Fewest values at which Hall's test may show a one-sided p-value of the level; None: no number.

    >>> values_for_p(0.05), values_for_p(0.025), values_for_p(0.001)
    (200, 800, None)
    """
    return next((n for n, p in _SMALLEST if p <= level), None)


def mean_equivalence(
    values: Sequence[float], value: float, margin: float, alpha: float, bound: float | None = None
) -> Equivalence:
    """Compare the mean of independent replicates with `value +- margin`.

    Args:
        bound: every value is known to lie in `value +- bound`; None: nothing is known.

    Raises:
        ValueError: when a value is not finite or lies beyond the bound, there is none, or alpha is 1/2 or
            more.
    """
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 1/2) for two one-sided tests, was {alpha!r}")
    x = np.asarray(values, dtype=np.float64) - value
    if not x.size or not np.isfinite(x).all():
        raise ValueError("values must be finite, and at least one")
    if bound is not None and float(np.abs(x).max()) > bound * (1 + 1e-12):
        raise ValueError(f"bound must hold every value, was {bound!r} with one at {np.abs(x).max():.4g}")
    # How easily values with a mean of at most an end show these, and their mirror images.
    above, below = (_hall(v) if bound is None else _betting(v, bound) for v in (x, -x))
    mean = float(x.mean())
    reach = bound if bound is not None else 10 * float(np.abs(x).max() + margin)
    inner, outer = (
        Estimate(
            value + mean,
            value + _limit(above, mean, -reach, a),
            value - _limit(below, -mean, -reach, a),
        )
        for a in (alpha, alpha / 2)
    )
    rounding = 8 * float(np.finfo(np.float64).eps) * max(1.0, abs(value) + margin, float(np.abs(x).max()))
    end = margin + rounding
    p_value = min(1.0, 2 * min(above(end), below(end)))
    support_p = max(above(-end), below(-end))
    spread = float(x.std(ddof=1)) if x.size > 1 else None
    verdict = "supported" if support_p <= alpha else "refuted" if p_value <= alpha else "inconclusive"
    return Equivalence(verdict, value + mean, inner, outer, spread, None, p_value, support_p)  # type: ignore[arg-type]


def _hall(x: Floats) -> Callable[[float], float]:
    n = len(x)
    if n < LEAST_VALUES:
        return lambda end: 1.0
    least = smallest_p(n)
    mean, centred = float(x.mean()), x - x.mean()
    variance = float((centred**2).mean())
    if variance <= (8 * np.finfo(np.float64).eps * max(1.0, float(np.abs(x).max()))) ** 2:
        return lambda end: least if mean > end else 1.0
    skew = float((centred**3).mean()) / variance**1.5
    spread = float(x.std(ddof=1))

    def test(end: float) -> float:
        from scipy.special import stdtr

        w = (mean - end) / spread
        score = math.sqrt(n) * (w + skew * w**2 / 3 + skew**2 * w**3 / 27 + skew / (6 * n))
        return max(least, float(stdtr(n - 1, -score)))

    return test


def _betting(x: Floats, bound: float) -> Callable[[float], float]:
    """Capital of a gambler who bets that values in `+-bound` have a mean above the end: a supermartingale
    when they have not, so it ever reaches 1/p with probability at most p (Ville)."""
    if bound == 0:
        return lambda end: 0.0 if end < 0 else 1.0
    y = (x + bound) / (2 * bound)
    k = np.arange(1, len(y) + 1)
    means = (0.5 + np.cumsum(y)) / (k + 1)
    variances = (0.25 + np.cumsum((y - means) ** 2)) / (k + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    # The bet on a value knows only those before it.
    boldest = np.sqrt(2 * math.log(20) / (before * len(y)))

    def test(end: float) -> float:
        if end <= -bound:
            return 0.0 if end < -bound else 1.0
        if end >= bound:
            return 1.0
        m = (end + bound) / (2 * bound)
        stake = np.minimum(boldest, 0.75 / m)
        capital = np.cumsum(np.log1p(stake * (y - m)))
        return min(1.0, math.exp(-float(capital.max())))

    return test


def _limit(p_at: Callable[[float], float], mean: float, far: float, alpha: float) -> float:
    """The lower limit of a mean: the largest end that is rejected at alpha; -inf where none is."""
    low, high = far, mean
    if p_at(low + 1e-12 * abs(far)) > alpha:
        return -math.inf
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if p_at(middle) <= alpha else (low, middle)
    return low
