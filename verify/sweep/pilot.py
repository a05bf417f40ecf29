"""Predicted seconds: a short measured pilot of one small batch per shape class.

A pilot trains the first runs of a batch for two lengths. The difference gives the seconds of a step, the
shorter one what a run costs before its first step; measuring the pilot's runs gives the rest. Shapes without
a pilot of their own take the nearest one's seconds, scaled by the multiplications of a step.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from verify.runs.worker import measured, one_thread, train_batch
from verify.sweep.runs import SweepBatch, SweepRun
from verify.sweep.shape import RunShape, shape_of

__all__ = ["Pilot", "Timing", "batch_seconds", "makespan", "measure_pilots"]

#: Classes that get a pilot, runs of one, and seconds its longer half aims at.
_CLASSES, _RUNS, _SECONDS = 6, 4, 0.3


@dataclass(frozen=True)
class Pilot:
    """Seconds of one run of a shape: before its first step, a step, and measuring it."""

    shape: RunShape
    start: float
    step: float
    measure: float

    def seconds(self, shape: RunShape) -> float:
        """Predicted seconds of a run of another shape."""
        data = ((shape.n + 60.0) / (self.shape.n + 60.0)) ** 2
        if shape.engine != "law":
            data = (shape.n + 2 * shape.m) * shape.d / ((self.shape.n + 2 * self.shape.m) * self.shape.d)
        work = shape.step_work / self.shape.step_work
        measure = (shape.m + 10.0) / (self.shape.m + 10.0)
        return self.start * data + self.step * work * shape.steps + self.measure * measure


@dataclass(frozen=True)
class Timing:
    """The pilots of a sweep, the seconds they took, and the numbers a run yields (0 without pilots)."""

    pilots: tuple[Pilot, ...]
    spent: float
    columns: int


def measure_pilots(batches: Sequence[SweepBatch], device: str) -> Timing:
    """Pilots of the shape classes with most work, at most six."""
    began = time.perf_counter()
    classes: dict[tuple[float, ...], SweepBatch] = {}
    work: dict[tuple[float, ...], float] = {}
    for batch in batches:
        key = _class(shape_of(batch, batch.runs[-1]))
        work[key] = work.get(key, 0.0) + batch.work
        if key not in classes or batch.work > classes[key].work:
            classes[key] = batch
    chosen = sorted(classes, key=lambda key: -work[key])[:_CLASSES]
    with one_thread():
        made = [_pilot(classes[key], device) for key in chosen]
    columns = max((columns for _, columns in made), default=0)
    return Timing(tuple(pilot for pilot, _ in made), time.perf_counter() - began, columns)


def _class(shape: RunShape) -> tuple[float, ...]:
    """Shapes within a factor of about sqrt(2) of each other in n, m (and d of real data) share a class."""
    sizes = [shape.n, shape.m] + ([shape.d] if shape.engine != "law" else [])
    return tuple(round(2 * math.log2(size)) for size in sizes)


def _pilot(batch: SweepBatch, device: str) -> tuple[Pilot, int]:
    shape = shape_of(batch, batch.runs[-1])
    runs = batch.runs[-_RUNS:]
    small = replace(batch, runs=runs)
    _train(_cut(small, 1), device)  # compilation and first-use costs are no part of a step
    # The least of three: what else the machine does only ever adds.
    short = min(_train(_cut(small, 1), device)[0] for _ in range(3))
    guess, _ = _train(_cut(small, min(3, shape.steps)), device)
    step = max((guess - short) / 2, 1e-7 * len(runs))
    count = max(2, min(shape.steps, math.ceil(_SECONDS / step), 2000))
    long, trajectories = _train(_cut(small, count), device)
    step = max(long - short, 0.0) / max(count - 1, 1)
    columns = 0
    began = time.perf_counter()
    for run, trajectory in zip(runs, trajectories, strict=True):
        # The sweep itself names a run that fails; here a failure only costs the accuracy of the time.
        with suppress(Exception):
            columns = max(columns, len(measured(small, run, trajectory)))
    seconds = time.perf_counter() - began
    return Pilot(shape, max(short - step, 0.0) / len(runs), step / len(runs), seconds / len(runs)), columns


def _train(batch: SweepBatch, device: str) -> tuple[float, list]:  # type: ignore[type-arg]
    began = time.perf_counter()
    trajectories = train_batch(batch, device)
    return time.perf_counter() - began, trajectories


def _cut(batch: SweepBatch, steps: int) -> SweepBatch:
    """The batch with shorter runs, as many snapshots as fit into them."""
    return replace(batch, runs=tuple(_shortened(run, min(steps, run.steps)) for run in batch.runs))


def _shortened(run: SweepRun, steps: int) -> SweepRun:
    kept = min(len(run.snapshots), steps + 1)
    return replace(
        run, steps=steps, snapshots=tuple(sorted({round(k * steps / max(kept - 1, 1)) for k in range(kept)}))
    )


def batch_seconds(batch: SweepBatch, pilots: Sequence[Pilot]) -> float:
    """Predicted seconds of a batch in one process."""
    total = 0.0
    for run in batch.runs:
        shape = shape_of(batch, run)
        total += min(pilots, key=lambda p: _distance(p.shape, shape)).seconds(shape)
    return total


def _distance(one: RunShape, other: RunShape) -> float:
    sizes = [(one.n, other.n), (one.m, other.m)]
    if one.engine != "law":  # the law engine forms no d-vector
        sizes.append((one.d, other.d))
    return sum(abs(math.log(a / b)) for a, b in sizes)


def makespan(seconds: Sequence[float], workers: int) -> float:
    """Time until all are done when each free worker takes the longest one left."""
    free = [0.0] * workers
    for cost in sorted(seconds, reverse=True):
        heapq.heapreplace(free, free[0] + cost)
    return max(free)
