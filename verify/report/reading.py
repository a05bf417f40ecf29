"""What an observation says about its bound, in numbers that tables and figures share."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.rules import Band, Event, EventMap, FittedBand, Identity, Law
from verify.outcome import Judgement, Observation
from verify.rules.identity import accepted_residual

__all__ = ["Reading", "as_number", "band_limits", "bound_factor", "is_bound", "read"]


@dataclass(frozen=True)
class Reading:
    """One observation in numbers; nan where there is none.

    `measured` is 1 or 0 for an event. `low` and `high` are the ends within which the rule wants it.
    """

    measured: float
    predicted: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the observation lies within its ends."""
        return math.isfinite(self.measured) and self.low <= self.measured <= self.high


def as_number(value: Any) -> float:
    """The value as a float; nan when it is not a number.

    >>> as_number(np.bool_(True)), as_number("x")
    (1.0, nan)
    """
    if isinstance(value, (bool, np.bool_, numbers.Real)):
        return float(value)
    return math.nan


def band_limits(judgement: Judgement) -> tuple[float, float] | None:
    """The ends of a band: the declared ones, or the ones fitted on the first block of runs."""
    rule = judgement.claim.rule
    if isinstance(rule, Band):
        return rule.lower, rule.upper
    if isinstance(rule, FittedBand):
        statistic = judgement.decision.statistic
        low, high = as_number(statistic.get("lower")), as_number(statistic.get("upper"))
        return None if math.isnan(low) or math.isnan(high) else (low, high)
    return None


def is_bound(judgement: Judgement) -> bool:
    """Whether the claim bounds a number, so that its slack can be told."""
    return isinstance(judgement.claim.rule, (Band, FittedBand, Identity))


def read(judgement: Judgement, observation: Observation) -> Reading:
    """Measured value, prediction and accepted ends of one judged observation."""
    rule, value = judgement.claim.rule, observation.value
    if isinstance(rule, Law):
        pair = list(value) if isinstance(value, (tuple, list, np.ndarray)) else []
        if len(pair) != 2:
            return Reading(math.nan, math.nan, math.nan, math.nan)
        measured, predicted = as_number(pair[0]), as_number(pair[1])
        return Reading(measured, predicted, predicted / (1 + rule.margin), predicted * (1 + rule.margin))
    if isinstance(value, Mapping):
        return Reading(math.nan, math.nan, math.nan, math.nan)
    measured = as_number(value)
    if isinstance(rule, Identity):
        return Reading(measured, 0.0, 0.0, accepted_residual(rule, observation))
    if isinstance(rule, (Event, EventMap)):
        return Reading(measured, 1.0, 1.0, 1.0)
    limits = band_limits(judgement)
    low, high = limits if limits is not None else (math.nan, math.nan)
    return Reading(measured, math.nan, low, high)


def bound_factor(reading: Reading) -> float:
    """By which factor the nearer end of the band could move in before the observation left it.

    Above 1 inside, below 1 outside; `bound / observed` for an upper bound. inf for an observed 0 under an
    upper bound, nan where a ratio has no meaning (negative numbers).

    >>> bound_factor(Reading(2.0, 0.0, 0.5, 8.0)), bound_factor(Reading(4.0, 0.0, 0.0, 2.0))
    (4.0, 0.5)
    """
    if math.isnan(reading.measured) or reading.measured < 0:
        return math.nan
    factors = []
    if 0 < reading.high < math.inf:
        factors.append(math.inf if reading.measured == 0 else reading.high / reading.measured)
    if reading.low > 0:
        factors.append(reading.measured / reading.low)
    return min(factors, default=math.nan)
