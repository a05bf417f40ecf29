"""Claims that no adversarial run moves are vacuous; true and falsifiable ones are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from decide_cases import claim_of

from theory import AbstractSetting, Box, Claim, Coordinate, Experiment, Source, function_model
from theory.rules import Bound, Difference, Event, Exponent, Identity, Law, Rule, Universal
from verify.adversarial import Adversary, Others, changed, leaves
from verify.outcome import Verification
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.make import make_runs
from verify.runs.plan import plan_runs
from verify.vacuous import Elsewhere, _longest, with_vacuous


@dataclass(frozen=True)
class Coins(AbstractSetting):
    n: int
    p: float


def toss(s: Coins, rng: np.random.Generator) -> Mapping[str, Any]:
    up = rng.random(s.n) < s.p
    return {
        "share": float(up.mean()),
        "heads": float(up.sum()),
        "tails": float((~up).sum()),
        "normal": float(rng.standard_normal()),
        "residual": 1e-17 * float(rng.random()),
        "classes": up.astype(np.int64) + 1,
        "sums": np.cumsum(up) / np.arange(1, s.n + 1),
        "whole": 1.0,
        "total": 1.0 + 2e-16 * int(up[0]),
        "draws": rng.standard_normal(s.n),
    }


EXPERIMENT = Experiment(
    "adversarial",
    place=Box(
        "coins",
        (Coordinate("n", 100, 1000, whole=True), Coordinate("p", 0.2, 0.8, "linear")),
        lambda x: Coins(int(x["n"]), x["p"]),
    ),
    model=function_model(Coins, toss, name="adversarial"),
    runs={"quick": 200},
)


def near(run: Any) -> bool:
    return bool(abs(run.share - run.setting.p) <= math.sqrt(math.log(2 / 0.01) / (2 * run.setting.n)))


def slope(x: float) -> float:
    return -1 / (1 + math.exp(x))


SAYS_SOMETHING: dict[str, tuple[Rule, Any]] = {
    "near": (Event(), near),
    "law": (Law(0.1, "why"), lambda run: (run.share, run.setting.p)),
    "sum": (Identity(), lambda run: abs(run.heads + run.tails - run.setting.n) / run.setting.n),
    "own_residual": (Identity(), lambda run: abs(run.residual)),  # measured by the engine itself
    "bound": (Bound(delta=0.05), lambda run: (abs(run.share - run.setting.p), 3 / math.sqrt(run.setting.n))),
    "difference": (Difference(0.02, "why"), lambda run: (run.share, run.setting.p)),
    "classes": (
        Universal(),
        lambda run: bool(run.classes[0] == 1 + round(float(run.sums[0]))),
    ),  # whole numbers
    "tail": (Event(), lambda run: bool(abs(run.normal) < 6)),  # a spread three times as large breaks it
    "tail_bound": (Bound(delta=0.05), lambda run: (abs(run.normal), 6.0)),
    "prefix": (Universal(), lambda run: bool(run.sums[-1] == run.share)),
}
SAYS_NOTHING: dict[str, tuple[Rule, Any]] = {
    "constant": (Event(), lambda run: True),
    "error_at_most_1": (Event(), lambda run: bool(run.share <= 1)),
    "in_the_unit_interval": (Universal(), lambda run: bool(0 <= run.sums.min() <= run.sums.max() <= 1.001)),
    "two_classes": (Universal(), lambda run: bool(run.classes.max() - run.classes.min() < run.setting.n)),
    "implied": (Bound(), lambda run: (abs(slope(run.heads)), 1.0)),  # |l'| <= 1 whatever the run
    "share_that_is_1": (Event(), lambda run: bool(run.whole <= 1)),
    "sum_of_a_law": (Event(), lambda run: bool(run.total <= 1 + 1e-12)),
    "mean_at_most_largest": (Event(), lambda run: bool(run.draws.mean() <= run.draws.max())),
    "identity_of_the_setting": (Identity(), lambda run: abs((run.setting.p + 1) - run.setting.p - 1) / 2),
    "own_prediction": (Law(0.1, "why"), lambda run: (run.share, run.share)),
}  # fmt: skip


def claims_of() -> list[Claim]:
    return [
        claim_of(f"adversarial.{name}", EXPERIMENT, statement=name, rule=rule, measure=measure)
        for name, (rule, measure) in (SAYS_SOMETHING | SAYS_NOTHING).items()
    ]


@pytest.fixture(scope="module")
def verification() -> Verification:
    return verify_claims(claims_of(), "quick", 3, counterexamples=False, backend=SerialBackend())


def test_the_words_do_not_depend_on_the_number_of_workers(verification: Verification) -> None:
    again = verify_claims(claims_of(), "quick", 3, jobs=2, counterexamples=False)
    assert [(j.claim.id, j.verdict) for j in again.judgements] == [
        (j.claim.id, j.verdict) for j in verification.judgements
    ]


def test_read_only_arrays_are_permuted_too() -> None:
    run = _Run()
    run.x.setflags(write=False)
    others = Others(EXPERIMENT.of_model, "function", (), None)  # type: ignore[arg-type]
    replay = Adversary(lambda r: bool(r.x[0] < r.x[1]), Event(), others, alone=True)(run)
    assert replay.moved_by is not None


def test_what_a_judged_run_breaks_is_not_asked() -> None:
    others = Others(EXPERIMENT.of_model, "function", (), None)  # type: ignore[arg-type]
    replay = Adversary(lambda run: False, Event(), others)(_Run())
    assert (replay.moved_by, replay.tried) == ("the run as it is", 0)


def test_without_time_a_claim_is_not_asked_and_says_so(verification: Verification) -> None:
    known = [replace(j, decision=replace(j.decision, verdict="supported")) for j in verification.judgements]
    left = with_vacuous(known, lambda work, notes: iter(()), allowed=0.0)
    assert {j.verdict for j in left} == {"supported"}
    nothing = [j for j in left if j.claim.id.removeprefix("adversarial.") in SAYS_NOTHING]
    assert all("not asked whether it could fail" in j.chain[-1] for j in nothing)


def test_what_is_not_settled_in_time_says_so(verification: Verification) -> None:
    known = [replace(j, decision=replace(j.decision, verdict="supported")) for j in verification.judgements]
    left = with_vacuous(known, lambda work, notes: make_runs(work, notes), seconds=0.0)
    assert {j.verdict for j in left} == {"supported"}
    nothing = [j for j in left if j.claim.id.removeprefix("adversarial.") in SAYS_NOTHING]
    assert all("not settled" in j.chain[-1] for j in nothing)


@pytest.mark.parametrize("name", SAYS_SOMETHING)
def test_a_claim_that_could_fail_keeps_its_word(verification: Verification, name: str) -> None:
    judgement = verification[f"adversarial.{name}"]
    assert judgement.verdict == "supported", judgement.decision.reason


@pytest.mark.parametrize("name", SAYS_NOTHING)
def test_a_claim_that_nothing_moves_is_vacuous(verification: Verification, name: str) -> None:
    judgement = verification[f"adversarial.{name}"]
    assert judgement.verdict == "vacuous", judgement.decision.reason
    assert "it could not have failed" in judgement.decision.reason
    assert judgement.joint is None


def test_a_claim_is_called_vacuous_on_several_runs(verification: Verification) -> None:
    """Two may by chance lie where nothing that moves them moves the answer."""
    constant = verification["adversarial.constant"]
    known = replace(constant, decision=replace(constant.decision, verdict="supported"))
    looked: list[set[int]] = []

    def make(work: list[Any], notes: Any) -> Any:
        looked.append({spec.index for batch in work for spec in batch.specs})
        return iter(())

    with_vacuous([known], make)
    first, one, others = looked
    assert len(first) == len(one) == 1
    assert len(one | others) >= 6
    assert {constant.judged[0].index, constant.judged[-1].index} <= one | others


def test_a_claim_that_one_run_moves_is_looked_at_no_further(verification: Verification) -> None:
    """No move of the run alone breaks it; one at the ends of the range that other runs have does."""
    tail = verification["adversarial.tail"]
    looks: list[int] = []

    def make(work: list[Any], notes: Any) -> Any:
        looks.append(sum(len(batch.specs) for batch in work))
        return make_runs(work, notes)

    (left,) = with_vacuous([tail], make)
    assert left.verdict == "supported"
    assert looks == [1, 1]


def test_alone_the_first_runs_of_other_experiments_stand_in(verification: Verification) -> None:
    others = [
        replace(EXPERIMENT, id=f"elsewhere{k}", runs={"quick": runs}) for k, runs in enumerate((9, 5, 0))
    ]
    elsewhere = Elsewhere((EXPERIMENT, *others), "quick", 3)
    wanted = [plan_runs(e, "quick", 3)[0] for e in others[:2]]
    jobs = elsewhere.longest(EXPERIMENT, "function")
    assert {(j.setting, j.seed) for j in jobs} == {(s.setting, s.seed) for s in wanted}
    assert elsewhere.longest(EXPERIMENT, "another engine") == []
    constant = verification["adversarial.constant"]
    known = replace(constant, decision=replace(constant.decision, verdict="supported"))
    beside: set[int] = set()

    def make(work: list[Any], notes: Any) -> Any:
        for batch in work:
            for (_, asked), *_ in batch.measures:
                beside.update(job.seed for job in asked.adversary.others.jobs)
        return iter(())

    with_vacuous([known], make)
    assert not beside & {s.seed for s in wanted}
    with_vacuous([known], make, elsewhere=elsewhere)
    assert beside >= {s.seed for s in wanted}


def test_the_longest_runs_of_other_experiments_stand_beside(
    verification: Verification, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of each experiment: together they show the range that the numbers of a model have."""
    judgement = verification["adversarial.constant"]
    lengths = {"a": 10, "b": 400, "c": 30, "d": 200}
    monkeypatch.setattr(
        "verify.vacuous._job",
        lambda experiment, o: SimpleNamespace(steps=lengths[experiment.id], seed=o.seed),
    )
    elsewhere = [
        replace(
            judgement,
            claim=replace(
                judgement.claim,
                id=f"adversarial.{name}{twin}",
                experiment=replace(EXPERIMENT, id=name),
            ),
        )
        for name in lengths
        for twin in ("", "_again")
    ]
    found = _longest([judgement, *elsewhere], EXPERIMENT, judgement.judged[0].engine)
    assert [job.steps for job in found] == [400, 200, 30]
    assert _longest([judgement], EXPERIMENT, judgement.judged[0].engine) == []
    assert _longest(elsewhere, EXPERIMENT, "another") == []


