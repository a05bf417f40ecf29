"""What workers work out beside the runs is what this process would: plans, proofs, regions, and the smallest
runs that break what was refuted."""

from __future__ import annotations

import time
from concurrent.futures import BrokenExecutor
from dataclasses import replace

import pytest

from theory.claim import Claim
from theory.paper import Paper, load_paper
from verify import ahead
from verify.ahead import Ahead
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.region import scope_where_judged
from verify.runs.loky import pool
from verify.runs.plan import plan_runs
from verify.runs.spread import hand_out
from verify.search.shrink import find_counterexample


@pytest.fixture(scope="module")
def paper() -> Paper:
    return load_paper("early_learning")


@pytest.fixture(scope="module")
def claims(paper: Paper) -> list[Claim]:
    boxes = [
        c for c in paper.claims if c.experiment.place.coordinates and c.experiment.runs.get("quick", 0) >= 20
    ]
    proved = [c for c in paper.claims if c.proof is not None]
    return list({c.id: c for c in (*boxes[:2], *proved[:2])}.values())


def test_the_workers_plan_prove_and_measure_regions_as_this_process_does(
    paper: Paper, claims: list[Claim]
) -> None:
    experiments = list({c.experiment.id: c.experiment for c in claims}.values())
    two = Ahead(claims, [paper], 2)
    plans = {e.id: specs for e, specs in two.plans(experiments, "quick", 7)}
    proofs, scopes = two.proofs()(), two.scopes()()
    assert plans == {e.id: plan_runs(e, "quick", 7) for e in experiments}
    proved = {id(c.proof): c.proof() for c in claims if c.proof is not None}
    assert proved
    assert proofs == proved
    assert scopes == {
        c.id: scope_where_judged(c, paper.reference_for(c.experiment.setting_class)) for c in claims
    }


def test_what_is_handed_out_beside_a_plan_outlives_it() -> None:
    """Whoever takes as many values as there are never sees the iterator end: the workers are kept all the
    same, with all that they were given besides. Let go earlier, as by an interrupt, it ends them."""
    begun = hand_out(float, ["1", "2"], 2)
    slow = hand_out(_late, [0.5], 2)
    values = begun()
    assert [next(values), next(values)] == [1.0, 2.0]
    values.close()
    assert list(slow()) == [0.5]
    values = hand_out(_late, [0.0, 60.0], 2)()
    assert next(values) == 0.0
    values.close()
    assert pool(2)._flags.shutdown is False
    assert list(hand_out(_late, [0.0], 2)()) == [0.0]


def _late(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_one_worker_leaves_all_to_this_process(
    paper: Paper, claims: list[Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "hand_out", _nothing_handed_out)
    one = Ahead(claims, [paper], 1)
    experiment = claims[0].experiment
    assert list(one.plans([experiment], "quick", 7)) == [(experiment, plan_runs(experiment, "quick", 7))]
    assert (one.proofs()(), one.scopes()()) == ({}, {})


def test_a_changed_claim_is_not_taken_from_its_paper(
    paper: Paper, claims: list[Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker would prove and place what the paper says, not what was changed."""
    monkeypatch.setattr(ahead, "hand_out", _nothing_handed_out)
    changed = Ahead([replace(c, note="changed") for c in claims], [paper], 2)
    assert (changed.proofs()(), changed.scopes()()) == ({}, {})


def _nothing_handed_out(function: object, items: list[object], jobs: int) -> object:
    assert items == []
    return lambda: iter(())


def test_more_runs_than_the_paper_makes_are_planned_there_too(paper: Paper, claims: list[Claim]) -> None:
    """As for the fresh runs of the second stage."""
    boxes = {c.experiment.id: c.experiment for c in claims if c.experiment.place.coordinates}
    larger = [replace(e, runs={"quick": 2 * e.runs["quick"]}) for e in boxes.values()]
    assert larger
    plans = dict(Ahead(claims, [paper], 2).plans(larger, "quick", 7))
    assert {e.id: specs for e, specs in plans.items()} == {e.id: plan_runs(e, "quick", 7) for e in larger}


@pytest.fixture(scope="module")
def refuted(paper: Paper) -> list[Judgement]:
    slips = [
        c for c in paper.claims if c.id.endswith(("slip.tanh", "slip.start_is_early", "slip.neutral_two"))
    ]
    found = verify_claims(slips, "quick", 0, adversaries=False, counterexamples=False).judgements
    assert [j.verdict for j in found] == ["refuted"] * 3
    return list(found)


def test_the_workers_find_the_runs_that_this_process_does(paper: Paper, refuted: list[Judgement]) -> None:
    asked = [replace(refuted[0], claim=replace(refuted[0].claim, note="changed")), *refuted]
    here = [find_counterexample(j, "quick", 0) for j in asked]
    assert all(found is not None for found in here)
    found = list(Ahead([j.claim for j in refuted], [paper], 2).counterexamples(asked, "quick", 0))
    assert [each for _, each in found] == here
    assert all(seconds > 0 for seconds, _ in found)


def test_what_a_dying_worker_takes_along_is_searched_for_here(
    paper: Paper, refuted: list[Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [find_counterexample(j, "quick", 0) for j in refuted]
    lost = [BrokenExecutor("died") for _ in refuted]
    monkeypatch.setattr(ahead, "hand_out", lambda function, items, jobs: lambda: iter(lost))
    found = Ahead([j.claim for j in refuted], [paper], 2).counterexamples(refuted, "quick", 0)
    assert [each for _, each in found] == here


def test_a_search_that_fails_costs_its_own_counterexample(
    paper: Paper, refuted: list[Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(judgement: Judgement, profile: str, seed: int) -> None:
        if judgement.claim.id.endswith("tanh"):
            raise RuntimeError("no  luck")

    monkeypatch.setattr("verify.search.shrink.find_counterexample", fails)
    claims = [j.claim for j in refuted]
    found = verify_claims(claims, "quick", 0, papers=[paper], adversaries=False).judgements
    assert all(j.verdict == "refuted" and j.counterexample is None for j in found)
    said = [j.claim.id for j in found if "No counterexample is named: RuntimeError: no luck" in j.chain]
    assert said == [c.id for c in claims if c.id.endswith("tanh")]
