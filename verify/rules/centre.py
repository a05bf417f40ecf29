"""The centre of many values against a margin: the median, or the mean where a theorem is about the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from theory.rules import Difference, Law
from theory.run import Estimate
from verify.rules.judge import Plan
from verify.statistics.equivalence import Equivalence
from verify.statistics.intervals import MIN_REPLICATES
from verify.statistics.means import LEAST_VALUES, mean_equivalence, smallest_ever, smallest_p, values_for_p
from verify.statistics.median import LEAST_FOR_MEDIAN, median_equivalence, median_power
from verify.statistics.power import equivalence_power

__all__ = [
    "centre_error",
    "centre_power",
    "compared",
    "least_p",
    "least_trials",
    "undecided_because",
    "where_it_lies",
]


def least_trials(rule: Law | Difference) -> int:
    """Fewest trials that decide anything."""
    if rule.of == "median":
        return LEAST_FOR_MEDIAN
    return LEAST_VALUES if rule.bound is None else MIN_REPLICATES


def compared(rule: Law | Difference, values: Sequence[float], room: float, missing: int = 0) -> Equivalence:
    """The rule's centre of the values against `0 +- room`; a median's of the `missing` trials too."""
    if rule.of == "median":
        return median_equivalence(values, 0.0, room, rule.alpha, missing)
    return mean_equivalence(values, 0.0, room, rule.alpha, rule.bound)


def least_p(rule: Law | Difference) -> tuple[float, str]:
    """The smallest p-value of a refutation by any number of runs (twice one-sided), and the way out."""
    return (2 * smallest_ever(), "declare `bound`") if rule.of == "mean" and rule.bound is None else (0.0, "")


def where_it_lies(interval: Estimate, room: float) -> str:
    """Where an interval lies that is compared with `0 +- room`."""
    if -room <= interval.low and interval.high <= room:
        return "inside"
    return "outside" if interval.low > room or interval.high < -room else "neither inside nor outside"


def undecided_because(rule: Law | Difference, interval: Estimate, trials: int) -> str:
    """Why no verdict follows from an interval of so many trials: what the rule cannot decide, and what it
    could; "" where the interval says it."""
    if rule.of == "mean" and rule.bound is None:
        support, refute = values_for_p(rule.alpha), values_for_p(rule.alpha / 2)
        cannot = [
            f"{what} nothing" + ("" if least is None else f" under {least} trials")
            for what, least in (("supports", support), ("refutes", refute))
            if least is None or trials < least
        ]
        if cannot:
            return f"; a mean without `bound` {' and '.join(cannot)} ({trials} here)"
    if math.isfinite(interval.low) and math.isfinite(interval.high):
        return ""
    return f"; {trials} trials are too few for a limit on {_sides(interval)} at this level"


def _sides(interval: Estimate) -> str:
    both = math.isinf(interval.low) and math.isinf(interval.high)
    return "either side" if both else "that side"


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
    """P(SUPPORTED) when the centre is the claimed value, for normal trials; for a median, of trials with the
    plan's tail if that is more."""
    spread = plan.spread if rule.planned_spread is None else rule.planned_spread
    if rule.of == "median":
        return median_power(n_trials, spread, room, rule.alpha, plan.tail)
    if n_trials < least_trials(rule) or (rule.bound is None and smallest_p(n_trials) > rule.alpha):
        return 0.0
    return equivalence_power(n_trials, spread, room, rule.alpha)
