"""From measurements to judgements: what is judged, what is not, and what the reason chain says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from decide_cases import BASE, claim_of

from simulation.models import FunctionRun
from theory.claim import Claim, Proof
from theory.condition import Condition, Constants
from theory.experiment import Experiment
from theory.rules import Event, Identity
from theory.run import NotApplicable
from theory.source import Source
from theory.two_stage.box import Grid
from theory.two_stage.run import Run
from theory.two_stage.symbols import C, m, n
from verify.judge import admitted, judge, judge_runs, note_parents, observe
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.runs.batch import Measurement
from verify.runs.make import measure_one
from verify.runs.plan import plan_runs

HERE = Source("example", "1")
WIDE = Condition("wide", m, 10 * C, HERE, "derived", "an example")
LARGE = Condition("large", n, 100 * C, HERE, "derived", "an example")

# Widths 4 to 40, twice each: two cells outside `wide`, by factors 2.5 and 1.25, and two inside.
EXPERIMENT = Experiment(
    "judge",
    place=Grid(tuple(({"m": float(width)}, BASE.with_(m=width, n=100)) for width in (4, 8, 10, 40))),
    clock=0.01,
    runs={"quick": 2},
)
SPECS = plan_runs(EXPERIMENT, "quick", 0)


def holds(run: Run) -> bool:
    return True


def claim(**changes: Any) -> Claim:
    given: dict[str, Any] = {"measure": holds, "conditions": (WIDE, LARGE)}
    return claim_of("judge.example", EXPERIMENT, **({"constants": Constants({"C": 1.0})} | given | changes))


def judged(
    c: Claim, value: Callable[[int], Any] = lambda index: True, proof: Proof | None = None
) -> Judgement:
    """The claim's judgement when run k has this value, or does not apply."""
    made = {}
    for spec in SPECS:
        if admitted(c, spec)[1] is None:
            v = value(spec.index)
            away = isinstance(v, NotApplicable)
            made[spec.index] = Measurement(
                spec, 10, {} if away else {c.id: v}, {c.id: v.reason} if away else {}
            )
    return judge(c, observe(c, SPECS, made), proof)


def test_settings_outside_the_conditions_are_not_judged_and_the_chain_says_so() -> None:
    j = judged(claim())
    assert [o.not_judged is None for o in j.observations] == [False] * 4 + [True] * 4
    assert {o.not_judged for o in j.observations[:4]} == {
        "wide: outside, by a factor 2.5", "wide: outside, by a factor 1.25",
    }  # fmt: skip
    assert all(o.value is None for o in j.observations[:4])
    assert j.chain[0] == (
        "Judged on 4 of 8 runs at 2 settings, inside all of its conditions. Not judged: 4: wide: outside."
    )
    assert (j.n_settings, j.decision.n_trials) == (2, 4)
    assert [c.name for c in j.observations[0].checks] == ["wide", "large"]


def test_a_violation_outside_the_conditions_does_not_count() -> None:
    everything_fails_outside = judged(claim(), lambda index: index >= 4)
    assert everything_fails_outside.decision.statistic["violations"] == 0
    fails_inside = judged(claim(), lambda index: index < 4)
    assert fails_inside.verdict == "refuted"


def test_the_constant_moves_the_border() -> None:
    assert len(judged(claim(constants=Constants({"C": 0.4}), conditions=(WIDE,))).judged) == 8
    assert len(judged(claim(constants=Constants({"C": 4.0}), conditions=(WIDE,))).judged) == 2


def test_without_conditions_everything_is_judged() -> None:
    j = judged(claim(conditions=()))
    assert len(j.judged) == 8
    assert j.chain[0] == "Judged on 8 of 8 runs at 4 settings, without conditions."


def test_nothing_inside_is_not_applicable_and_names_the_condition() -> None:
    j = judged(claim(constants=Constants({"C": 2.0})))
    assert j.verdict == "not-applicable"
    assert j.decision.reason == "No run could be judged; 6 of 8: wide: outside."
    assert not j.fails_verification


def test_a_probe_is_judged_only_outside() -> None:
    probe = claim(drops=("wide",))
    j = judged(probe, lambda index: False)
    assert [o.not_judged is None for o in j.observations] == [True] * 4 + [False] * 4
    assert {o.not_judged for o in j.observations[4:]} == {"inside wide, which this probe leaves out"}
    assert j.chain[0].startswith("Judged on 4 of 8 runs at 2 settings, outside wide on purpose.")
    assert j.verdict == "refuted"
    assert not j.fails_verification  # a finding about the condition


def test_a_probe_keeps_its_other_conditions() -> None:
    probe = claim(drops=("wide",), conditions=(WIDE, LARGE), constants=Constants({"C": 1.5}))
    j = judged(probe)
    assert j.verdict == "not-applicable"
    assert {o.not_judged for o in j.observations} == {"large: outside, by a factor 1.5"}


def test_a_probe_of_two_conditions_needs_one_of_them_to_fail() -> None:
    j = judged(claim(drops=("wide", "large")))
    assert [o.not_judged is None for o in j.observations] == [True] * 4 + [False] * 4


