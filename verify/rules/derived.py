"""Derivations: algebra is called algebra."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from theory.claim import Claim, Proof
from theory.rules import Derived
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import unmeasured
from verify.rules.excess import log_excess
from verify.rules.identity import machine_epsilon, relative_residual, residual_value
from verify.rules.judge import Exempt, Judge, Planted, Readout
from verify.statistics.trials import SHOWN, count, plain

__all__ = ["DerivedJudge", "decide_derived"]


def _accepted(rule: Derived, dtype: str) -> float:
    return rule.factor * machine_epsilon(dtype)


def decide_derived(rule: Derived, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """ "derived" when the proof holds, or without one when every residual lies at rounding level.

    One residual above `factor * eps` refutes; one that is nan leaves it open. With neither a proof nor a
    residual nothing is decided. The statistic counts checks, not runs: no run enters.

    Raises:
        ValueError: naming the claim value, when it is not a residual.
    """
    known = [(o, residual_value(o)) for o in observations if not unmeasured(o.value)]
    missing = [o.index for o in observations if unmeasured(o.value)]
    broken = [o for o, r in known if r > _accepted(rule, o.dtype)]
    worst = max((r for _, r in known), default=None)
    proved = proof is not None and proof.holds
    parts = [f"Proved symbolically ({rule.scope})."] if proved else []
    if broken:
        parts.append(
            f"{len(broken)} of {count(len(known), 'check')} fail: the worst residual is {worst:.3g}."
        )
    elif known:
        checked = f"{count(len(known), 'check')} of the closed form" + ("" if proved else f" ({rule.scope})")
        parts.append(f"In {checked} the worst residual is {worst:.3g}, at rounding level.")
    if missing:
        runs = ", ".join(map(str, missing[:SHOWN]))
        parts.append(f"Not measured (nan) in {count(len(missing), 'check')}: {runs}.")
    done = (proved or bool(known)) and not missing
    if not (proved or known):
        parts.append("There is neither a proof nor a check.")
    verdict = "refuted" if broken else "derived" if done else "inconclusive"
    if verdict == "derived":
        parts.append("No run enters.")
    return Decision(
        verdict,  # type: ignore[arg-type]
        " ".join(parts),
        measured=None if worst is None else plain(worst),
        predicted=0.0,
        statistic={
            "runs": 0,
            "trials": 0,
            "checks": len(known),
            "violations": len(broken),
            "worst_residual": None if worst is None else plain(worst),
            "proved": None if proof is None else proof.holds,
            "scope": rule.scope,
            "unmeasured": missing[:SHOWN],
            "interval": None,
            "level": None,
        },
        n_trials=0,
        p_value=0.0 if broken else 1.0,
        support_p=0.0 if verdict == "derived" else 1.0,
    )


class DerivedJudge(Judge[Derived]):
    """A proof, or closed forms against each other at rounding level; no run enters, so there is no power."""

    rule: ClassVar[type] = Derived
    explanation: ClassVar[str] = (
        "A derivation, proved symbolically or checked on closed forms, within its stated scope. No run"
        " enters; what training does is a claim of its own."
    )
    by_chance: ClassVar[bool] = False
    rounding: ClassVar[bool] = True
    single: ClassVar[bool] = True
    needs_runs: ClassVar[bool] = False

    def decide(self, rule: Derived, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_derived(rule, observations, proof)

    def excess(
        self, rule: Derived, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """log10(residual / accepted residual); None for nan."""
        if unmeasured(value):
            return None
        return log_excess(relative_residual(value), _accepted(rule, dtype)) / math.log(10)

    def worst(self, rule: Derived, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=math.inf) for o in observations]

    def fails_at(self, rule: Derived, n_trials: int, level: float) -> str:
        return "one residual above rounding refutes"

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """None: the formula stands inside the proof or the measure; its author declares falsehoods of it."""
        return iter(())

    def readout(self, rule: Derived, decision: Decision, observation: Observation) -> Readout:
        accepted = _accepted(rule, observation.dtype)
        return Readout(relative_residual(observation.value), 0.0, 0.0, accepted)

    def sentence(self, rule: Derived) -> str:
        return (
            f"Derived ({rule.scope}): its proof must hold, and every relative residual stay below"
            f" {rule.factor:g} · eps(dtype)."
        )

    def numbers(self, judgement: Judgement) -> str:
        return judgement.decision.reason.rstrip(".")
