"""Equivalence of a mean with a value, up to a margin: two one-sided t-tests.

A confidence interval that merely contains the value supports nothing: a wide one contains everything.
Support needs the whole interval inside the margin, refutation the whole interval outside.
Source: Schuirmann 1987.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theory.run import Estimate
from verify.outcome import Verdict
from verify.statistics.intervals import MIN_REPLICATES, mean_interval, runs_for_mean

__all__ = ["Equivalence", "equivalence"]


@dataclass(frozen=True)
class Equivalence:
    """Verdict on `|mean - value| <= margin`.

    `inner` is the `1 - 2 alpha` interval that must lie inside the margin to support, `outer` the
    `1 - alpha` interval that must lie outside to refute. `spread` is the standard deviation between
    replicates (None for one replicate); `needed` the replicates that would decide. `p_value` is twice the
    one-sided t-tail beyond the nearer end (as `outer` is two-sided), `support_p` the larger of the two
    one-sided ones towards the ends. `tail`, of a median's: the share of replicates beyond the nearer end if
    the median were the claimed value, `(k + 1)/(n + 2)` for k of n.
    """

    verdict: Verdict
    mean: float
    inner: Estimate
    outer: Estimate
    spread: float | None
    needed: int | None
    p_value: float = 1.0
    support_p: float = 1.0
    tail: float | None = None


def equivalence(values: Sequence[float], value: float, margin: float, alpha: float) -> Equivalence:
    """Compare the mean of independent replicates with `value +- margin`.

    Fewer than three replicates decide nothing. Replicates that agree to rounding give an interval of that
    width; the ends of the margin belong to it, up to the rounding of the comparison.

    Raises:
        ValueError: when there is no value or one is not finite, or alpha is 1/2 or more.

    >>> equivalence([1.0, 1.01, 0.99, 1.0], 1.0, 0.05, 0.05).verdict
    'supported'
    >>> equivalence([0.7, 1.3, 0.9, 1.1], 1.0, 0.05, 0.05).verdict
    'inconclusive'
    """
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 1/2) for two one-sided tests, was {alpha!r}")
    inner = mean_interval(values, 2 * alpha)
    outer = mean_interval(values, alpha)
    replicates = len(values)
    mean = outer.value
    spread = float(np.std(values, ddof=1)) if replicates > 1 else None
    if spread is None or replicates < MIN_REPLICATES:
        return Equivalence("inconclusive", mean, inner, outer, spread, MIN_REPLICATES)

    scale = max(1.0, abs(value) + margin, float(np.max(np.abs(values))))
    rounding = 8 * float(np.finfo(np.float64).eps) * scale
    low, high = value - margin - rounding, value + margin + rounding
    error = spread / math.sqrt(replicates)
    outside = max(low - mean, mean - high)
    p_value = min(1.0, 2 * _tail(outside, error, replicates - 1))
    support_p = _tail(-outside, error, replicates - 1)
    if low <= inner.low and inner.high <= high:
        return Equivalence("supported", mean, inner, outer, spread, None, p_value, support_p)
    if outer.high < low or high < outer.low:
        return Equivalence("refuted", mean, inner, outer, spread, None, p_value, support_p)
    gap = margin - abs(mean - value)
    needed = runs_for_mean(spread, abs(gap), alpha if gap > 0 else alpha / 2)
    if needed is not None:
        needed = max(needed, replicates + 1)
    return Equivalence("inconclusive", mean, inner, outer, spread, needed, p_value, support_p)


def _tail(distance: float, error: float, degrees: int) -> float:
    """P(t >= distance / error); without an error 0 beyond the end, 1 on the other side, 1/2 on it."""
    from scipy.special import stdtr

    if error == 0:
        return 0.5 - 0.5 * float(np.sign(distance))
    return float(stdtr(degrees, -distance / error))