def test_runs_to_which_a_claim_does_not_apply_are_counted() -> None:
    def value(index: int) -> Any:
        return NotApplicable("no label was flipped") if index in (4, 6, 7) else True

    j = judged(claim(), value)
    assert len(j.judged) == 1
    assert j.chain[0] == (
        "Judged on 1 of 8 runs at 1 setting, inside all of its conditions. "
        "Not judged: 4: wide: outside, 3: no label was flipped."
    )
    nowhere = judged(claim(conditions=()), lambda index: NotApplicable("no label was flipped"))
    assert nowhere.verdict == "not-applicable"
    assert nowhere.decision.reason == "No run could be judged; 8 of 8: no label was flipped."


def test_a_profile_without_runs_is_said() -> None:
    j = judge(claim(), (), None)
    assert j.verdict == "not-applicable"
    assert j.decision.reason == "No run of experiment judge belongs to this profile."


def test_a_run_that_should_have_been_made_is_an_error_not_a_gap() -> None:
    with pytest.raises(RuntimeError, match="run 4 of judge was not made"):
        observe(claim(), SPECS, {})


@pytest.mark.parametrize(("proved", "verdict"), [(True, "supported"), (False, "refuted")])
def test_a_proof_is_a_link_of_the_chain(proved: bool, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.rules.power.LEAST_POWER", 0.1)  # four runs are few for an identity
    c = claim(rule=Identity())
    j = judged(c, lambda index: 0.0, Proof(proved, ("Compare.",)))
    assert j.verdict == verdict
    assert j.chain[1] == ("The symbolic proof holds." if proved else "The symbolic proof FAILS.")
    assert j.chain[-1] == j.decision.reason


def test_a_failed_proof_refutes_without_any_run() -> None:
    j = judged(claim(rule=Identity(), constants=Constants({"C": 99.0})), proof=Proof(False, ()))
    assert j.verdict == "refuted"


def test_parents_that_do_not_stand_are_noted() -> None:
    good = judged(claim(id="good", conditions=(), rule=Event(delta=0.5)))
    bad = judged(claim(id="bad"), lambda index: False)
    open_ = judged(claim(id="open"))
    assert [j.verdict for j in (good, bad, open_)] == ["supported", "refuted", "inconclusive"]
    child = judged(claim(id="child", parents=("good", "bad", "open", "not_run")))
    grandchild = judged(claim(id="grandchild", parents=("good",)))
    noted = note_parents([good, bad, open_, child, grandchild])
    assert noted[3].chain[-1] == "Rests on bad (refuted), open (inconclusive)."
    assert noted[3].verdict == child.verdict  # noted, not inherited
    assert noted[3].chain[:-1] == child.chain
    assert noted[4] == grandchild
    assert noted[:3] == [good, bad, open_]


# A measure that fails -----------------------------------------------------------------------------------


def divides_by_zero(run: Run) -> bool:
    return run.t_half < 1 / 0


def test_a_measure_that_raises_fails_its_claim_alone_and_names_run_and_line() -> None:
    c = claim(measure=divides_by_zero)
    where = rf"run {SPECS[-1].index} of judge \(seed {SPECS[-1].seed}\) at Setting\(n=100, .*\)"
    with pytest.raises(ValueError, match=rf"^claim judge\.example: {where}: ZeroDivisionError: .*test_judge"):
        measure_one(EXPERIMENT, SPECS[-1], c.id, c.measure)
    done = verify_claims([c, claim(id="judge.other")], "quick")
    assert [j.verdict for j in done.judgements] == ["errored", "inconclusive"]
    assert "ZeroDivisionError: division by zero" in done["judge.example"].decision.reason
    assert "python -m verify replay judge.example" in done["judge.example"].decision.reason
    assert done.exit_status == 3


def test_a_measure_outside_the_conditions_is_not_called() -> None:
    c = claim(measure=divides_by_zero, constants=Constants({"C": 5.0}))
    (judgement,) = verify_claims([c], profile="quick").judgements
    assert judgement.verdict == "not-applicable"


def test_a_measure_that_returns_something_else_names_the_run() -> None:
    with pytest.raises(ValueError, match=r"claim value must be True or False, was 0\.5 \(experiment judge"):
        judged(claim(), lambda index: 0.5)


@pytest.mark.parametrize(
    ("broken", "verdict", "alone"),
    [(0, "inconclusive", False), (4, "inconclusive", True), (9, "refuted", False)],
)
def test_given_runs_are_judged_within_the_error_budget(broken: int, verdict: str, alone: bool) -> None:
    """4 violations of 20 at rate .05 have p = .016: a refutation at .05, but not within a budget of .01."""
    runs: list[Any] = [FunctionRun(BASE, seed, {}) for seed in range(22)]

    def measure(run: Any) -> Any:
        return NotApplicable("a spare one") if run.seed >= 20 else run.seed >= broken

    (found,) = judge_runs([claim(measure=measure)], runs)
    assert (found.verdict, found.alone, len(found.judged)) == (verdict, alone, 20)
    assert [o.not_judged for o in found.observations[20:]] == ["a spare one"] * 2
