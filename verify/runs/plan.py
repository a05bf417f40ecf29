"""From an experiment and a profile to the list of its runs, each with its own seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from theory.experiment import Experiment
from theory.rng import derive_seed, generator
from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.setting import Setting

__all__ = ["RunSpec", "plan_runs", "run_steps", "snapshot_steps"]


@dataclass(frozen=True)
class RunSpec:
    """One run to make. `replicate` and `labels` as in `verify.outcome.Observation`."""

    experiment: str
    index: int
    replicate: int
    setting: Setting
    seed: int
    engine: str
    labels: Mapping[str, float]


def plan_runs(experiment: Experiment, profile: str, seed: int) -> list[RunSpec]:
    """All runs of an experiment. A run's seed depends on (seed, experiment id, its own index) alone.

    A larger profile extends the list; it changes no run of a smaller one. Replicates of a sweep share
    their seed along the sweep, so that draws are paired.
    """
    replicates = experiment.runs.get(profile, 0)
    place = experiment.place
    specs: list[tuple[int, Setting, int, Mapping[str, float]]] = []
    if isinstance(place, Domain):
        for r in range(replicates):
            setting = place.draw(generator(seed, f"setting {experiment.id}", r))
            specs.append((r, setting, derive_seed(seed, experiment.id, r), {}))
    elif isinstance(place, Sweep):
        for r in range(replicates):
            run_seed = derive_seed(seed, experiment.id, r)
            for factor in place.factors:
                setting = place.at(factor)
                specs.append((r, setting, run_seed, {place.parameter: place.value(setting)}))
    elif isinstance(place, Grid):
        for c, (labels, setting) in enumerate(place.cells):
            name = f"{experiment.id} cell {c}"
            specs += [(r, setting, derive_seed(seed, name, r), labels) for r in range(replicates)]
    else:
        assert isinstance(place, Fixed)
        specs += [
            (r, place.setting, derive_seed(seed, experiment.id, r), place.labels) for r in range(replicates)
        ]

    def engine_seed(engine: str, run_seed: int) -> int:
        return run_seed if experiment.pair_engines else derive_seed(run_seed, engine)

    return [
        RunSpec(experiment.id, index, r, setting, engine_seed(engine, run_seed), engine, labels)
        for index, (engine, (r, setting, run_seed, labels)) in enumerate(
            (engine, spec) for engine in experiment.engines for spec in specs
        )
    ]


def run_steps(experiment: Experiment, setting: Setting) -> int:
    """Number of gradient steps of a run."""
    return max(1, min(setting.steps(experiment.clock), experiment.max_steps))


def snapshot_steps(experiment: Experiment, setting: Setting) -> list[int]:
    """Steps at which a run keeps its full state; the first is always 0 and the last its end."""
    last = run_steps(experiment, setting)
    if experiment.every_step_snapshots:
        return list(range(last + 1))
    inner = {min(setting.steps(clock), last) for clock in experiment.snapshots}
    return sorted({0, last} | inner)
