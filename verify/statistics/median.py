"""Equivalence of a median with a value, up to a margin: exact for every distribution.

The number of values beyond a point is binomial, so tests and limits of a median are order statistics and need
no law of the values. Tests of a mean are not so: at skewed truths every one of them errs far more often than
its level says (`verify.statistics.means`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from verify.statistics.equivalence import Equivalence
from verify.statistics.intervals import runs_for_event
from verify.statistics.quantiles import quantile_interval

__all__ = ["LEAST_FOR_MEDIAN", "median_equivalence", "median_power"]

#: Fewest values that support a median at level .05: 2^-5 is below it.
LEAST_FOR_MEDIAN = 5


def median_equivalence(
    values: Sequence[float], value: float, margin: float, alpha: float, missing: int = 0
) -> Equivalence:
    """Compare the median of independent replicates with `value +- margin`; its ends belong to the margin.

    `missing` further replicates gave no number. For a support they count as beyond either end, so it holds
    for the median of all, wherever theirs lie; `mean`, intervals and `p_value` are of those that gave one.

    `p_value` is twice the smaller of `P(Bin(n, 1/2) >= k)` for the k values above the upper end and for those
    below the lower one; `support_p` the larger of `P(Bin(n, 1/2) <= k)`. At level .05 five replicates can
    support and six refute; n of them show no p-value below `2^(1-n)`. `mean` is the median. Of an even number
    it is the middle of the two.

    Raises:
        ValueError: when there is no value or one is not finite, or alpha is 1/2 or more.

    >>> median_equivalence([0.99, 1.0, 1.01, 1.02, 0.98], 1.0, 0.05, 0.05).verdict
    'supported'
    >>> round(median_equivalence([1.2] * 6, 1.0, 0.05, 0.05).p_value, 9)
    0.03125
    """
    from scipy.special import bdtr, bdtrc

    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 1/2) for two one-sided tests, was {alpha!r}")
    x = np.asarray(values, dtype=np.float64)
    if not x.size or not np.isfinite(x).all():
        raise ValueError("values must be finite, and at least one")
    n = int(x.size)
    inner, outer = quantile_interval(x.tolist(), 0.5, 2 * alpha), quantile_interval(x.tolist(), 0.5, alpha)
    spread = float(x.std(ddof=1)) if n > 1 else None
    scale = max(1.0, abs(value) + margin, float(np.abs(x).max()))
    rounding = 8 * float(np.finfo(np.float64).eps) * scale
    above, below = (int((x > value + margin + rounding).sum()), int((x < value - margin - rounding).sum()))

    def at_least(k: int) -> float:
        return 1.0 if k == 0 else float(bdtrc(k - 1, n, 0.5))

    p_value = min(1.0, 2 * min(at_least(above), at_least(below)))
    worst, trials = max(above, below) + missing, n + missing
    support_p = float(bdtr(worst, trials, 0.5))
    median = float(np.median(x))
    from_median = x - median
    tail = (max(int((from_median > margin).sum()), int((from_median < -margin).sum())) + missing + 1) / (
        trials + 2
    )
    if support_p <= alpha:
        return Equivalence("supported", median, inner, outer, spread, None, p_value, support_p, tail)
    if p_value <= alpha:
        return Equivalence("refuted", median, inner, outer, spread, None, p_value, support_p, tail)
    beyond = worst / trials
    needed = (
        runs_for_event(beyond, 0.5, alpha)
        if beyond < 0.5
        else runs_for_event(1 - beyond, 0.5, alpha / 2)
        if beyond > 0.5
        else None
    )
    needed = None if needed is None else max(needed, trials + 1)
    return Equivalence("inconclusive", median, inner, outer, spread, needed, p_value, support_p, tail)


@lru_cache(maxsize=4096)
def median_power(
    replicates: int, spread: float | None, margin: float, alpha: float, tail: float = 1.0
) -> float | None:
    """P(`median_equivalence` supports) when the true median is the claimed value, for normal replicates of
    this standard deviation, or for any of which at most a share `tail` lies beyond either end, whichever is
    more; None where no deviation is known.

    >>> median_power(4, 0.0, 0.1, 0.05), median_power(5, 0.0, 0.1, 0.05)
    (0.0, 1.0)
    """
    from scipy.special import bdtr, ndtr
    from scipy.stats import binom

    if spread is None:
        return None
    n = replicates
    support = bdtr(np.arange(n + 1.0), n, 0.5) <= alpha  # by the number of values beyond either end
    most = int(support.sum()) - 1
    if most < 0:
        return 0.0
    beyond = min(tail, float(ndtr(-margin / spread)) if spread > 0 else 0.0)
    k = np.arange(most + 1)
    below = binom.cdf(most, n - k, min(1.0, beyond / (1 - beyond)))
    return min(1.0, math.fsum(binom.pmf(k, n, beyond) * below))
