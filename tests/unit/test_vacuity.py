"""The vacuity report: checks that cannot fail are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, claim_of, observation, observations, sweep
from report_zoo import make_verification

from theory.claim import Claim
from theory.condition import Condition, Constants
from theory.experiment import Experiment
from theory.rules import Band, Calibration, Event, Exponent, FittedBand, Identity, Law, SameLaw, ZScores
from theory.source import Source
from theory.two_stage.box import Fixed
from theory.two_stage.symbols import C, m, n
from verify.judge import judge
from verify.outcome import Observation
from verify.report.blocks import Ref, Table, Text
from verify.report.sections import vacuity as vacuity_page
from verify.report.sections.material import Material
from verify.rules.registry import decide, judge_of
from verify.statistics.rate import fewest_violations
from verify.vacuity import condition_share, vacuities, vacuity

HERE = Source("example", "1")


def claim(rule: Any, **changes: Any) -> Claim:
    experiment = Experiment("vacuity", place=Fixed(BASE), clock=1.0, runs={"quick": 1})
    return claim_of("vacuity.example", experiment, rule=rule, **changes)


def judged(rule: Any, seen: list[Observation], **changes: Any) -> Any:
    return judge(claim(rule, **changes), tuple(seen), None)


def two_engines(runs: int) -> list[Observation]:
    return [
        observation({"x": float(k % runs)}, k, engine="law" if k < runs else "cnn") for k in range(2 * runs)
    ]


CASES = [
    (Event(), observations([True] * 60)),
    (Identity(), observations([0.0])),
    (Band(0.0, 1.0, "test"), observations([0.5] * 60)),
    (FittedBand(4.0, "test"), observations([1.0] * 60)),
    (Exponent("eta", -1.0), sweep([-1.0, -1.01, -0.99])),
    (Law(0.1, "test"), observations([(1.0, 1.0)] * 15)),
    (SameLaw(0.5, "test"), two_engines(30)),
    (ZScores("test"), observations([(0.1 * k, 0.0, 1.0, 0.0) for k in range(9)])),
    (Calibration(0.1, "test"), observations([(True, 0.5)] * 20)),
]


@pytest.mark.parametrize(("rule", "seen"), CASES)
def test_the_worst_outcome_refutes_with_enough_runs(rule: Any, seen: list[Observation]) -> None:
    worst = judge_of(rule).worst(rule, seen)
    assert worst is not None
    assert decide(rule, worst).verdict == "refuted"
    found = vacuity(judged(rule, seen), family=1, budget=0.01)
    assert found.refutable_alone
    assert found.refutable
    assert found.warning == ""


def test_an_event_that_no_number_of_violations_refutes_is_named() -> None:
    """`rate <= .95` on 24 runs: all of them violated is still not surely above."""
    found = vacuity(judged(Event(delta=0.95), observations([True] * 24)), family=1)
    assert not found.refutable_alone
    assert found.warning == "no outcome refutes"
    assert "no number violating of 24 trials" in found.how
    # 72 violations of 72 refute alone (.95^72 = .025), but not as one of a hundred claims.
    strict = vacuity(judged(Event(delta=0.95), observations([True] * 72)), family=100)
    assert (strict.refutable_alone, strict.refutable) == (True, False)
    assert strict.warning == "no outcome refutes within the budget"


def test_fewest_violations_are_the_first_that_the_decider_refutes() -> None:
    for runs, delta in ((20, 0.05), (60, 0.05), (60, 0.2)):
        k = fewest_violations(runs, delta, 0.05)
        assert k is not None
        rule = Event(delta=delta)
        for count, verdict in ((k, True), (k - 1, False)):
            decision = decide(rule, observations([False] * count + [True] * (runs - count)))
            assert (decision.verdict == "refuted") is verdict


def test_slack_is_the_factor_in_decades_and_a_loose_bound_is_named() -> None:
    found = vacuity(judged(Band(0.0, 1.0, "test"), observations([0.001, 0.01, 0.1] * 20)), family=1)
    assert found.slack == pytest.approx((1.0, 2.0, 3.0))
    assert found.warning == ""
    loose = vacuity(judged(Band(0.0, 1.0, "test"), observations([1e-4] * 60)), family=1)
    assert loose.warning == "bound a hundred times the observed"
    outside = vacuity(judged(Band(0.0, 1.0, "test"), observations([10.0] * 60)), family=1)
    assert outside.slack == pytest.approx((-1.0, -1.0, -1.0))


def test_the_share_of_the_reference_box_is_that_of_its_definition() -> None:
    """m is log-uniform on [6, 500]: half of it lies above sqrt(3000)."""
    half = Condition("wide", m, 3000**0.5 * C, HERE, "derived", "an example")
    share = condition_share(claim(Event(), conditions=(half,), constants=Constants({"C": 1.0})))
    assert share.low < 0.5 < share.high
    assert share.high - share.low < 0.1
    nowhere = Condition("nowhere", n, 1e9 * C, HERE, "derived", "an example")
    constants = Constants({"C": 1.0})
    none = claim(Event(), conditions=(half, nowhere), constants=constants)
    assert condition_share(none).value == 0.0
    assert condition_share(claim(Event())).value == 1.0
    probe = claim(Event(), conditions=(half,), constants=constants, drops=("wide",))
    assert condition_share(probe).value == pytest.approx(1 - share.value)


def test_the_section_has_a_row_for_every_claim_with_runs() -> None:
    verification = make_verification(exhibits=False)
    found = vacuities(verification)
    _, summary, table = vacuity_page.section(Material(verification, [])).blocks
    assert isinstance(table, Table)
    assert isinstance(summary, Text)
    first = [row[0] for row in table.rows]
    assert [cell.claim for cell in first if isinstance(cell, Ref)] == [v.claim_id for v in found]
    assert {len(row) for row in table.rows} == {len(table.head)}
    assert np.isfinite([v.share.value for v in found]).all()
    never = sum(not v.refutable for v in found)
    assert f"{len(found) - never} of {len(found)} judged claims" in str(summary.content)
