"""Batches of runs that are made together, and what comes back: values, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from simulation.models import UNITS_A_SECOND, Engine, Job, engine_of
from theory.experiment import Experiment
from theory.model import Model
from theory.run import Run
from verify.runs.built_in import own_model
from verify.runs.plan import RunSpec, control_job, job_of

__all__ = ["Batch", "Done", "Failure", "Lost", "Measure", "Measurement", "batches"]

#: Of cheap runs that travel together: nominal seconds of a batch, and runs in it at most.
_SECONDS, _MOST = 0.1, 32
#: And of those that are made side by side: so many times as many as the engine makes at once, at most.
_TIMES = 8

#: A function of a run under a name: a claim's, a curve's, a column's.
Measure = tuple[str, Callable[[Run], Any]]


@dataclass(frozen=True)
class Failure:
    """What a claim's own code did instead of measuring a run.

    Args:
        kind: "raised" an exception; "exited", asked the interpreter to end; "died", ended its process;
            "timed out"; "not reproducible", gave another value for the same run.
        text: the error's type and message, in one line.
        line: FILE:LINE of the user's code, "" where it is not known.
    """

    kind: Literal["raised", "exited", "died", "timed out", "not reproducible"]
    text: str
    line: str = ""

    def __str__(self) -> str:
        at = f" ({self.line})" if self.line else ""
        return f"{self.text}{at}"


@dataclass(frozen=True)
class Measurement:
    """What measures returned on one run: name -> value, the reason it does not apply, or the failure."""

    spec: RunSpec
    steps: int
    values: Mapping[str, Any]
    not_applicable: Mapping[str, str]
    dtype: str = "float64"
    failures: Mapping[str, Failure] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """Runs of one engine that are made side by side; `measures[k]` are those of run k.

    Args:
        index: its number in the whole work.
        specs, jobs, controls: the planned runs, what the engine is asked for, and the control arm's jobs.
        model, engine: whose engine makes them; `by` goes before, an engine put in its place (a false one).
        measures: what is measured of each run.
        twice: names of measures that are called twice on every run, to see whether they give one value.
        go_on: a measure that fails on one run is asked on the next ones all the same.
        seconds: allowed to one call of a measure, where that is more than its worker allows anyway.
    """

    index: int
    specs: tuple[RunSpec, ...]
    jobs: tuple[Job, ...]
    measures: tuple[tuple[Measure, ...], ...]
    model: Model
    engine: str
    controls: tuple[Job, ...] = ()
    by: Engine | None = None
    twice: frozenset[str] = frozenset()
    go_on: bool = False
    seconds: float = 0.0

    @property
    def maker(self) -> Engine:
        """The engine that makes the runs."""
        return self.by or engine_of(self.model, self.engine)

    @property
    def cost(self) -> float:
        """Relative cost, at the costliest run's."""
        engine = self.maker
        return len(self.jobs) * max(engine.work(job) for job in (*self.jobs, *self.controls))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all measures, in order."""
        return tuple(dict.fromkeys(name for measures in self.measures for name, _ in measures))


@dataclass(frozen=True)
class Done:
    """A finished batch: measurements in the order of its runs; `failed` says, by run index, which could not
    be made and why; seconds in all and in the engine, and peak bytes of the process; `calls` are the seconds
    of all calls of each measure and their number, failed ones left out."""

    batch: int
    measurements: tuple[Measurement, ...]
    failed: Mapping[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    peak_bytes: int = 0
    calls: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    engine_seconds: float = 0.0


@dataclass(frozen=True)
class Lost:
    """A batch whose process died, and why; `timed_out` says that it was ended for giving no answer."""

    batch: int
    reason: str
    timed_out: bool = False


def _beside(model: Model, engine: Engine, jobs: Sequence[Job]) -> int:
    """Runs in a batch: sending one takes longer than a cheap run. The engine makes them one by one, or as
    many side by side as it does. A user's engine may end its process, and gets a batch for what it makes at
    once."""
    if own_model(model):
        return engine.most
    dearest = engine.most * max(engine.work(job) for job in jobs)
    times = int(_SECONDS * UNITS_A_SECOND / max(dearest, 1.0))
    return engine.most * max(1, min(_MOST if engine.most == 1 else _TIMES, times))


def batches(
    experiment: Experiment,
    specs: Sequence[RunSpec],
    measures: Mapping[str, Callable[[Run], Any]],
    wanted: Mapping[int, Sequence[str]],
    *,
    by: Engine | None = None,
    twice: frozenset[str] = frozenset(),
) -> list[Batch]:
    """Group an experiment's runs; `wanted` names, by run index, the measures of each.

    Runs of near shapes go together where the engine makes several side by side; cheap runs travel together.
    How runs are grouped depends on the plan alone, never on the number of workers.
    """
    model = experiment.of_model
    groups: dict[tuple[str, Any], list[tuple[RunSpec, Job]]] = {}
    for spec in specs:
        if not wanted.get(spec.index):
            continue
        engine = by.in_place_of(spec.engine) if by else engine_of(model, spec.engine)
        job = job_of(experiment, spec.setting, spec.seed, engine)
        groups.setdefault((spec.engine, engine.key(job)), []).append((spec, job))
    out: list[Batch] = []
    for (name, _), members in groups.items():
        stands_in = by.in_place_of(name) if by else None
        engine = stands_in or engine_of(model, name)
        if engine.most > 1:
            members = sorted(members, key=lambda m: (engine.shape(m[1]), m[0].index))
        size = _beside(model, engine, [job for _, job in members])
        for start in range(0, len(members), size):
            part = members[start : start + size]
            controls = [control_job(experiment, spec.setting, spec.seed, engine) for spec, _ in part]
            out.append(
                Batch(
                    index=len(out),
                    specs=tuple(spec for spec, _ in part),
                    jobs=tuple(job for _, job in part),
                    measures=tuple(
                        tuple((each, measures[each]) for each in wanted[spec.index]) for spec, _ in part
                    ),
                    model=model,
                    engine=name,
                    controls=tuple(job for job in controls if job is not None),
                    by=stands_in,
                    twice=twice,
                )
            )
    return out
