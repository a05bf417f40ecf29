"""How strong a support is: exact, within margin, or loose.

A margin of 5 % swallows a constant that is 4 % off. So beside the word stands whether the estimate agrees
with the claimed value itself: "exact" when the interval contains it AND is narrow, its half-width at most a
fifth of the margin; else "within margin". A bound is "loose" by its own rule (`theory.rules.Bound`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from theory.rules import Difference, Exponent, Law
from verify.outcome import Decision

__all__ = ["NARROW", "Precision", "graded", "precision_of"]

#: The half-width of an "exact" support's interval, as a share of the margin, is at most this.
NARROW = 0.2


@dataclass(frozen=True)
class Precision:
    """An estimate against its claimed value, on the scale on which the margin is declared.

    `low` and `high` are the ends of its interval at `1 - alpha`, `error` its standard error.
    """

    estimate: float
    error: float
    claimed: float
    low: float
    high: float
    margin: float

    @property
    def distance(self) -> float:
        """From the claimed value."""
        return abs(self.estimate - self.claimed)

    @property
    def grade(self) -> str:
        """The grade of a support with this precision.

        >>> Precision(1.001, 0.001, 1.0, 0.999, 1.003, 0.05).grade
        'exact'
        >>> Precision(1.03, 0.001, 1.0, 1.028, 1.032, 0.05).grade
        'within margin'
        """
        # Rounding of the ends must not exclude a value that replicates agree on exactly.
        slack = 1e-12 * max(1.0, abs(self.claimed))
        contains = self.low - slack <= self.claimed <= self.high + slack
        narrow = (self.high - self.low) / 2 <= NARROW * self.margin
        return "exact" if contains and narrow else "within margin"


@singledispatch
def precision_of(rule: Any, decision: Decision) -> Precision | None:
    """The precision of a decision by a rule that compares an estimate with a value; None for other rules."""
    return None


def _at(
    decision: Decision, name: str, claimed: float, margin: float, scale: Callable[[float], float] = float
) -> Precision | None:
    statistic = decision.statistic
    estimate, ends, error = (statistic.get(k) for k in (name, "outer_interval", "standard_error"))
    if estimate is None or ends is None:
        return None
    if error is None:
        spread, trials = statistic.get("spread"), decision.n_trials
        error = math.nan if spread is None or not trials else spread / math.sqrt(trials)
    low = -math.inf if ends[0] is None else scale(ends[0])
    high = math.inf if ends[1] is None else scale(ends[1])
    return Precision(estimate, error, claimed, low, high, margin)


@precision_of.register
def _(rule: Exponent, decision: Decision) -> Precision | None:
    return _at(decision, "mean", rule.value, rule.margin)


@precision_of.register
def _(rule: Law, decision: Decision) -> Precision | None:
    """In log ratios."""
    return _at(decision, "centre_log_ratio", 0.0, math.log1p(rule.margin), _log)


@precision_of.register
def _(rule: Difference, decision: Decision) -> Precision | None:
    return _at(decision, "difference", 0.0, rule.margin)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def graded(rule: Any, decision: Decision) -> Decision:
    """The decision with its grade and the sentence that gives it, where it is a support."""
    if decision.verdict != "supported":
        return decision if decision.grade is None else replace(decision, grade=None)
    precision = precision_of(rule, decision)
    if precision is None:
        return decision
    what = "the log ratio" if isinstance(rule, Law) else "the estimate"
    error = "" if math.isnan(precision.error) else f" +- {precision.error:.2g} (standard error)"
    text = (
        f" {what[0].upper()}{what[1:]} is {precision.estimate:.4g}{error},"
        f" {precision.distance:.2g} from the claimed {precision.claimed:g}: {precision.grade}."
    )
    return replace(decision, grade=precision.grade, reason=decision.reason + text)