def test_without_adversaries_they_would_pass() -> None:
    rule, measure = SAYS_NOTHING["error_at_most_1"]
    claim = Claim(
        id="adversarial.plain", source=Source("example", "1"), provenance="derived", statement="plain",
        rule=rule, measure=measure, experiment=EXPERIMENT,
    )  # fmt: skip
    (judgement,) = verify_claims([claim], "quick", 3, backend=SerialBackend(), adversaries=False).judgements
    assert judgement.verdict == "supported"


class _Run:
    def __init__(self) -> None:
        self.setting, self.seed, self.engine, self.dtype = Coins(4, 0.5), 0, "function", "float64"
        self.steps = np.zeros(1, dtype=np.int64)
        self.x = np.array([1.0, 2.0])
        self.inner = {"flag": True, "y": 3.0, "name": "as it is"}


def test_leaves_and_changes_keep_the_run_itself() -> None:
    run = _Run()
    run.x.setflags(write=False)
    assert set(leaves(run)) == {("x",), ("inner", "flag"), ("inner", "y")}
    moved = changed(run, lambda path, v: v * 2 if path != ("inner", "flag") else False)
    assert (moved.x.tolist(), moved.inner) == ([2.0, 4.0], {"flag": False, "y": 6.0, "name": "as it is"})
    assert (run.x.tolist(), run.inner["y"], run.inner["flag"]) == ([1.0, 2.0], 3.0, True)
    assert moved.steps is run.steps


