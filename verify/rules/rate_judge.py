"""What judges of a violation rate share: `P(it holds) >= 1 - delta`, one Bernoulli trial a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from verify.outcome import Decision, Observation
from verify.rules.judge import Judge, Plan
from verify.statistics.intervals import runs_for_event
from verify.statistics.power import TRUE_RATE_SHARE, rate_power
from verify.statistics.rate import fewest_violations

__all__ = ["RateJudge"]

R = TypeVar("R", bound=Any)


class RateJudge(Judge[R]):
    """A rule with a violation rate `delta` and a level `alpha`.

    Planned power: P(SUPPORTED) at a true violation rate of `delta / 10`, exact binomial, on one of `blocks`
    equal blocks of trials.
    """

    local: ClassVar[bool] = True
    blocks: ClassVar[int] = 1
    in_cells: ClassVar[bool] = True

    def plan(self, rule: R, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis=f"true violation rate {TRUE_RATE_SHARE * rule.delta:g}")

    def planned(self, rule: R, n_trials: int, plan: Plan) -> float | None:
        return rate_power(TRUE_RATE_SHARE * rule.delta, n_trials // self.blocks, rule.delta, rule.alpha)

    def runs_for(self, rule: R, n_trials: int, plan: Plan, power: float) -> int | None:
        runs = runs_for_event(TRUE_RATE_SHARE * rule.delta, rule.delta, rule.alpha, power)
        return None if runs is None else max(n_trials + 1, self.blocks * runs)

    def fails_at(self, rule: R, n_trials: int, level: float) -> str:
        counts = [fewest_violations(n_trials, rule.delta, a) for a in (rule.alpha, level)]
        needed, strict = ("no number" if k is None else str(k) for k in counts)
        return f"{needed} violating of {n_trials} trials refute alone, {strict} within the budget"
