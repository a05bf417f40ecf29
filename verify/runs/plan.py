"""From an experiment and a profile to the list of its runs, each with its own seed, and to the jobs that
engines
are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.models import Engine, Job, engines_of
from theory.experiment import SAME, Experiment
from theory.rng import derive_seed, generator
from theory.setting import AbstractSetting

if TYPE_CHECKING:
    from verify.outcome import Observation

__all__ = [
    "RunSpec",
    "control_job",
    "engine_names",
    "job_of",
    "plan_runs",
    "run_steps",
    "snapshot_steps",
    "spec_of",
]


@dataclass(frozen=True)
class RunSpec:
    """One planned run. `replicate` and `labels` as in `verify.outcome.Observation`."""

    experiment: str
    index: int
    replicate: int
    setting: Any
    seed: int
    engine: str
    labels: Mapping[str, Any]

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"run {self.index} of {self.experiment} (seed {self.seed})"


def spec_of(o: Observation) -> RunSpec:
    """The planned run that an observation is of."""
    return RunSpec(o.experiment, o.index, o.replicate, o.setting, o.seed, o.engine, o.labels)


def engine_names(experiment: Experiment) -> tuple[str, ...]:
    """The experiment's engines; the model's first where it names none."""
    return experiment.engines or (next(iter(engines_of(experiment.of_model))),)


def plan_runs(experiment: Experiment, profile: str, seed: int) -> list[RunSpec]:
    """All runs of an experiment. A run's seed depends on (seed, experiment id, its own index) alone.

    A larger profile extends the list; it changes no run of a smaller one. Replicates of paired cells share
    their seed along the cells, so that draws are paired.
    """
    replicates = experiment.runs.get(profile, 0)
    if not replicates:
        return []
    points = [
        (point, derive_seed(seed, f"{experiment.id}{point.key}", point.replicate))
        for point in experiment.place.points(
            replicates, lambda r: generator(seed, f"setting {experiment.id}", r)
        )
    ]

    def engine_seed(engine: str, run_seed: int) -> int:
        return run_seed if experiment.pair_engines else derive_seed(run_seed, engine)

    return [
        RunSpec(
            experiment.id,
            index,
            point.replicate,
            point.setting,
            engine_seed(engine, run_seed),
            engine,
            point.labels,
        )
        for index, (engine, (point, run_seed)) in enumerate(
            (engine, planned) for engine in engine_names(experiment) for planned in points
        )
    ]


def run_steps(experiment: Experiment, setting: AbstractSetting) -> int:
    """Number of steps of a run; 0 where it has no length."""
    if experiment.clock is None:
        return 0
    return max(1, min(setting.steps(experiment.clock), experiment.max_steps))


def snapshot_steps(experiment: Experiment, setting: AbstractSetting) -> list[int]:
    """Steps at which a run keeps its full state; the first is always 0 and the last its end."""
    last = run_steps(experiment, setting)
    if experiment.every_step_snapshots:
        return list(range(last + 1))
    inner = {min(setting.steps(clock), last) for clock in experiment.snapshots}
    return sorted({0, last} | inner)


def job_of(experiment: Experiment, setting: AbstractSetting, seed: int, engine: Engine) -> Job:
    """What an engine is asked for one run, in the first of its float types."""
    last = run_steps(experiment, setting)
    return Job(
        setting=setting,
        seed=seed,
        steps=last,
        snapshots=tuple(snapshot_steps(experiment, setting)),
        record=experiment.record.steps(setting, last),
        dtype=engine.dtypes[0],
        options=experiment.options,
        streams=experiment.streams,
        stop=engine.stop_rule(dict(experiment.stop)) if experiment.stop else None,
    )


def control_job(experiment: Experiment, setting: AbstractSetting, seed: int, engine: Engine) -> Job | None:
    """The job of the control arm, from the same seed; None where there is none."""
    if experiment.control is None:
        return None
    job = job_of(experiment, experiment.control(setting), seed, engine)
    return job if experiment.control_options == SAME else replace(job, options=experiment.control_options)
