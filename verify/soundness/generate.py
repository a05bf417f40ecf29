"""The generator: every false variant of a claim, by its rule, and those its author declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

from theory.claim import Claim
from theory.falsehood import Falsehood, altered
from theory.rules import (
    Band,
    Calibration,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    SameLaw,
    ZScores,
)
from theory.run import Run
from verify.outcome import Observation
from verify.soundness.of_events import plant_event
from verify.soundness.of_laws import plant_calibration, plant_law, plant_same_law, plant_zscores
from verify.soundness.of_scales import plant_band, plant_exponent, plant_fitted_band
from verify.soundness.planted import Exempt, Planted

__all__ = ["Planter", "by_rule", "measured_falsehoods", "register"]

Planter = Callable[[Claim, Sequence[Observation]], Iterator[Planted | Exempt]]


@singledispatch
def _plant(rule: Any, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    yield Exempt(claim, "all changes", "formula", f"no generator for rules of type {type(rule).__name__}")


def register(rule_type: type, planter: Planter) -> None:
    """Let `planter(claim, judged observations)` make the false variants of the claims with this type of
    rule."""

    def plant(rule: Any, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        return planter(claim, observations)

    _plant.register(rule_type, plant)


def _nothing(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    return iter(())  # an identity's formula stands inside its measure


register(Event, plant_event)
register(EventMap, plant_event)
register(Identity, _nothing)
register(Band, plant_band)
register(FittedBand, plant_fitted_band)
register(Exponent, plant_exponent)
register(Law, plant_law)
register(ZScores, plant_zscores)
register(Calibration, plant_calibration)
register(SameLaw, plant_same_law)


def by_rule(claim: Claim, observations: Sequence[Observation]) -> list[Planted | Exempt]:
    """The variants that follow from the rule, on the claim's judged observations.

    Of an observation only the setting, the labels and what the claim PREDICTS are looked at to tell whether a
    variant is false, never how close measured and predicted came. For `SameLaw` the quantities of one
    engine are
    its prediction of the other's.

    A probe asks whether its statement holds: neither it nor its negation is known to be false.
    """
    if claim.is_probe:
        return [Exempt(claim, "all changes", "sign", "a probe: whether its statement holds is the question")]
    if not observations:
        return [Exempt(claim, "all changes", "formula", "no run was judged in this profile")]
    return list(_plant(claim.rule, claim, observations))


# Measured on their own ---------------------------------------------------------------------------------


class _DoubledStep:
    """An identity's measurement that takes the step size for twice what the run was made with.

    A class, not a closure, so that it travels to worker processes under any pickler.
    """

    def __init__(self, measure: Callable[[Run], Any]) -> None:
        self.measure = measure

    def __call__(self, run: Run) -> Any:
        return self.measure(altered(run, setting=run.setting.with_(eta=2 * run.setting.eta)))


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
            "eta x 2 in the formula",
            "constant",
            claim.rule,
            "an identity leaves no room: increments of the run are proportional to its own step size",
            None,
            replace(claim, measure=_DoubledStep(claim.measure), proof=None),
        )
        for claim in claims
        if isinstance(claim.rule, Identity) and not claim.is_probe
    ]
    return [
        replace(p, measured=replace(_claim(p), id=f"{p.of.id}.falsehood_{k}", parents=()))
        for k, p in enumerate(found)
    ]


def _claim(planted: Planted) -> Claim:
    assert planted.measured is not None
    return planted.measured
