"""Distances from what is claimed, as numbers that a search can drive upward."""

from __future__ import annotations

import math

__all__ = ["CAP", "clipped", "log_excess", "outside"]

#: Stands for values that are not finite: a target must be a number.
CAP = 1e3


def clipped(value: float) -> float:
    """Within +-`CAP`; `CAP` for nan.

    >>> clipped(2.0), clipped(1e9), clipped(math.nan)
    (2.0, 1000.0, 1000.0)
    """
    return CAP if math.isnan(value) else max(-CAP, min(CAP, value))


def log_excess(value: float, scale: float) -> float:
    """`log(value / scale)`; CAP for nan, inf and what is no magnitude.

    >>> log_excess(1.0, 1.0), log_excess(0.0, 1.0), log_excess(-1.0, 1.0)
    (0.0, -1000.0, 1000.0)
    """
    if not math.isfinite(value) or value < 0:
        return CAP
    return -CAP if value == 0 else clipped(math.log(value) - math.log(scale))


def outside(value: float, lower: float, upper: float) -> float:
    """Distance outside a band, negative inside, over the larger of 1 and its finite ends.

    >>> outside(3.0, 0.0, 2.0), outside(1.0, 0.0, 2.0)
    (0.5, -0.5)
    """
    if not math.isfinite(value):
        return CAP
    scale = max([1.0, *(abs(end) for end in (lower, upper) if math.isfinite(end))])
    return clipped(max(lower - value, value - upper) / scale)
