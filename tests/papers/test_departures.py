"""No claim speaks of runs on labels flipped afresh, or with biases, unless its own are such runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sweep_cases import configuration

from simulation.models import engine_of
from theory.claim import Claim
from theory.ledger import Ledger
from theory.paper import find_papers
from theory.two_stage.variation import PLAIN, Variation
from verify.sweep.measures import speaks_of
from verify.sweep.runs import plan_sweep
from verify.sweep.table import results_table

DEPARTED = {"fresh flips": Variation(fresh_flips=0.1), "biases": Variation(biases=True)}
CLAIMS = [
    claim
    for paper in find_papers(optional=True).values()
    for claim in paper.claims
    if claim.experiment.of_model.engines == "simulation.two_stage.engines"
]


def named(claim: Claim) -> bool:
    """Whether a claim says that labels flip afresh, or that there are biases."""
    text = f"{claim.statement} {claim.note}".lower()
    return "afresh" in text or "bias" in text


def test_runs_that_depart_are_named_by_the_claims_that_they_judge() -> None:
    assert len(CLAIMS) > 200
    for claim in CLAIMS:
        for options in (claim.experiment.options, claim.experiment.control_options):
            departs = isinstance(options, Variation) and (options.fresh_flips or options.biases)
            assert not departs or named(claim), claim.id


@pytest.mark.parametrize("name", DEPARTED)
def test_every_other_claim_leaves_such_runs_out(name: str) -> None:
    engine = engine_of(CLAIMS[0].experiment.of_model, "cnn")
    seen = [claim for claim in CLAIMS if speaks_of(claim, engine, DEPARTED[name])]
    assert all(named(claim) for claim in seen)
    plain = [claim for claim in CLAIMS if claim.experiment.options in (None, PLAIN)]
    assert len(plain) > 150
    assert all(speaks_of(claim, engine, PLAIN) and speaks_of(claim, engine, None) for claim in plain)
    own = [claim for claim in CLAIMS if claim not in plain]
    assert all(speaks_of(claim, engine, claim.experiment.options) for claim in own)
    assert not any(speaks_of(claim, engine, PLAIN) for claim in own)


@pytest.mark.parametrize(("variation", "inside"), [({}, True), ({"fresh_flips": 0.1}, False)])
def test_a_sweep_says_that_a_claim_does_not_speak_of_its_runs(
    variation: dict[str, float], inside: bool
) -> None:
    claim = replace(next(c for c in CLAIMS if c.id == "two_stage.theorem_4_1.clean_fit"), conditions=())
    sweep = plan_sweep(
        configuration(measure=[claim.id], variation=variation, clock=12.0), lambda: Ledger([claim])
    )
    made = {run.index: {claim.id: True} for run in sweep.runs}
    assert set(results_table(sweep, made, {})[f"{claim.id} inside"]) == {inside}
