"""What the first runs leave undecided is judged once more on fresh ones; which supports stand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from decide_cases import claim_of
from scipy import stats

from simulation.models import UNITS_A_SECOND, Engine, FunctionEngine, Job
from theory import AbstractSetting, Claim, Experiment, Model, function_model
from theory.place import fixed
from theory.rng import generator
from theory.rules import Event, Identity
from verify.judge import judge
from verify.outcome import Judgement, Observation
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.batch import batches
from verify.runs.plan import RunSpec, plan_runs
from verify.second_stage import (
    FACTOR,
    fresh_seconds,
    fresh_seed,
    nominal_seconds,
    reckoned_seconds,
    second_stage,
    settles,
    within_first_share,
)
from verify.statistics.error_budget import FIRST_SHARE, overall_support_p, within_budget
from verify.statistics.joint import headline, with_joint


@dataclass(frozen=True)
class Coin(AbstractSetting):
    p: float = 0.5


MODEL = function_model(Coin, lambda s, rng: {"x": rng.random()}, name="second stage")
RUNS = 100
EXPERIMENT = Experiment("stages", place=fixed(Coin()), model=MODEL, runs={"quick": RUNS})


def claim(name: str, rate: float, rule: Any = None, **changes: Any) -> Claim:
    """Broken with this probability, drawn with the run's seed."""
    rule = rule or Event()

    def measure(run: Any) -> Any:
        broken = bool(generator(run.seed, name).random() < rate)
        return float(broken) if isinstance(rule, Identity) else not broken

    return claim_of(f"stages.{name}", EXPERIMENT, rule=rule, measure=measure, **changes)


def planned(seed: int) -> list[RunSpec]:
    return plan_runs(EXPERIMENT, "quick", seed)


def seen(c: Claim, broken: int, specs: Sequence[RunSpec]) -> tuple[Observation, ...]:
    return tuple(
        Observation(s.experiment, s.index, s.replicate, s.setting, s.seed, s.engine, s.labels, k >= broken,
                    None, 0, "float64")
        for k, s in enumerate(specs)
    )  # fmt: skip


def first(name: str, broken: int) -> Judgement:
    c = claim(name, 0.0)
    return judge(c, seen(c, broken, planned(0)), None)


def settled(
    judgements: Sequence[Judgement],
    again: Mapping[str, int],
    seconds: float = 0.0,
    budget: float = 0.01,
    known: dict[tuple[int, int], tuple[Observation, ...]] | None = None,
) -> list[Judgement]:
    """The second stage of these, with so many violations on the fresh runs. `known` keeps those of one
    experiment by number of runs and of violations."""
    known = {} if known is None else known

    def fresh(claims: Sequence[Claim], plans: Mapping[str, Sequence[RunSpec]]) -> dict[str, Any]:
        out = {}
        for c in claims:
            specs, broken = plans[c.experiment.id], again[c.id.split(".")[1]]
            if (len(specs), broken) not in known:
                known[len(specs), broken] = seen(c, broken, specs)
            out[c.id] = known[len(specs), broken]
        return out

    held = within_budget(judgements, FIRST_SHARE * budget)
    return second_stage(held, "quick", 0, budget, seconds, fresh)


