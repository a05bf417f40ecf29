"""Universal statements: one counterexample refutes."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.resolved import Resolved
from theory.rules import Universal
from theory.run import Estimate
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import interval
from verify.rules.excess import clipped
from verify.rules.identity import IDENTITY_RATE
from verify.rules.judge import Exempt, Judge, Plan, Planted, Readout
from verify.statistics.trials import by_seed, count, value_error, violating_indices, without_runs

__all__ = ["UniversalJudge", "decide_universal", "holds"]


def holds(rule: Universal, observation: Observation) -> bool | None:
    """Whether the statement holds on a run: surely (True), surely not (False), or undecided (None).

    Raises:
        ValueError: naming the claim value, when it is an `Estimate`, or no bool or number.
    """
    value = observation.value
    if isinstance(value, Estimate):
        raise value_error(observation, "computed, not an Estimate: a sampled number may break by chance")
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if not isinstance(value, (numbers.Real, Resolved)):
        raise value_error(observation, "True, False, or the slack of an inequality")
    low, high = interval(value)
    if low >= -rule.rounding:
        return True
    return False if high < -rule.rounding else None


def decide_universal(rule: Universal, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """REFUTED by a single violation; else SUPPORTED when no more than the declared share is undecided.

    `measured` is the least slack seen, or the share of runs that hold; `n_trials` counts seeds with a run
    that is decided.

    Raises:
        ValueError: naming the claim value, when it is an `Estimate`, or no bool or number.
    """
    if not observations:
        return without_runs(proof)
    found = [holds(rule, o) for o in observations]
    broken = [o for o, h in zip(observations, found, strict=True) if h is False]
    decided = [o for o, h in zip(observations, found, strict=True) if h is not None]
    open_ = len(observations) - len(decided)
    settings = len({o.setting for o in decided})
    slacks = [float(o.value) for o in decided if not isinstance(o.value, (bool, np.bool_))]
    undecided = f" {open_} of {count(len(observations), 'run')} undecided." if open_ else ""
    if broken:
        reason = f"{len(broken)} of {count(len(decided), 'run')} break it, and one is enough.{undecided}"
    elif not decided:
        reason = f"None of {count(len(observations), 'run')} is decided."
    else:
        reason = (
            f"No counterexample in {count(settings, 'setting')}, {count(len(decided), 'run')}.{undecided}"
        )
    enough = bool(decided) and open_ <= rule.undecided * len(observations)
    if not broken and decided and not enough:
        reason += f" That is more than the declared share {rule.undecided:g}, so nothing is said."
    verdict = "refuted" if broken else "supported" if enough else "inconclusive"
    return Decision(
        verdict,  # type: ignore[arg-type]
        reason,
        measured=min(slacks) if slacks else (len(decided) - len(broken)) / max(1, len(decided)),
        predicted=-rule.rounding if slacks else 1.0,
        statistic={
            "runs": len(observations),
            "trials": len(by_seed(decided)),
            "settings": settings,
            "violations": len(broken),
            "undecided": open_,
            "least_slack": min(slacks) if slacks else None,
            "interval": None,
            "level": None,
            "violating": violating_indices(observations, lambda o: holds(rule, o) is False),
        },
        n_trials=len(by_seed(decided)),
        p_value=0.0 if broken else 1.0,  # computed, not sampled: no chance is involved
        support_p=0.0 if verdict == "supported" else 1.0,
    )


class UniversalJudge(Judge[Universal]):
    """No exception. Planned power is P(REFUTED) of a statement that fails in one run of twenty."""

    rule: ClassVar[type] = Universal
    explanation: ClassVar[str] = (
        "A statement about every run: a single run that breaks it refutes; support means that no"
        " counterexample was found in so many settings."
    )
    by_chance: ClassVar[bool] = False
    single: ClassVar[bool] = True
    local: ClassVar[bool] = True

    def decide(self, rule: Universal, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_universal(rule, observations, proof)

    def excess(
        self, rule: Universal, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """1 broken, -1 held; for a slack, how far it lies below `-rounding`. None for nan."""
        if isinstance(value, (bool, np.bool_)):
            return -1.0 if value else 1.0
        slack = float(value)
        return None if math.isnan(slack) else clipped(-(slack + rule.rounding))

    def plan(self, rule: Universal, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis=f"a statement that fails in a share {IDENTITY_RATE:g} of the runs is found")

    def planned(self, rule: Universal, n_trials: int, plan: Plan) -> float | None:
        return 1 - (1 - IDENTITY_RATE) ** n_trials

    def share(self, rule: Universal) -> float | None:
        return None

    def worst(self, rule: Universal, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=False) for o in observations]

    def fails_at(self, rule: Universal, n_trials: int, level: float) -> str:
        return "one run that breaks it refutes"

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The statement negated: it holds on every run, so its negation on none."""
        rule: Any = claim.rule

        def negated(o: Observation) -> bool:
            return holds(rule, o) is False

        why = "the statement holds on every decided run, so its negation on none of them"
        yield Planted(claim, "negated", "sign", rule, why, negated)

    def readout(self, rule: Universal, decision: Decision, observation: Observation) -> Readout:
        found = holds(rule, observation)
        return Readout(math.nan if found is None else float(found), 1.0, 1.0, 1.0)

    def sentence(self, rule: Universal) -> str:
        room = f", up to a slack of {rule.rounding:g}" if rule.rounding else ""
        return f"It must hold on every run{room}; one that breaks it refutes."

    def numbers(self, judgement: Judgement) -> str:
        statistic = judgement.decision.statistic
        runs, broken = statistic.get("runs", 0), statistic.get("violations", 0)
        return f"{broken} of {runs} runs break it" if broken else f"none of {runs} runs breaks it"
