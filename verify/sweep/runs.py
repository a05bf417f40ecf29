"""The runs of a sweep and the batches they are made in: a function of the configuration alone.

How runs are grouped never depends on the number of workers, the backend, or what is stored already, so
their numbers do not either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulation.models import Engine, Job
from theory.claim import Claim
from theory.ledger import Ledger
from theory.rng import derive_seed
from verify.runs.batch import Batch
from verify.runs.plan import RunSpec, run_steps, snapshot_steps
from verify.sweep.config import SweepConfig
from verify.sweep.measures import Measure, QuantityMeasure, parse_measures
from verify.sweep.points import Point, sweep_points

__all__ = ["Sweep", "compose", "part", "plan_sweep", "run_seed", "split_batch", "where"]

#: What padding runs to one shape may cost.
_WASTE = 1.25
_MOST_STEPS = 10**8


@dataclass(frozen=True)
class Sweep:
    """A configuration with its points, batches, measures and the claims among them."""

    config: SweepConfig
    points: tuple[Point, ...]
    batches: tuple[Batch, ...]
    measures: tuple[Measure, ...]
    claims: tuple[Claim, ...]

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """All runs, by index."""
        return tuple(sorted((r for b in self.batches for r in b.specs), key=lambda r: r.index))

    @property
    def steps(self) -> int:
        """Steps of all runs."""
        return sum(job.steps for b in self.batches for job in b.jobs)


def where(run: RunSpec) -> str:
    """How messages name a run."""
    return f"run {run.index} (point {run.labels['point']}, replicate {run.replicate}, seed {run.seed})"


def run_seed(seed: int, point: int, replicate: int) -> int:
    """A run's own seed: a pure function of (sweep seed, point, replicate).

    >>> run_seed(0, 1, 2) == run_seed(0, 1, 2) != run_seed(0, 2, 1)
    True
    """
    return derive_seed(seed, f"sweep point {point}", replicate)


def plan_sweep(config: SweepConfig, ledger: Callable[[], Ledger]) -> Sweep:
    """Points, runs and batches of a configuration.

    Raises:
        ValueError: naming the point or the measure that cannot be, and what is allowed.
    """
    subject = config.subject
    own = not isinstance(subject.model.engines, str)
    measures, claims = parse_measures(config.measure, ledger, subject.paper.quantities, entries=own)
    if claims and config.record_every != 1:
        raise ValueError(
            f"record_every must be 1 where claims are measured ({claims[0].id}), was {config.record_every}"
        )
    if claims and config.stop is not None:
        raise ValueError(f"stop: claims are measured on runs that reach their end ({claims[0].id})")
    quantities = [m for m in measures if isinstance(m, QuantityMeasure)]
    states = [clock for m in quantities for clock in m.states]
    states += config.snapshot_clocks
    at_snapshots = [m.column for m in quantities if m.quantity.states]
    if at_snapshots and len(config.snapshot_clocks) < 2:
        raise ValueError(f"snapshots must hold 2 clocks or more: {at_snapshots[0]} is seen there only")
    sampled = any(m.sampled for m in measures)
    points = sweep_points(config)
    runs: list[tuple[RunSpec, Job]] = []
    for point in points:
        steps = _steps(config, point)
        _check_reached(point, steps, states, measures)
        job = Job(
            point.setting,
            0,
            steps=steps,
            snapshots=_snapshots(point, steps, states, claims),
            record=None if config.record_every == 1 else _records(steps, config.record_every),
            dtype=config.dtype or subject.maker.dtypes[0],
            options=config.options,
            stop=config.stop_rule,
            precision=tuple(config.counts.items()) if sampled else (),
        )
        for replicate in range(config.replicates):
            spec = RunSpec(
                experiment=f"sweep {config.name}",
                index=point.index * config.replicates + replicate,
                replicate=replicate,
                setting=point.setting,
                seed=run_seed(config.seed, point.index, replicate),
                engine=subject.engine,
                labels={"point": point.index},
            )
            runs.append((spec, replace(job, seed=spec.seed)))
    whole = Batch(
        index=0,
        specs=tuple(spec for spec, _ in runs),
        jobs=tuple(job for _, job in runs),
        measures=(tuple((m.column, m) for m in measures),) * len(runs),
        model=subject.model,
        engine=subject.engine,
        go_on=True,
    )
    return Sweep(config, tuple(points), compose(whole), tuple(measures), tuple(claims))


def _records(steps: int, every: int) -> Sequence[int]:
    """Multiples of `every`; a last step that is none is recorded besides."""
    return range(0, steps + 1, every) if steps % every == 0 else (*range(0, steps, every), steps)


def _steps(config: SweepConfig, point: Point) -> int:
    if config.steps is not None:
        return config.steps
    if config.clock is None:
        return 0
    h = point.setting.clock_step
    if config.clock > h * _MOST_STEPS:
        raise ValueError(
            f"point {point.index}: clock must be at most {h * _MOST_STEPS:g} ({_MOST_STEPS} steps of "
            f"clock_step {h:g}), was {config.clock:g}"
        )
    return max(1, point.setting.steps(config.clock))


def _check_reached(point: Point, steps: int, states: Sequence[float], measures: Sequence[Measure]) -> None:
    end = point.setting.clock(steps)
    asked = [(m.column, c) for m in measures if isinstance(m, QuantityMeasure) for c in m.clocks]
    for what, clock in [*asked, *(("snapshots", c) for c in states)]:
        if clock > end * (1 + 1e-9):
            raise ValueError(
                f"{what}: clock {clock:g} is not reached: point {point.index} ends at clock {end:g}"
            )


def _snapshots(point: Point, steps: int, states: Sequence[float], claims: Sequence[Claim]) -> tuple[int, ...]:
    kept = {0, steps} | {min(steps, point.setting.steps(clock)) for clock in states}
    for claim in claims:
        needed = run_steps(claim.experiment, point.setting)
        if needed > steps:
            raise ValueError(
                f"measure: claim {claim.id} is measured over {needed} steps (clock "
                f"{point.setting.clock(needed):g}); point {point.index} ends after {steps}"
            )
        kept.update(t for t in snapshot_steps(claim.experiment, point.setting) if t <= steps)
    return tuple(sorted(kept))


def compose(whole: Batch) -> tuple[Batch, ...]:
    """The batches of all runs: those of near shapes and lengths together, where the engine makes several."""
    engine, jobs = whole.maker, whole.jobs
    order = sorted(range(len(jobs)), key=lambda k: (engine.shape(jobs[k]), whole.specs[k].index))
    groups: list[list[int]] = []
    for k in order if engine.most > 1 else range(len(jobs)):
        last = groups[-1] if groups else []
        if last and len(last) < engine.most and _together(engine, [jobs[j] for j in (*last, k)]):
            last.append(k)
        else:
            groups.append([k])
    return tuple(part(whole, group, index) for index, group in enumerate(groups))


def _together(engine: Engine, jobs: Sequence[Job]) -> bool:
    same = engine.key(jobs[0]) == engine.key(jobs[-1])
    return same and engine.beside(jobs) <= _WASTE * sum(engine.work(job) for job in jobs)


def part(batch: Batch, places: Sequence[int], index: int) -> Batch:
    """Some runs of a batch, as a batch of this index."""
    return replace(
        batch,
        index=index,
        specs=tuple(batch.specs[k] for k in places),
        jobs=tuple(batch.jobs[k] for k in places),
        measures=tuple(batch.measures[k] for k in places),
    )


def split_batch(batch: Batch, parts: int) -> list[Batch]:
    """The batch in up to `parts` pieces of near equal size, in order."""
    count = len(batch.specs)
    size = -(-count // parts)
    return [part(batch, range(k, min(k + size, count)), batch.index) for k in range(0, count, size)]
