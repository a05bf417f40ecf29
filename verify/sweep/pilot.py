"""Predicted seconds: a short measured pilot of one small batch per class of runs.

A pilot makes the first runs of a batch for two lengths. The difference gives the seconds of a step, the
shorter one what a run costs before its first step; measuring the pilot's runs gives the rest. Runs without
a pilot of their own take the nearest one's seconds, scaled by the work of a step (`Engine.work`).
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from simulation.models import Engine, Job
from theory.run import Run
from verify.runs.batch import Batch
from verify.runs.work import one_thread
from verify.sweep.runs import part

__all__ = ["Pilot", "Timing", "batch_seconds", "makespan", "measure_pilots", "step_work"]

#: Classes that get a pilot, runs of one, and seconds its longer half aims at.
_CLASSES, _RUNS, _SECONDS = 6, 4, 0.3


def step_work(engine: Engine, job: Job) -> float:
    """Work of one step of a job."""
    return engine.work(replace(job, steps=1, snapshots=(), record=None))


@dataclass(frozen=True)
class Pilot:
    """Seconds of one run whose step takes this work: before its first step, a step, and measuring it."""

    work: float
    start: float
    step: float
    measure: float

    def seconds(self, work: float, steps: int) -> float:
        """Predicted seconds of a run whose step takes another work."""
        return (self.start + self.step * steps + self.measure) * work / self.work


@dataclass(frozen=True)
class Timing:
    """The pilots of a sweep, the seconds they took, and the numbers a run yields (0 without pilots)."""

    pilots: tuple[Pilot, ...]
    spent: float
    columns: int


def measure_pilots(batches: Sequence[Batch], device: str) -> Timing:
    """Pilots of the classes with most work, at most six; within a class a step's work differs by a factor of
    about sqrt(2)."""
    began = time.perf_counter()
    classes: dict[int, Batch] = {}
    work: dict[int, float] = {}
    for batch in batches:
        key = round(2 * math.log2(step_work(batch.maker, batch.jobs[-1])))
        work[key] = work.get(key, 0.0) + batch.cost
        if key not in classes or batch.cost > classes[key].cost:
            classes[key] = batch
    chosen = sorted(classes, key=lambda key: -work[key])[:_CLASSES]
    with one_thread():
        made = [_pilot(classes[key], device) for key in chosen]
    columns = max((columns for _, columns in made), default=0)
    return Timing(tuple(pilot for pilot, _ in made), time.perf_counter() - began, columns)


def _pilot(batch: Batch, device: str) -> tuple[Pilot, int]:
    small = part(batch, range(max(0, len(batch.jobs) - _RUNS), len(batch.jobs)), 0)
    steps, count = small.jobs[-1].steps, len(small.jobs)
    _make(_cut(small, 1), device)  # compilation and first-use costs are no part of a step
    # The least of three: what else the machine does only ever adds.
    short = min(_make(_cut(small, 1), device)[0] for _ in range(3))
    guess, _ = _make(_cut(small, min(3, steps)), device)
    step = max((guess - short) / 2, 1e-7 * count)
    longer = max(min(2, steps), min(steps, math.ceil(_SECONDS / step), 2000))
    long, runs = _make(_cut(small, longer), device)
    step = max(long - short, 0.0) / max(longer - 1, 1)
    columns = 0
    began = time.perf_counter()
    for k, run in enumerate(runs):
        # The sweep itself names a run that fails; here a failure only costs the accuracy of the time.
        with suppress(Exception):
            values = [measure(run) for _, measure in small.measures[k]]
            columns = max(columns, sum(len(v) if isinstance(v, Mapping) else 1 for v in values))
    seconds = time.perf_counter() - began
    work = step_work(batch.maker, small.jobs[-1])
    return Pilot(work, max(short - step, 0.0) / count, step / count, seconds / count), columns


def _make(batch: Batch, device: str) -> tuple[float, Sequence[Run]]:
    began = time.perf_counter()
    runs = batch.maker.make(batch.jobs, device=device)
    return time.perf_counter() - began, runs


def _cut(batch: Batch, steps: int) -> Batch:
    """The batch with shorter runs, as many snapshots as fit into them."""
    return replace(batch, jobs=tuple(_shortened(job, min(steps, job.steps)) for job in batch.jobs))


def _shortened(job: Job, steps: int) -> Job:
    kept = min(len(job.snapshots), steps + 1)
    snapshots = tuple(sorted({round(k * steps / max(kept - 1, 1)) for k in range(kept)}))
    record = None if job.record is None else tuple(sorted({*(t for t in job.record if t <= steps), steps}))
    return replace(job, steps=steps, snapshots=snapshots, record=record)


def batch_seconds(batch: Batch, pilots: Sequence[Pilot]) -> float:
    """Predicted seconds of a batch in one process."""
    total = 0.0
    for job in batch.jobs:
        work = step_work(batch.maker, job)
        nearest = min(pilots, key=lambda p: abs(math.log(p.work / work)))
        total += nearest.seconds(work, job.steps)
    return total


def makespan(seconds: Sequence[float], workers: int) -> float:
    """Time until all are done when each free worker takes the longest one left."""
    free = [0.0] * workers
    for cost in sorted(seconds, reverse=True):
        heapq.heapreplace(free, free[0] + cost)
    return max(free)
