"""What an experiment asks of an engine reaches it: records, streams, options, words, a control arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from simulation.models import Engine, Job
from theory import (
    AbstractSetting,
    AtClocks,
    Claim,
    Difference,
    Event,
    Experiment,
    Geometric,
    Model,
    SameRun,
    Source,
    fixed,
)
from theory.rng import generator
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.batch import batches
from verify.runs.plan import plan_runs
from verify.runs.work import run_batch


@dataclass(frozen=True)
class Walk(AbstractSetting):
    drift: float
    law: str = "normal"


class Walked:
    """A random walk, recorded where it was asked to be."""

    engine = "walk"

    def __init__(self, job: Job, wrong: float) -> None:
        self.setting, self.seed, self.options, self.dtype = job.setting, job.seed, job.options, job.dtype
        rng = generator(job.seed, "walk")
        draws = rng.standard_normal(job.steps) if job.setting.law == "normal" else np.ones(job.steps)
        path = np.concatenate([[0.0], np.cumsum(draws + job.setting.drift)]) + wrong
        self.steps = np.arange(job.steps + 1) if job.record is None else np.array(job.record)
        self.clock = self.steps.astype(float)
        self.path = path[self.steps]
        sums = {"square": float(np.sum(np.diff(path) ** 2))}
        self.streams = {name: sums[name] for name in job.streams}


class WalkEngine(Engine):
    def __init__(self, wrong: float = 0.0) -> None:
        self.wrong = wrong

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Any]:
        return [Walked(job, self.wrong) for job in jobs]


class RoughEngine(WalkEngine):
    dtypes = ("float32", "float64")


ENGINES = {"walk": WalkEngine(), "same": WalkEngine(), "off": WalkEngine(1e-6), "rough": RoughEngine()}
MODEL = Model("walks", Walk, ENGINES)


def verdict(rule: Any, measure: Any, *, workers: bool = False, **experiment: Any) -> str:
    """Of a claim on walks; in this process, or by way of workers, where what is asked must travel."""
    asked = {"place": fixed(Walk(0.5)), "runs": {"quick": 120}, "model": MODEL, "clock": 50.0, **experiment}
    claim = Claim(
        id="walks.claim", source=Source("example", "1"), provenance="derived", statement="s", rule=rule,
        measure=measure, experiment=Experiment("walks", **asked),
    )  # fmt: skip
    done = verify_claims(
        [claim], "quick", 0, counterexamples=False, adversaries=False,
        backend=None if workers else SerialBackend(),
    )  # fmt: skip
    return done.judgements[0].verdict


@pytest.mark.parametrize(("drift", "wanted"), [(0.5, "supported"), (0.52, "refuted")])
def test_the_control_arm_is_paired_with_the_run(drift: float, wanted: str) -> None:
    """Drift .5 against none over 50 steps differs by 25 without noise: both arms have the run's own draws."""
    found = verdict(
        Difference(margin=0.5, reason="no noise is left in a paired difference"),
        lambda run: (run.path[-1] - run.control.path[-1], 25.0),
        place=fixed(Walk(drift)),
        control=lambda setting: setting.with_(drift=0.0),
    )
    assert found == wanted


def test_a_control_arm_with_draws_of_its_own_would_be_seen() -> None:
    def same_draws(run: Any) -> bool:
        return bool(abs(run.path[-1] - run.control.path[-1] - 25.0) < 1e-9 and run.control.seed == run.seed)

    def none(setting: Walk) -> Walk:
        return setting.with_(drift=0.0)

    assert verdict(Event(), same_draws, control=none) == "supported"
    assert verdict(Event(), lambda run: not same_draws(run), control=none) == "refuted"


@pytest.mark.parametrize(
    ("record", "steps"),
    [(AtClocks((10.0, 20.0)), [0, 10, 20, 50]), (Geometric(3), [0, 1, 7, 50])],
    ids=["clocks", "geometric"],
)
def test_records_stand_at_the_chosen_steps(record: Any, steps: list[int]) -> None:
    assert verdict(Event(), lambda run: run.steps.tolist() == steps, record=record) == "supported"
    assert verdict(Event(), lambda run: run.steps.tolist() == steps) == "refuted"  # every step otherwise


def test_streams_options_and_words_reach_the_engine() -> None:
    asked: dict[str, Any] = {"streams": ("square",), "options": ("on", 3), "place": fixed(Walk(0.0, "ones"))}

    def all_there(run: Any) -> bool:
        return bool(run.streams == {"square": 50.0} and run.options == ("on", 3) and run.path[-1] == 50.0)

    assert verdict(Event(), all_there, **asked) == "supported"
    assert verdict(Event(), all_there, workers=True, **asked) == "supported"
    assert verdict(Event(), lambda run: 0 < run.streams["square"] < 200, streams=("square",)) == "supported"
    assert verdict(Event(), lambda run: run.streams == {} and run.options is None) == "supported"
    assert verdict(Event(), lambda run: run.path[-1] == 50.0) == "refuted"


@pytest.mark.parametrize(("other", "wanted"), [("same", "supported"), ("off", "refuted")])
def test_two_engines_are_compared_run_by_run(other: str, wanted: str) -> None:
    rule = SameRun(tolerance=1e-9, reason="one walk")
    assert verdict(rule, lambda run: float(run.path[-1]), engines=("walk", other)) == wanted


@pytest.mark.parametrize(("engine", "dtype"), [("walk", "float64"), ("rough", "float32")])
def test_runs_are_made_in_the_first_float_type_of_their_engine(engine: str, dtype: str) -> None:
    def arms(run: Any) -> bool:
        return bool(run.dtype == run.control.dtype == dtype)

    asked = {"engines": (engine,), "control": lambda setting: setting.with_(drift=0.0)}
    assert verdict(Event(), arms, **asked) == "supported"
    assert verdict(Event(), lambda run: not arms(run), **asked) == "refuted"


class _ByFours(Engine):
    """Notes how many it is given at once; a run says where it stood among them."""

    most = 4

    def __init__(self) -> None:
        self.given: list[int] = []

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Any]:
        self.given.append(len(jobs))
        return [Walked(job, 0.0) for job in jobs]

    def work(self, job: Job) -> float:
        return 1.0


def test_cheap_runs_travel_together_and_are_made_as_many_at_once_as_the_engine_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = _ByFours()
    model = Model("by fours", Walk, {"walk": engine})
    many = Experiment("fours", place=fixed(Walk(0.0)), model=model, clock=3.0, runs={"quick": 69})
    specs = plan_runs(many, "quick", 1)
    wanted = {s.index: ["end"] for s in specs}
    assert [len(b.jobs) for b in batches(many, specs, {"end": _end}, wanted)] == [4] * 17 + [1]
    monkeypatch.setattr("verify.runs.batch.own_model", lambda model: False)  # as of a built-in paper
    work = batches(many, specs, {"end": _end}, wanted)
    assert [len(b.jobs) for b in work] == [32, 32, 5]
    whole = replace(work[0], specs=tuple(specs), jobs=tuple(j for b in work for j in b.jobs),
                    measures=tuple(m for b in work for m in b.measures))  # fmt: skip
    done = run_batch(whole, "cpu")
    assert engine.given == [4] * 17 + [1]
    assert [m.spec.index for m in done.measurements] == list(range(69))
    alone = [_end(engine.make([job], device="cpu")[0]) for job in whole.jobs]
    assert [m.values["end"] for m in done.measurements] == alone


def _end(run: Any) -> float:
    return float(run.path[-1])