CROWD = [first(f"true{k}", 0) for k in range(20)]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourfold runs are not dear."""
    monkeypatch.setattr("simulation.models.FunctionEngine.measuring", 1e-3)


def test_a_true_refutation_that_was_held_back_is_found_on_fresh_runs() -> None:
    weak = first("weak", 12)
    assert weak.verdict == "refuted"
    found = settled([weak, *CROWD], {"weak": 40})[0]
    assert (found.verdict, found.alone) == ("refuted", False)
    stage = found.decision.statistic["second_stage"]
    assert stage["p_first"] == pytest.approx(stats.binom.sf(11, RUNS, 0.05))
    assert stage["p_second"] == pytest.approx(stats.binom.sf(39, FACTOR * RUNS, 0.05))
    assert stage["p_second"] <= stage["level"] == pytest.approx(0.002)
    assert f"{stage['p_second']:.2g}" in found.decision.reason
    assert f"first p = {stage['p_first']:.2g}" in found.decision.reason


def test_a_false_alarm_of_the_first_runs_ends_as_the_fresh_ones_say() -> None:
    """An upper limit at level .01 below .05 takes at most 10 violations of 400."""
    most = max(k for k in range(40) if stats.binom.cdf(k, FACTOR * RUNS, 0.05) <= 0.01)
    for broken, word in ((0, "supported"), (most, "supported"), (most + 1, "inconclusive")):
        found = settled([first("weak", 12), *CROWD], {"weak": broken})[0]
        assert (found.verdict, found.alone) == (word, word == "inconclusive"), broken
        if word == "inconclusive":
            assert "not refuted there, nor supported" in found.decision.reason


def test_what_the_first_runs_leave_open_is_settled_either_way_by_fresh_ones() -> None:
    open_ = first("open", 2)
    assert open_.verdict == "inconclusive"
    assert open_.decision.needed is not None
    assert settles(open_)
    for broken, word in ((8, "supported"), (16, "inconclusive"), (40, "refuted")):
        found = settled([open_, *CROWD], {"open": broken})[0]
        assert found.verdict == word
        stage = found.decision.statistic["second_stage"]
        assert stage["settled"] == (word != "inconclusive")
        assert stage["runs"] == FACTOR * RUNS
        assert found.decision.n_trials == (FACTOR * RUNS if stage["settled"] else RUNS)
        assert len(found.judged) == found.decision.n_trials
        if word == "supported":
            assert stage["support_p"] == pytest.approx(stats.binom.cdf(8, FACTOR * RUNS, 0.05))
            assert overall_support_p(found) == pytest.approx(stage["support_p"] / 0.2)
            assert "Its first 100 runs left it undecided" in found.decision.reason


def test_what_fresh_runs_could_not_settle_gets_none() -> None:
    """At the rate delta itself no number of runs decides: none is named."""
    border = first("border", 5)
    assert border.verdict == "inconclusive"
    assert not settles(border)
    assert not settles(first("true", 0))
    assert "second_stage" not in settled([border, *CROWD], {})[0].decision.statistic


def test_a_support_that_uses_more_than_its_share_is_judged_again() -> None:
    """None of 60 runs: p = .046. Then 240 fresh ones, of which 4 may violate."""
    few = claim("few", 0.0, experiment=replace(EXPERIMENT, id="few", runs={"quick": 60}))
    specs = plan_runs(few.experiment, "quick", 0)
    thin = judge(few, seen(few, 0, specs), None)
    thin = replace(thin, decision=replace(thin.decision, verdict="supported", needed=None))  # its power aside
    assert 0.04 < (thin.decision.support_p or 0.0) < 0.05
    (held,) = within_first_share([thin])
    assert (held.verdict, held.grade) == ("inconclusive", None)
    assert "of which the first runs have 0.04" in held.decision.reason
    assert within_first_share([CROWD[0]]) == [CROWD[0]]
    for broken, word in ((4, "supported"), (5, "inconclusive")):
        assert settled([thin], {"few": broken})[0].verdict == word


def test_holm_goes_over_those_judged_again() -> None:
    """p = .0015 refutes alone at .002, not beside a second one of the kind."""
    violations = next(k for k in range(400) if stats.binom.sf(k - 1, FACTOR * RUNS, 0.05) < 0.002)
    one = settled([first("a", 12), *CROWD], {"a": violations})
    assert one[0].verdict == "refuted"
    two = settled([first("a", 12), first("b", 12), *CROWD], {"a": violations, "b": 24})
    assert [j.verdict for j in two[:2]] == ["inconclusive", "inconclusive"]
    assert two[0].decision.statistic["second_stage"]["claims"] == 2


def test_fresh_runs_have_seeds_of_their_own_and_are_not_pooled() -> None:
    taken = {}

    def fresh(claims: Sequence[Claim], plans: Mapping[str, Sequence[RunSpec]]) -> dict[str, Any]:
        taken.update(plans)
        return {c.id: seen(c, 40, plans[c.experiment.id]) for c in claims}

    held = within_budget([first("weak", 12), *CROWD], 0.008)
    found = second_stage(held, "quick", 0, 0.01, 0.0, fresh)[0]
    assert len(taken["stages"]) == FACTOR * RUNS
    assert not {s.seed for s in taken["stages"]} & {s.seed for s in planned(0)}
    more = replace(EXPERIMENT, runs={"quick": FACTOR * RUNS})
    assert list(taken["stages"]) == plan_runs(more, "quick", fresh_seed(0))
    assert [o.seed for o in found.observations] == [s.seed for s in taken["stages"]]
    assert found.decision.measured == pytest.approx(0.9)


def test_a_tenth_of_the_time_is_all_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick has 2 minutes on two cores, so 24 s; a twentieth of that for fourfold runs. What the first runs
    took changes nothing."""
    assert fresh_seconds("quick") == fresh_seconds("quick", 1e6) == pytest.approx(24.0)
    assert fresh_seconds("full", 1e6) == pytest.approx(1e5)
    for seconds, runs in ((1.1, FACTOR), (1.3, FACTOR // 2), (47.0, FACTOR // 2), (49.0, 0)):
        monkeypatch.setattr("simulation.models.FunctionEngine.measuring", seconds / (FACTOR * RUNS))
        found = settled([first("weak", 12), *CROWD], {"weak": 60}, seconds=1e6)[0]
        assert (found.verdict, found.alone) == ("refuted" if runs else "inconclusive", not runs)
        if runs:
            assert found.decision.n_trials == runs * RUNS
        else:
            assert "more than a tenth of the time: left out" in found.decision.reason


def test_a_claim_alone_has_the_fresh_runs_that_it_has_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside others it may be left out, and says so; it never gets fewer."""
    others = [replace(EXPERIMENT, id=f"other{k}") for k in range(3)]
    crowd = []
    for k, experiment in enumerate(others):
        c = claim(f"o{k}", 0.0, experiment=experiment)
        crowd.append(judge(c, seen(c, 2, plan_runs(experiment, "quick", 0)), None))
    again = {"open": 4, "o0": 4, "o1": 4, "o2": 4}
    for seconds, taken in ((0.001, 4), (0.029, 4), (0.05, 2)):
        monkeypatch.setattr("simulation.models.FunctionEngine.measuring", seconds)
        alone = settled([first("open", 2)], again)[0]
        assert "left_out" not in alone.decision.statistic["second_stage"]
        among = settled([first("open", 2), *crowd], again)
        stood = [j for j in among if "left_out" not in j.decision.statistic["second_stage"]]
        assert len(stood) == taken
        assert {len(j.judged) for j in stood} == {len(alone.judged)}


def test_what_a_paper_prints_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three experiments that cost the same two have time: without a printed statement the first two."""
    monkeypatch.setattr("simulation.models.FunctionEngine.measuring", 0.05)
    for printed, wanted in ("", "ab"), ("c", "ac"), ("bc", "bc"):
        crowd = []
        for name in "abc":
            experiment = replace(EXPERIMENT, id=name)
            provenance = "paper" if name in printed else "derived"
            c = claim(name, 0.0, experiment=experiment, provenance=provenance)
            crowd.append(judge(c, seen(c, 2, plan_runs(experiment, "quick", 0)), None))
        found = settled(crowd, dict.fromkeys("abc", 4))
        stood = [j for j in found if "left_out" not in j.decision.statistic["second_stage"]]
        assert "".join(j.claim.experiment.id for j in stood) == wanted


def test_a_run_is_reckoned_at_its_engines_pace_with_what_is_measured_of_it() -> None:
    @dataclass(frozen=True)
    class Slow(Engine):
        pace = 4.0
        measuring = 0.02

        def make(self, jobs: Any, *, device: str) -> Any:
            raise AssertionError

        def work(self, job: Any) -> float:
            return 2.0 * UNITS_A_SECOND

    model = Model("slow", Coin, {"slow": Slow()})
    one = Experiment("slow", place=fixed(Coin()), model=model, clock=1.0, runs={"quick": 10})
    runs = plan_runs(one, "quick", 0)
    assert reckoned_seconds(one, runs) == pytest.approx(10 * (0.02 + 0.5))
    both = replace(one, control=lambda s: s)
    assert reckoned_seconds(both, runs) == pytest.approx(10 * (0.02 + 1.0))


def test_a_verification_makes_the_fresh_runs_itself() -> None:
    """A rate of .09 against .05 among 15 claims that hold: fresh runs find it at some seed where the first
    ones hold it back or leave it open, and never lift one."""
    claims = [claim("wrong", 0.09), *(claim(f"true{k}", 0.0) for k in range(15))]
    words = set()
    for seed in range(10):
        done = verify_claims(
            claims, "quick", seed, counterexamples=False, adversaries=False, backend=SerialBackend()
        )
        j = done.judgements[0]
        if "second_stage" in j.decision.statistic:
            words.add(j.verdict)
            assert done.run_info["headline"]["alone"] == int(j.alone)
        alone = verify_claims(
            claims, "quick", seed, counterexamples=False, adversaries=False, fresh_runs=False,
            backend=SerialBackend(),
        )  # fmt: skip
        assert "second_stage" not in alone.judgements[0].decision.statistic
    assert words == {"refuted", "inconclusive"}


def test_the_budget_of_both_stages_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty claims exactly at delta, a thousand verifications: a false refutation in at most the budget."""
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    rng, budget, suites, m = np.random.default_rng(1), 0.05, 1000, 30
    table = {k: first(f"x{k}", k) for k in range(25)}
    known: dict[tuple[int, int], tuple[Observation, ...]] = {}
    alarms = second = 0
    for _ in range(suites):
        counts = rng.binomial(RUNS, 0.05, size=m)
        if counts.max() < 10:  # none is refuted alone
            continue
        row = [replace(table[int(k)], claim=claim(f"c{i}", 0.0)) for i, k in enumerate(counts)]
        again = {f"c{i}": int(k) for i, k in enumerate(rng.binomial(FACTOR * RUNS, 0.05, size=m))}
        found = settled(row, again, budget=budget, known=known)
        second += any("second_stage" in j.decision.statistic for j in found)
        alarms += any(j.verdict == "refuted" for j in found)
    assert second > 100
    assert stats.binom.sf(alarms - 1, suites, budget) > 1e-4


def test_a_claim_wrong_by_its_margin_is_supported_in_either_stage_at_most_at_its_level() -> None:
    """At the border exactly: both stages together, 20,000 claims, on a table of first and fresh counts."""
    rng, tries = np.random.default_rng(3), 20_000
    table = {k: within_first_share([first("edge", k)])[0] for k in range(30)}
    fresh_most = max(k for k in range(40) if stats.binom.cdf(k, FACTOR * RUNS, 0.05) <= 0.01)
    counts = rng.binomial(RUNS, 0.05, size=tries)
    again = rng.binomial(FACTOR * RUNS, 0.05, size=tries)
    wrong = sum(
        table[int(k)].verdict == "supported" or (settles(table[int(k)]) and a <= fresh_most)
        for k, a in zip(counts, again, strict=True)
    )
    assert stats.binom.sf(wrong - 1, tries, 0.05) > 1e-4
    assert wrong > 0


# Supports together --------------------------------------------------------------------------------------


def test_supports_that_holm_does_not_cover_are_no_part_of_j() -> None:
    """Without violation 95 runs show p = .008, 400 runs 1e-9: beside ten open claims only the last."""
    judgements = []
    for name, runs in [("few", 95), *((f"many{k}", 400) for k in range(59))]:
        c = claim(name, 0.0)
        specs = plan_runs(replace(EXPERIMENT, runs={"quick": runs}), "quick", 0)
        judgements.append(judge(c, seen(c, 0, specs), None))
    found = with_joint(judgements)
    assert [j.joint for j in found] == [True] * 60  # the largest p-value is corrected by one only
    undecided = [first(f"open{k}", 6) for k in range(10)]
    found = with_joint([*judgements, *undecided])
    assert (found[0].verdict, found[0].joint) == ("supported", False)
    assert all(j.joint for j in found[1:60])
    assert all(j.joint is None for j in found[60:])
    numbers = headline(found)
    assert (numbers.supported, numbers.counted, numbers.joint, numbers.without_chance) == (60, 59, 59, 0)
    assert numbers.thin == 1  # the first: planned power .93


def test_j_is_wrong_in_at_most_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty false claims on the border: at most 5 % of the families have any in J."""
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    rng, suites = np.random.default_rng(2), 400
    table = {k: first(f"x{k}", k) for k in range(25)}
    wrong = alone = 0
    for _ in range(suites):
        row = [table[int(k)] for k in rng.binomial(RUNS, 0.05, size=40)]
        found = with_joint(row)
        alone += any(j.verdict == "supported" for j in found)
        wrong += any(j.joint for j in found)
    assert alone > suites / 4
    assert stats.binom.sf(wrong - 1, suites, 0.05) > 1e-4


def test_what_no_chance_enters_stands_outside_and_thin_support_is_counted_apart() -> None:
    exact = claim("exact", 0.0, Identity())
    zeros = tuple(replace(o, value=0.0) for o in seen(exact, 0, planned(0)))
    thin = claim("thin", 0.0)
    found = with_joint([
        judge(exact, zeros, None),
        judge(thin, seen(thin, 0, planned(0)[:93]), None),
        first("thick", 0),
    ])  # fmt: skip
    assert [j.verdict for j in found] == ["supported"] * 3
    assert [j.joint for j in found] == [None, True, True]
    numbers = headline(found)
    power = found[1].decision.power
    assert power is not None
    assert numbers.without_chance == 1
    assert numbers.thin == (power < 0.95) + ((found[2].decision.power or 1.0) < 0.95)
    assert numbers.counted + numbers.thin == 2


# What it may take ----------------------------------------------------------------------------------------


def test_seconds_are_each_run_s_own_work_at_the_engine_s_pace_and_a_millisecond_at_least() -> None:
    class Slow(FunctionEngine):
        pace = 50.0

        def work(self, job: Job) -> float:
            return 1e9 if job.seed == 1 else 1.0

    model = Model("paced", Coin, {"slow": Slow(lambda s, rng: {"x": 0.0})})
    experiment = replace(EXPERIMENT, id="paced", model=model, engines=("slow",), runs={"quick": 3})
    specs = [replace(s, seed=k) for k, s in enumerate(plan_runs(experiment, "quick", 0))]
    work = batches(experiment, specs, {"m": float}, {s.index: ["m"] for s in specs})
    alone = [b for b in work for job in b.jobs if job.seed == 1 and len(b.jobs) == 1]
    assert nominal_seconds(work) == pytest.approx(1e9 / (UNITS_A_SECOND * 50) + (2e-3 if alone else 0.0))
