"""Making the runs: batches of equal shape, measured where they are made, in worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from theory.experiment import Experiment
from theory.run import NotApplicable
from theory.two_stage.variation import PLAIN, Variation
from verify.runs.plan import RunSpec, run_steps, snapshot_steps

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = [
    "Batch",
    "Keeper",
    "MeasureError",
    "Measurement",
    "batches",
    "execute",
    "measure_spec",
    "run_batch",
]

_BATCH = 16


class MeasureError(ValueError):
    """A claim's `measure` raised; the message names the claim and the error."""


@dataclass(frozen=True)
class Measurement:
    """What the claims' measures returned on one run: id -> value, or the reason it does not apply."""

    spec: RunSpec
    steps: int
    values: Mapping[str, Any]
    not_applicable: Mapping[str, str]


@dataclass(frozen=True)
class Batch:
    """Runs of one engine that are trained side by side; `measures[k]` are those of run k.

    `trainer` makes the trajectories in place of the engine: how a false engine is put to the test.
    """

    specs: tuple[RunSpec, ...]
    steps: tuple[int, ...]
    snapshots: tuple[tuple[int, ...], ...]
    measures: tuple[tuple[tuple[str, Callable[[Any], Any]], ...], ...]
    variation: Variation = PLAIN
    trainer: Callable[[Batch], Sequence[Trajectory]] | None = None

    @property
    def cost(self) -> float:
        """Rough relative cost: steps x m n^2 x runs, at the padded shape."""
        n = max(s.setting.n for s in self.specs) + 60.0
        return len(self.specs) * max(self.steps) * max(s.setting.m for s in self.specs) * n**2


def batches(
    experiment: Experiment,
    specs: Sequence[RunSpec],
    measures: Mapping[str, Callable[[Any], Any]],
    wanted: Mapping[int, Sequence[str]],
) -> list[Batch]:
    """Group an experiment's runs; `wanted` names, by run index, the claims that judge it.

    Law-engine runs of similar length and shape go together; real networks train alone. How runs are
    grouped depends on the plan alone, never on the number of workers.
    """
    chosen = [spec for spec in specs if wanted.get(spec.index)]
    alone = [[spec] for spec in chosen if spec.engine != "law"]
    together = sorted(
        (spec for spec in chosen if spec.engine == "law"),
        key=lambda s: (run_steps(experiment, s.setting), s.setting.m, s.setting.n, s.index),
    )
    groups = [together[k : k + _BATCH] for k in range(0, len(together), _BATCH)] + alone
    return [
        Batch(
            specs=tuple(group),
            steps=tuple(run_steps(experiment, spec.setting) for spec in group),
            snapshots=tuple(tuple(snapshot_steps(experiment, spec.setting)) for spec in group),
            measures=tuple(
                tuple((claim_id, measures[claim_id]) for claim_id in wanted[spec.index]) for spec in group
            ),
            variation=experiment.variation,
        )
        for group in groups
    ]


def _measure(
    trajectory: Any, spec: RunSpec, steps: int, measures: Sequence[tuple[str, Callable[[Any], Any]]]
) -> Measurement:
    from simulation.two_stage.run import MeasuredRun

    run = MeasuredRun(trajectory, spec.setting)
    values: dict[str, Any] = {}
    not_applicable: dict[str, str] = {}
    for claim_id, measure in measures:
        try:
            value = measure(run)
        except Exception as error:  # a user's function may raise anything
            raise MeasureError(f"claim {claim_id}: measure raised {type(error).__name__}: {error}") from error
        if isinstance(value, NotApplicable):
            not_applicable[claim_id] = value.reason
        else:
            values[claim_id] = value
    return Measurement(spec, steps, values, not_applicable)


def run_batch(batch: Batch, device: str, threads: int | None) -> list[Measurement]:
    """Train and measure one batch."""
    from simulation.two_stage.training import train, train_many

    if threads is not None and batch.specs[0].engine == "cnn":
        import torch

        torch.set_num_threads(threads)
    trajectories: Sequence[Trajectory]
    if batch.trainer is not None:
        trajectories = batch.trainer(batch)
    elif batch.specs[0].engine == "law":
        trajectories = train_many(
            [spec.setting for spec in batch.specs],
            [spec.seed for spec in batch.specs],
            steps=batch.steps,
            snapshots=batch.snapshots,
            device=device,
            variation=batch.variation,
        )
    else:
        trajectories = [
            train(
                spec.setting,
                steps=steps,
                engine=spec.engine,
                snapshots=kept,
                seed=spec.seed,
                device=device,
                variation=batch.variation,
                # What claims compare with the theory is the module's own gradient, not one written out.
                gradient="autograd",
            )
            for spec, steps, kept in zip(batch.specs, batch.steps, batch.snapshots, strict=True)
        ]
    return [
        _measure(trajectory, spec, steps, measures)
        for trajectory, spec, steps, measures in zip(
            trajectories, batch.specs, batch.steps, batch.measures, strict=True
        )
    ]


def measure_spec(
    experiment: Experiment, spec: RunSpec, claim_id: str, measure: Callable[[Any], Any]
) -> Measurement:
    """One run for one claim, in this process: replays and the search for counterexamples."""
    (batch,) = batches(experiment, [spec], {claim_id: measure}, {spec.index: [claim_id]})
    return run_batch(batch, "cpu", None)[0]


class Keeper(Protocol):
    """Keeps finished batches; `threads` is the number a run's sums are split over (`verify.store`)."""

    def load(self, batch: Batch, device: str, threads: int) -> list[Measurement] | None:
        """A batch's measurements, if it was made before."""
        ...

    def save(self, batch: Batch, device: str, threads: int, made: Sequence[Measurement]) -> None:
        """Keep a batch that was made."""
        ...


def execute(
    work: Sequence[Batch], *, jobs: int, device: str, progress: bool, keeper: Keeper | None = None
) -> Iterable[Measurement]:
    """All measurements, in no particular order; the costliest batches start first. Of those that the keeper
    has, none is made again."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    ordered = sorted(work, key=lambda b: -b.cost)
    bar = Progress(
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not progress,
    )
    total = sum(len(b.specs) for b in ordered)
    with bar:
        task = bar.add_task("runs", total=total)
        for done in _results(ordered, jobs, device, keeper):
            bar.advance(task, len(done))
            yield from done


def _results(
    ordered: Sequence[Batch], jobs: int, device: str, keeper: Keeper | None
) -> Iterable[list[Measurement]]:
    # Decided by the whole work, not by what is left of it: a resumed run rounds like an uninterrupted one.
    alone = jobs == 1 or len(ordered) <= 1
    if keeper is None:
        for _, done in _made(list(enumerate(ordered)), alone, jobs, device):
            yield done
        return
    from simulation.threads import available_threads

    threads = available_threads() if alone else 1
    left = []
    for index, batch in enumerate(ordered):
        known = keeper.load(batch, device, threads)
        if known is None:
            left.append((index, batch))
        else:
            yield known
    for index, done in _made(left, alone, jobs, device):
        keeper.save(ordered[index], device, threads, done)
        yield done


def _made(
    left: Sequence[tuple[int, Batch]], alone: bool, jobs: int, device: str
) -> Iterable[tuple[int, list[Measurement]]]:
    if alone:
        for index, batch in left:
            yield index, run_batch(batch, device, None)
        return
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    yield from pool(delayed(_numbered)(index, batch, device) for index, batch in left)


def _numbered(index: int, batch: Batch, device: str) -> tuple[int, list[Measurement]]:
    return index, run_batch(batch, device, 1)
