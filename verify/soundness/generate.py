"""The generator: every false variant of a claim, by its rule, and those its author declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from theory.claim import Claim
from theory.falsehood import Falsehood, altered
from theory.run import NotApplicable, Run
from theory.slips import FormulaSlips
from verify.outcome import Observation
from verify.rules.judge import Exempt, Planted
from verify.rules.registry import judge_of
from verify.rules.variants import slips_of

__all__ = ["by_rule", "measured_falsehoods"]


def by_rule(claim: Claim, observations: Sequence[Observation]) -> list[Planted | Exempt]:
    """The variants that follow from the rule, on the claim's judged observations.

    Of an observation only the setting, the labels and what the claim PREDICTS are looked at to tell whether a
    variant is false, never how close measured and predicted came. For `SameLaw` the quantities of one
    engine are
    its prediction of the other's.

    A probe asks whether its statement holds, and a reading is expected to fail: of neither is the statement
    known to be true, so neither is its negation known to be false.
    """
    if claim.role != "claim":
        why = f"a {claim.role}: not known to be true, so no change of it is known to be false"
        return [Exempt(claim, "all changes", "sign", why)]
    if judge_of(claim.rule).rounding and not _step_size(claim):
        why = "its settings' class names no step size (`slips`) that could stand doubled in the formula"
        return [Exempt(claim, _DOUBLED, "constant", why)]
    if not observations:
        return [Exempt(claim, "all changes", "formula", "no run was judged in this profile")]
    return list(judge_of(claim.rule).variants(claim, observations))


# Measured on their own ---------------------------------------------------------------------------------


_DOUBLED = "eta x 2 in the formula"


def _step_size(claim: Claim) -> str:
    """The field that the model names as its step size; "" without one."""
    slips = getattr(claim.experiment.setting_class, "slips", None)
    return slips.step_size if isinstance(slips, FormulaSlips) else ""


class _DoubledStep:
    """An identity's measurement that takes the step size for twice what the run was made with.

    A class, not a closure, so that it travels to worker processes under any pickler.
    """

    def __init__(self, measure: Callable[[Run], Any]) -> None:
        self.measure = measure

    def __call__(self, run: Run) -> Any:
        name = slips_of([run.setting]).step_size
        if not name:
            return NotApplicable("the model names no step size")
        setting = run.setting.with_(**{name: 2 * getattr(run.setting, name)})
        return self.measure(altered(run, setting=setting))


def measured_falsehoods(claims: Sequence[Claim], declared: Sequence[Falsehood]) -> list[Planted]:
    """Variants whose measurement differs: the declared ones of these claims, and eta doubled in identities.

    Each measured claim gets an id of its own, so that all are measured on the runs of the true claims.
    """
    known = {claim.id: claim for claim in claims}
    found = [
        Planted(known[f.of], f.name, f.kind, f.claim.rule, f.why, None, f.claim)
        for f in declared
        if f.of in known
    ]
    found += [
        Planted(
            claim,
            _DOUBLED,
            "constant",
            claim.rule,
            "an identity leaves no room: increments of the run are proportional to its own step size",
            None,
            replace(claim, measure=_DoubledStep(claim.measure), proof=None),
        )
        for claim in claims
        if judge_of(claim.rule).rounding and claim.role == "claim" and _step_size(claim)
    ]
    return [
        replace(p, measured=replace(_claim(p), id=f"{p.of.id}.falsehood_{k}", parents=()))
        for k, p in enumerate(found)
    ]


def _claim(planted: Planted) -> Claim:
    assert planted.measured is not None
    return planted.measured