def test_records_in_reverse_order_break_what_holds_in_time() -> None:
    class Course(_Run):
        def __init__(self) -> None:
            super().__init__()
            self.steps = np.arange(50)
            self.loss = np.exp(-0.1 * self.steps)

    others = Others(EXPERIMENT.of_model, "function", (), None)  # type: ignore[arg-type]
    falls = Adversary(lambda run: bool(run.loss[-1] <= 1.5 * run.loss[0]), Event(), others, alone=True)
    assert falls(Course()).moved_by == "its records in reverse order"  # type: ignore[union-attr]


def test_a_replay_out_of_time_says_nothing() -> None:
    model = EXPERIMENT.of_model
    replay = Adversary(lambda run: True, Event(), Others(model, "function", (), None), seconds=-1.0)(_Run())  # type: ignore[arg-type]
    assert (replay.moved_by, replay.complete) == (None, False)


def test_an_exponent_of_a_constant_is_not_moved() -> None:
    model = EXPERIMENT.of_model
    others = Others(model, "function", (), None)  # type: ignore[arg-type]
    rule = Exponent("n", 0.0)
    assert Adversary(lambda run: 1.0, rule, others)(_Run()).moved_by is None
    assert Adversary(lambda run: float(run.x[0]), rule, others)(_Run()).moved_by is not None


def test_a_claim_on_two_arms_is_asked_with_the_arms_exchanged() -> None:
    class Arm(_Run):
        def __init__(self, x: int) -> None:
            super().__init__()
            self.values = {"load": x}

    run = Arm(3)
    run.control = Arm(5)
    # Whole numbers that a function returned are moved in both arms.
    assert {("values", "load"), ("control", "values", "load")} <= set(leaves(run))
    others = Others(EXPERIMENT.of_model, "function", (), None)  # type: ignore[arg-type]
    less = Adversary(lambda r: r.values["load"] < r.control.values["load"], Event(), others, alone=True)
    replay = less(run)
    assert replay.moved_by == "its two arms exchanged"  # type: ignore[union-attr]


def test_two_claims_may_stand_on_other_runs_of_one_number(verification: Verification) -> None:
    """One on first runs, one on fresh ones, both numbered from 0: each is asked about its own."""
    constant = verification["adversarial.constant"]
    other = replace(
        constant,
        claim=replace(constant.claim, id="adversarial.other"),
        observations=tuple(replace(o, seed=o.seed + 1) for o in constant.observations),
    )
    known = [replace(j, decision=replace(j.decision, verdict="supported")) for j in (constant, other)]
    asked: dict[str, set[int]] = {"adversarial.constant": set(), "adversarial.other": set()}

    def make(work: list[Any], notes: Any) -> Any:
        for batch in work:
            for spec, measures in zip(batch.specs, batch.measures, strict=True):
                for name, _ in measures:
                    asked[name].add(spec.seed)
        return iter(())

    with_vacuous(known, make)
    for judgement in known:
        assert asked[judgement.claim.id]
        assert asked[judgement.claim.id] <= {o.seed for o in judgement.judged}
