"""What a verification will cost, before it starts: runs, steps, seconds by experiment, from measured pilots.

Of each experiment a cheap run and a dear one, a quarter from either end by `Engine.work`, are made and
measured; the others' seconds lie on the line through the two. So what measures cost is counted too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from theory.claim import Claim
from theory.experiment import Experiment
from verify.judge import admitted
from verify.load import travelling
from verify.runs.backends import backend_for
from verify.runs.batch import Batch, Lost, batches
from verify.runs.built_in import built_in
from verify.runs.plan import plan_runs
from verify.runs.work import run_batch
from verify.sweep.cost import show_seconds
from verify.sweep.pilot import makespan

__all__ = ["RunPlan", "plan_of_run"]

#: Seconds of a claim for judging, adversarial runs, regions and report, measured on all papers at default.
_JUDGING = 0.2
#: Runs that are made again by several workers: one in so many, two at least.
_AGAIN = 20
#: A pilot below this many seconds is made twice: what a first call loads is no part of a run.
_FIRST = 5.0


@dataclass(frozen=True)
class RunPlan:
    """What will be made, and what it will take on a machine that does nothing else.

    Args:
        claims, runs, steps: how many.
        by_experiment: seconds of work of each experiment, the costliest first.
        making: wall seconds of all runs with `workers` workers.
        judging: wall seconds of what comes after them.
        spent: seconds that the pilots took.
    """

    claims: int
    runs: int
    steps: int
    by_experiment: Mapping[str, float]
    workers: int
    making: float
    judging: float
    spent: float

    @property
    def seconds(self) -> float:
        """In all."""
        return self.making + self.judging

    def lines(self, top: int = 15) -> list[str]:
        """For the terminal."""
        shown = list(self.by_experiment.items())[:top]
        work = show_seconds(sum(self.by_experiment.values()))
        return [
            f"claims         {self.claims}",
            f"runs           {self.runs}, in {len(self.by_experiment)} experiments",
            f"gradient steps {self.steps}",
            f"time           {show_seconds(self.seconds)}: runs {show_seconds(self.making)} with"
            f" {self.workers} worker(s) ({work} of work), then about {show_seconds(self.judging)};"
            f" pilots took {show_seconds(self.spent)}",
            f"experiments, predicted seconds of work ({len(shown)} of {len(self.by_experiment)})",
            *(f"{seconds:8.1f}  {name}" for name, seconds in shown),
        ]


def plan_of_run(
    claims: Sequence[Claim], profile: str, seed: int, *, workers: int = 1, device: str = "cpu"
) -> RunPlan:
    """The cost of judging these claims, nothing judged."""
    began = time.perf_counter()
    mine: dict[Experiment, list[Claim]] = {}
    for claim in claims:
        mine.setdefault(claim.experiment, []).append(claim)
    runs = steps = 0
    work: dict[str, float] = {}
    parts: list[float] = []
    for experiment, judged in mine.items():
        made = _batches(experiment, judged, profile, seed)
        if not made:
            continue
        isolated = not all(built_in(c.measure, experiment.of_model) for c in judged)
        seconds = _seconds(made, device, isolated)
        runs += sum(len(b.jobs) for b in made)
        steps += sum(job.steps for b in made for job in b.jobs)
        work[experiment.id] = sum(seconds)
        parts += seconds
        if workers > 1:
            count = sum(len(b.jobs) for b in made)
            parts.append(sum(seconds) * min(1.0, max(2.0, count / _AGAIN) / count))
    ordered = dict(sorted(work.items(), key=lambda item: -item[1]))
    making = makespan(parts, workers) if parts else 0.0
    return RunPlan(
        claims=len(claims),
        runs=runs,
        steps=steps,
        by_experiment=ordered,
        workers=workers,
        making=making,
        judging=_JUDGING * len(claims),
        spent=time.perf_counter() - began,
    )


def _batches(experiment: Experiment, claims: Sequence[Claim], profile: str, seed: int) -> list[Batch]:
    specs = plan_runs(experiment, profile, seed)
    wanted = {s.index: [c.id for c in claims if admitted(c, s)[1] is None] for s in specs}
    own = frozenset(c.id for c in claims if not built_in(c.measure, experiment.of_model))
    return batches(experiment, specs, {c.id: travelling(c) for c in claims}, wanted, twice=own)


def _seconds(made: Sequence[Batch], device: str, isolated: bool) -> list[float]:
    """Predicted seconds of every batch."""
    places = sorted(
        ((_work(b, k), i, k) for i, b in enumerate(made) for k in range(len(b.jobs))), key=lambda x: x[0]
    )
    low, high = places[len(places) // 4], places[(3 * len(places)) // 4]
    first = _pilot(_single(made[low[1]], low[2]), device, isolated)
    if low == high:
        slope, start = 0.0, first
    else:
        last = _pilot(_single(made[high[1]], high[2]), device, isolated)
        rise = (last - first) / (high[0] - low[0]) if high[0] > low[0] else 0.0
        # A dear run that took no longer: what is measured costs most, of all runs alike.
        slope = max(0.0, rise)
        start = max(0.0, first - slope * low[0]) if slope else (first + last) / 2
    return [sum(start + slope * _work(b, k) for k in range(len(b.jobs))) for b in made]


def _work(batch: Batch, place: int) -> float:
    engine = batch.maker
    more: Any = (batch.controls[place],) if batch.controls else ()
    return sum(engine.work(job) for job in (batch.jobs[place], *more))


def _single(batch: Batch, place: int) -> Batch:
    """One run of a batch."""
    one = slice(place, place + 1)
    return replace(
        batch,
        index=0,
        specs=batch.specs[one],
        jobs=batch.jobs[one],
        measures=batch.measures[one],
        controls=batch.controls[one],
    )


def _pilot(batch: Batch, device: str, isolated: bool) -> float:
    """Seconds of making and measuring it: of this process's own time, or in a worker for a user's code."""
    found = _made(batch, device, isolated)
    return min(found, _made(batch, device, isolated)) if found < _FIRST else found


def _made(batch: Batch, device: str, isolated: bool) -> float:
    if not isolated:
        began = time.process_time()
        run_batch(batch, device)
        return time.process_time() - began
    (outcome,) = backend_for(1, isolated=True).run([batch], device)
    return 0.0 if isinstance(outcome, Lost) else outcome.seconds
