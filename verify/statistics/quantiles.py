"""Quantiles of any distribution with exact order-statistics limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from theory.run import Estimate

__all__ = ["quantile_interval"]


def quantile_interval(values: Sequence[float], share: float, alpha: float) -> Estimate:
    """The `share` quantile of independent values, with its two-sided interval at `1 - alpha`.

    The number of values below the quantile is binomial(n, share), whatever the distribution, so the order
    statistics at its alpha/2 tails are exact limits (David and Nagaraja 2003, section 7.1); -inf or inf where
    too few values were seen. inf among the values is larger than all.

    Raises:
        ValueError: when there is no value, one is nan, or share or alpha lies outside (0, 1).

    >>> quantile_interval(range(1, 101), 0.5, 0.05)
    Estimate(value=50, low=40, high=61)
    >>> quantile_interval([1.0, 2.0], 0.95, 0.05).high
    inf
    """
    for name, number in (("share", share), ("alpha", alpha)):
        if not 0.0 < number < 1.0:
            raise ValueError(f"{name} must lie in (0, 1), was {number!r}")
    ordered = sorted(values)
    n = len(ordered)
    if not n or any(math.isnan(v) for v in ordered):
        raise ValueError("values must be numbers, at least one, and none nan")
    lower, upper = _limit_ranks(n, share, alpha)
    middle = ordered[min(n, max(1, math.ceil(share * n - 1e-9))) - 1]
    return Estimate(
        middle, ordered[lower - 1] if lower else -math.inf, ordered[upper - 1] if upper else math.inf
    )


@lru_cache(maxsize=1024)
def _limit_ranks(n: int, share: float, alpha: float) -> tuple[int, int]:
    """Of n ordered values those that are the limits, from 1 on; 0 where none is.

    x_(k) <= quantile has probability P(Bin >= k); the quantile <= x_(k) has P(Bin <= k - 1).
    """
    from scipy.special import bdtr

    lower = max((k for k in range(1, n + 1) if 1 - float(bdtr(k - 1, n, share)) >= 1 - alpha / 2), default=0)
    upper = next((k for k in range(1, n + 1) if float(bdtr(k - 1, n, share)) >= 1 - alpha / 2), 0)
    return lower, upper
