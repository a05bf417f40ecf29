"""What judges of a median (or mean) of pairs `(measured, predicted)` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from verify.outcome import Decision, Observation
from verify.rules.centre import least_p
from verify.rules.exponent import mean_plan
from verify.rules.judge import Judge, Plan

__all__ = ["CentreJudge", "predicted_times"]

R = TypeVar("R", bound=Any)


class CentreJudge(Judge[R]):
    """A rule about a median (or mean) of many runs, against a margin; planned power is P(SUPPORTED) at the
    true value, for normal trials."""

    local: ClassVar[bool] = True
    many: ClassVar[bool] = True
    open_value = "pair"
    average: ClassVar[bool] = True

    def plan(self, rule: R, decision: Decision, observations: Sequence[Observation]) -> Plan:
        plan, tail = mean_plan(rule.planned_spread, decision), decision.statistic.get("tail")
        if rule.of == "mean" or rule.planned_spread is not None or tail is None or not plan.spread:
            return plan
        return replace(plan, tail=float(tail), basis=f"{plan.basis}, share beyond the margin {tail:.2g}")

    def least_p(self, rule: R) -> tuple[float, str]:
        return least_p(rule)

    def share(self, rule: R) -> float | None:
        return None

    def breaks(self, rule: R, observations: Sequence[Observation]) -> bool:
        return self.score(rule, observations) > 0

    @staticmethod
    def centre(rule: R, found: Sequence[float | None]) -> float | None:
        """The median (or mean), which single runs are not judged by; None where one run has no number."""
        kept = [value for value in found if value is not None]
        if len(kept) < len(found):
            return None
        return float(np.median(kept)) if rule.of == "median" else sum(kept) / len(kept)


def predicted_times(factor: Callable[[Any], float]) -> Callable[[Observation], tuple[Any, float]]:
    """The measured pair with its prediction multiplied by a factor of the setting."""
    return lambda o: (o.value[0], float(o.value[1]) * factor(o.setting))
