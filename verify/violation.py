"""By how much one run breaks a claim: the number that a search drives upward."""

from __future__ import annotations

import math
from typing import Any

from theory.claim import Claim
from theory.rules import Band, Event, EventMap, FittedBand, Identity, Law, ZScores
from verify.outcome import Decision
from verify.rules.identity import machine_epsilon

__all__ = ["CAP", "violates", "violation"]

#: Stands for values that are not finite: a target must be a number.
CAP = 1e3


def violation(claim: Claim, value: Any, steps: int, decision: Decision | None = None) -> float | None:
    """Above 0 when one run's value breaks the claim, growing with the distance from what is claimed.

    | rule | number |
    | --- | --- |
    | `Event`, `Ordering`, `EventMap` | 1 violated, -1 held |
    | `Identity` | log10(residual / accepted residual) |
    | `Band` | distance outside the band (negative inside) over the larger of 1 and its finite ends |
    | `FittedBand` | log distance outside the ends fitted by `decision` |
    | `Law` | \\|log(measured / predicted)\\| - log(1 + margin) |
    | `ZScores` | (\\|measured - predicted\\| - slack) / (sds sd) - 1 |

    Dimensionless, within +-`CAP`. None for rules that only speak of many runs, and for a `FittedBand`
    without a decision, whose statistic holds the fitted ends.
    """
    rule = claim.rule
    if isinstance(rule, Event | EventMap):
        return -1.0 if bool(value) else 1.0
    if isinstance(rule, Identity):
        accepted = rule.factor * machine_epsilon("float64") * max(1, steps)
        return _log_ratio(float(value), accepted) / math.log(10)
    if isinstance(rule, Band):
        return _outside(float(value), rule.lower, rule.upper)
    if isinstance(rule, FittedBand) and decision is not None:
        lower, upper = decision.statistic.get("lower"), decision.statistic.get("upper")
        if lower is None or upper is None:
            return None
        above = _log_ratio(float(value), upper)
        return above if lower <= 0 <= value else max(above, -_log_ratio(float(value), lower))
    if isinstance(rule, Law):
        measured, predicted = (float(v) for v in value)
        if not (measured > 0 and predicted > 0 and math.isfinite(measured)):
            return CAP
        return _clipped(abs(math.log(measured) - math.log(predicted)) - math.log1p(rule.margin))
    if isinstance(rule, ZScores):
        measured, predicted, sd, slack = (float(v) for v in value)
        distance = (abs(measured - predicted) - slack) / (rule.sds * sd) - 1
        return _clipped(distance) if math.isfinite(distance) else CAP
    return None


def violates(claim: Claim, value: Any, steps: int, decision: Decision | None = None) -> bool | None:
    """Whether one run's value breaks the claim; None where `violation` is None."""
    excess = violation(claim, value, steps, decision)
    return None if excess is None else excess > 0


def _clipped(value: float) -> float:
    return CAP if math.isnan(value) else max(-CAP, min(CAP, value))


def _log_ratio(value: float, scale: float) -> float:
    """`log(value / scale)`; CAP for nan, inf and what is no magnitude."""
    if not math.isfinite(value) or value < 0:
        return CAP
    return -CAP if value == 0 else _clipped(math.log(value) - math.log(scale))


def _outside(value: float, lower: float, upper: float) -> float:
    if not math.isfinite(value):
        return CAP
    scale = max([1.0, *(abs(end) for end in (lower, upper) if math.isfinite(end))])
    return _clipped(max(lower - value, value - upper) / scale)
