"""No built-in claim is vacuous: some adversarial run moves its answer (the cheap form, a run or two a claim).

A verification asks this of every claim that it supports. Here the claims on cheap runs are asked, whatever
becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import pytest

from simulation.models import UNITS_A_SECOND, Job, engine_of
from theory.claim import Claim
from theory.experiment import Experiment
from theory.model import Model
from theory.paper import find_papers
from verify.adversarial import Adversary, Others, Replay
from verify.judge import admitted
from verify.rules.registry import judge_of
from verify.runs.batch import batches
from verify.runs.plan import RunSpec, job_of, plan_runs
from verify.runs.work import run_batch

#: Runs that are looked at, at most, until a claim is moved.
_AMONG = 12
#: For all moves of a claim on one run: slower measures are asked about where they are judged.
_SECONDS = 3.0
#: Cost of a run, at most: a twentieth of a second. Dearer ones are asked about where they are judged.
_MOST = 0.05 * UNITS_A_SECOND
#: Tests among which the experiments are dealt out.
_PARTS = 8


def experiments() -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for paper in find_papers(optional=True).values():
        for claim in paper.claims:
            if judge_of(claim.rule).needs_runs:
                found.setdefault(claim.experiment.id, []).append(claim)
    return found


EXPERIMENTS = experiments()


@cache
def planned(experiment: Experiment, most: int = _AMONG) -> Sequence[RunSpec]:
    """The first runs of the smallest profile that has any: a plan's beginning is the same at any length."""
    for profile in ("quick", "default", "full"):
        if experiment.runs.get(profile):
            few = {profile: min(experiment.runs[profile], most)}
            return plan_runs(replace(experiment, runs=few), profile, 7)
    return []


@cache
def first_jobs() -> list[tuple[str, Model, str, Job]]:
    """Of every experiment its id, its model, and the engine and job of its first run."""
    found = []
    for id_, claims in EXPERIMENTS.items():
        experiment = claims[0].experiment
        model = experiment.of_model
        for spec in planned(experiment, 1)[:1]:
            job = job_of(experiment, spec.setting, spec.seed, engine_of(model, spec.engine))
            found.append((id_, model, spec.engine, job))
    return found


def longest(experiment: Experiment, engine: str) -> list[Job]:
    """The longest run by this engine among the first ones of the model's other experiments."""
    model = experiment.of_model
    found = [
        job
        for id_, other, by, job in first_jobs()
        if id_ != experiment.id and by == engine and other == model
    ]
    return sorted(found, key=lambda job: -job.steps)[:1]


def looks(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Replay | None]]:
    """Every claim with the last replay of it, the one that moved it if any did; None: it applied nowhere."""
    experiment = claims[0].experiment
    specs, model = planned(experiment), experiment.of_model
    jobs = {s.index: job_of(experiment, s.setting, s.seed, engine_of(model, s.engine)) for s in specs}
    cost = {s.index: engine_of(model, s.engine).work(jobs[s.index]) for s in specs}
    last: dict[str, list[Replay]] = {c.id: [] for c in claims}
    for spec in sorted(specs[:: max(1, len(specs) // _AMONG)], key=lambda s: cost[s.index]):
        near = [s for s in specs if s.engine == spec.engine and s.seed != spec.seed]
        other = [jobs[s.index] for s in near if s.setting != spec.setting] or [jobs[s.index] for s in near]
        others = Others(model, spec.engine, (*other[:1], *longest(experiment, spec.engine)), jobs[spec.index])
        measures = {
            c.id: Adversary(c.measure, c.rule, others, seconds=_SECONDS)
            for c in claims
            if admitted(c, spec)[1] is None and not any(r.moved_by or not r.complete for r in last[c.id])
        }
        for batch in batches(experiment, [spec], measures, {spec.index: list(measures)}):
            done = run_batch(batch, "cpu")
            assert (done.failed, done.measurements[0].failures) == ({}, {})
            for id_, replay in done.measurements[0].values.items():
                last[id_].append(replay)
    for claim in claims:
        yield claim, (last[claim.id] or [None])[-1]  # type: ignore[list-item]


def cheap(experiment: Experiment) -> bool:
    """Whether some planned run of the experiment costs little."""
    model = experiment.of_model
    engines = [engine_of(model, spec.engine) for spec in planned(experiment)]
    specs = zip(planned(experiment), engines, strict=True)
    return any(e.work(job_of(experiment, s.setting, s.seed, e)) <= _MOST for s, e in specs)


def cheap_of(names: Iterable[str]) -> list[str]:
    """Asked in a test, not where tests are collected: to plan all experiments takes seconds."""
    return [name for name in names if cheap(EXPERIMENTS[name][0].experiment)]


def test_many_experiments_are_asked() -> None:
    found = cheap_of(EXPERIMENTS)
    assert len(found) >= len(EXPERIMENTS) / 3
    assert {EXPERIMENTS[name][0].paper for name in found} >= set(find_papers())


@pytest.mark.parametrize("part", range(_PARTS))
def test_some_adversarial_run_moves_every_claim(part: int) -> None:
    found = [pair for name in cheap_of(list(EXPERIMENTS)[part::_PARTS]) for pair in looks(EXPERIMENTS[name])]
    asked = [(c, replay) for c, replay in found if replay is not None and replay.complete]
    assert asked
    assert [c.id for c, replay in asked if replay.moved_by is None] == []
