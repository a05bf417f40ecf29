"""How strong a support is: exact, within margin, or loose.

A margin of 5 % swallows a constant that is 4 % off. So beside the word stands whether the estimate agrees
with the claimed value itself: "exact" when the interval contains it AND is narrow, its half-width at most a
fifth of the margin; else "within margin". So is a value whose error surely changes along the region: errors
of opposite sign at its ends cancel in an estimate. A bound is "loose" by its own rule (`theory.rules.Bound`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from theory.rules import Difference, Exponent, Law, ZScores
from verify.outcome import Decision
from verify.statistics.trials import percent

__all__ = ["NARROW", "Precision", "graded", "precision_of"]

#: A slope beyond so many standard errors is one: p = 5e-4, for a handful of slopes.
_SURELY = 3.5

#: The half-width of an "exact" support's interval, as a share of the margin, is at most this.
NARROW = 0.2


@dataclass(frozen=True)
class Precision:
    """An estimate against its claimed value, on the scale on which the margin is declared.

    `low` and `high` are the ends of its interval at confidence `level`, `error` its standard error.
    """

    estimate: float
    error: float
    claimed: float
    low: float
    high: float
    margin: float
    level: float = 0.95

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
    level = statistic.get("outer_level", 0.95)
    return Precision(estimate, error, claimed, low, high, margin, level)


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


@precision_of.register
def _(rule: ZScores, decision: Decision) -> Precision | None:
    """Of the mean z-score."""
    statistic = decision.statistic
    mean, ends, sd = (statistic.get(k) for k in ("z_mean", "z_mean_interval", "z_sd"))
    if mean is None or ends is None or sd is None:
        return None
    return Precision(
        mean, sd / math.sqrt(decision.n_trials), 0.0, ends[0], ends[1], rule.bias, 1 - 2 * rule.alpha
    )


def _drifts(decision: Decision) -> str:
    """The name of a parameter or group along which the error surely has a slope, of more than the share
    `NARROW` of the largest one that the margin leaves room for; "" without."""
    allowed = decision.statistic.get("trends_allowed") or {}
    for name, (slope, error) in (decision.statistic.get("trends") or {}).items():
        if abs(slope) > max(_SURELY * error, NARROW * allowed.get(name, math.inf)):
            return str(name)
    return ""


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def graded(rule: Any, decision: Decision) -> Decision:
    """The decision with its grade and the sentence that gives it, where it is a support."""
    if decision.verdict != "supported":
        return decision if decision.grade is None else replace(decision, grade=None)
    precision = precision_of(rule, decision)
    if precision is None:
        return decision
    grade, drift = precision.grade, _drifts(decision)
    what = "the log ratio" if isinstance(rule, Law) else "the estimate"
    what = "the mean z-score" if isinstance(rule, ZScores) else what
    error = "" if math.isnan(precision.error) else f" +- {precision.error:.2g} (standard error)"
    text = (
        f" {what[0].upper()}{what[1:]} is {precision.estimate:.4g}{error},"
        f" {precision.distance:.2g} from the claimed {precision.claimed:g}: "
    )
    if drift:
        grade = "within margin"
        text += f"{grade}, since it changes with {drift}: right on average over the region, not at its ends."
    else:
        ends = f"{percent(precision.level)} interval [{precision.low:.4g}, {precision.high:.4g}]"
        text += f"exact, inside its {ends}." if grade == "exact" else f"{grade}."
    return replace(decision, grade=grade, reason=decision.reason + text)
