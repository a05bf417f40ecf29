"""The centre of many values against a margin: the median, or the mean where a theorem is about the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from theory.rules import Difference, Law
from verify.rules.judge import Plan
from verify.statistics.equivalence import Equivalence
from verify.statistics.intervals import MIN_REPLICATES
from verify.statistics.means import LEAST_VALUES, mean_equivalence, smallest_p
from verify.statistics.median import LEAST_FOR_MEDIAN, median_equivalence, median_power
from verify.statistics.power import equivalence_power

__all__ = ["centre_error", "centre_power", "compared", "least_trials"]


def least_trials(rule: Law | Difference) -> int:
    """Fewest trials that decide anything."""
    if rule.of == "median":
        return LEAST_FOR_MEDIAN
    return LEAST_VALUES if rule.bound is None else MIN_REPLICATES


def compared(rule: Law | Difference, values: Sequence[float], room: float) -> Equivalence:
    """The rule's centre of the values against `0 +- room`."""
    if rule.of == "median":
        return median_equivalence(values, 0.0, room, rule.alpha)
    return mean_equivalence(values, 0.0, room, rule.alpha, rule.bound)


def centre_error(rule: Law | Difference, result: Equivalence, trials: int) -> float | None:
    """Standard error of the mean; of the median, half of its two-sided 68 % order-statistics interval."""
    if result.spread is None:
        return None
    if rule.of == "mean":
        return result.spread / math.sqrt(trials)
    width = (result.inner.high - result.inner.low) / 2
    from scipy.special import ndtri

    return width / float(-ndtri(rule.alpha)) if math.isfinite(width) else None


def centre_power(rule: Law | Difference, n_trials: int, plan: Plan, room: float) -> float | None:
    """P(SUPPORTED) when the centre is the claimed value, for normal trials."""
    spread = plan.spread if rule.planned_spread is None else rule.planned_spread
    if rule.of == "median":
        return median_power(n_trials, spread, room, rule.alpha)
    if n_trials < least_trials(rule) or (rule.bound is None and smallest_p(n_trials) > rule.alpha):
        return 0.0
    return equivalence_power(n_trials, spread, room, rule.alpha)
