"""The runs of a sweep and the batches they are made in: a function of the configuration alone.

How runs are grouped never depends on the number of workers, the backend, or what is stored already, so
their numbers do not either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulation.two_stage.stopping import StopRule
from theory.claim import Claim
from theory.ledger import Ledger
from theory.rng import derive_seed
from theory.two_stage.setting import Setting
from theory.two_stage.variation import Variation
from verify.runs.plan import run_steps, snapshot_steps
from verify.sweep.config import SweepConfig
from verify.sweep.measures import Measure, QuantityMeasure, parse_measures
from verify.sweep.points import Point, sweep_points

__all__ = ["Sweep", "SweepBatch", "SweepRun", "compose", "plan_sweep", "run_seed", "split_batch"]

#: Law runs of one batch: enough to make handing it out and storing it cheap, few enough to lose.
BATCH_RUNS = 16
#: Steps x filters x (samples + 20)^2 of a batch's largest shape against the mean: what padding may cost.
_WASTE = 1.25
_MOST_STEPS = 10**8


@dataclass(frozen=True)
class SweepRun:
    """One run: replicate `replicate` of point `point`."""

    index: int
    point: int
    replicate: int
    setting: Setting
    seed: int
    steps: int
    snapshots: tuple[int, ...]

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"run {self.index} (point {self.point}, replicate {self.replicate}, seed {self.seed})"

    @property
    def work(self) -> float:
        """Relative cost: steps x filters x (samples + overhead)^2."""
        return self.steps * self.setting.m * (self.setting.n + 20.0) ** 2


@dataclass(frozen=True)
class SweepBatch:
    """Runs that are made together in one process, and all that making and measuring them needs."""

    index: int
    runs: tuple[SweepRun, ...]
    engine: str
    dtype: str
    variation: Variation
    stop: StopRule | None
    record_every: int
    measures: tuple[Measure, ...]
    test_samples: int
    test_lines: int

    @property
    def work(self) -> float:
        """Relative cost; real networks cost d instead of n a pair of neuron and sample."""
        if self.engine == "cnn":
            return sum(r.steps * r.setting.m * r.setting.n * float(r.setting.d) for r in self.runs)
        return sum(r.work for r in self.runs)


@dataclass(frozen=True)
class Sweep:
    """A configuration with its points, runs, batches and the claims it measures."""

    config: SweepConfig
    points: tuple[Point, ...]
    batches: tuple[SweepBatch, ...]
    claims: tuple[Claim, ...]

    @property
    def runs(self) -> tuple[SweepRun, ...]:
        """All runs, by index."""
        return tuple(sorted((r for b in self.batches for r in b.runs), key=lambda r: r.index))

    @property
    def steps(self) -> int:
        """Gradient steps of all runs."""
        return sum(r.steps for b in self.batches for r in b.runs)


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
    measures, claims = parse_measures(config.measure, ledger)
    if claims and config.record_every != 1:
        raise ValueError(
            f"record_every must be 1 where claims are measured ({claims[0].id}), was {config.record_every}"
        )
    if claims and config.stop is not None:
        raise ValueError(f"stop: claims are measured on runs that reach their end ({claims[0].id})")
    states = [clock for m in measures if isinstance(m, QuantityMeasure) for clock in m.states]
    states += config.snapshot_clocks
    at_snapshots = [m.column for m in measures if isinstance(m, QuantityMeasure) and m.quantity.states]
    if at_snapshots and len(config.snapshot_clocks) < 2:
        raise ValueError(f"snapshots must hold 2 clocks or more: {at_snapshots[0]} is seen there only")
    points = sweep_points(config)
    runs = []
    for point in points:
        steps = _steps(config, point)
        _check_reached(point, steps, states, measures)
        kept = _snapshots(point, steps, states, claims)
        runs += [
            SweepRun(
                index=point.index * config.replicates + replicate,
                point=point.index,
                replicate=replicate,
                setting=point.setting,
                seed=run_seed(config.seed, point.index, replicate),
                steps=steps,
                snapshots=kept,
            )
            for replicate in range(config.replicates)
        ]
    whole = SweepBatch(
        index=0,
        runs=tuple(runs),
        engine=config.engine,
        dtype=config.dtype,
        variation=config.variation.variation(),
        stop=None if config.stop is None else config.stop.rule(),
        record_every=config.record_every,
        measures=tuple(measures),
        test_samples=config.test_samples,
        test_lines=config.test_lines,
    )
    return Sweep(config, tuple(points), compose(whole), tuple(claims))


def _steps(config: SweepConfig, point: Point) -> int:
    if config.steps is not None:
        return config.steps
    assert config.clock is not None
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


def compose(whole: SweepBatch) -> tuple[SweepBatch, ...]:
    """The batches of all runs: law runs of near shapes and lengths together, others alone."""
    if whole.engine != "law":
        return tuple(replace(whole, index=k, runs=(run,)) for k, run in enumerate(whole.runs))
    ordered = sorted(whole.runs, key=lambda r: (r.steps, r.setting.m, r.setting.n, r.index))
    groups: list[list[SweepRun]] = []
    for run in ordered:
        if groups and len(groups[-1]) < BATCH_RUNS and _waste([*groups[-1], run]) <= _WASTE:
            groups[-1].append(run)
        else:
            groups.append([run])
    return tuple(replace(whole, index=k, runs=tuple(group)) for k, group in enumerate(groups))


def _waste(runs: Sequence[SweepRun]) -> float:
    """Work at the padded shape over the work asked for."""
    n = max(r.setting.n for r in runs) + 20.0
    padded = len(runs) * max(r.steps for r in runs) * max(r.setting.m for r in runs) * n**2
    return padded / sum(r.work for r in runs)


def split_batch(batch: SweepBatch, parts: int) -> list[SweepBatch]:
    """The batch in up to `parts` pieces of near equal size, in order."""
    size = -(-len(batch.runs) // parts)
    return [
        replace(batch, runs=batch.runs[start : start + size]) for start in range(0, len(batch.runs), size)
    ]
