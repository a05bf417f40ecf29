"""One batch in a worker process: train, measure, return numbers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.sweep.runs import SweepBatch, SweepRun

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

_THREADS = "OMP_NUM_THREADS"
__all__ = [
    "Done",
    "measured",
    "one_thread",
    "peak_memory",
    "run_batch",
    "run_pickled",
    "train_batch",
    "warm_up",
]


@dataclass(frozen=True)
class Done:
    """A finished batch: values by run index, or what went wrong with a run; seconds and peak bytes."""

    batch: int
    values: Mapping[int, Mapping[str, float | bool]]
    failed: Mapping[int, str]
    seconds: float
    peak_bytes: int


@contextmanager
def one_thread() -> Iterator[None]:
    """One worker is one core: sums over several threads are split differently, and would differ in the last
    bits from one machine or backend to another."""
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")  # loaded later, it heeds the variable
    threads, given = 0 if torch is None else torch.get_num_threads(), os.environ.get(_THREADS)
    if torch is not None:
        torch.set_num_threads(1)
    os.environ[_THREADS] = "1"  # where `simulation.threads` looks
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
        if given is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = given


def run_batch(batch: SweepBatch, device: str) -> Done:
    """Train and measure one batch. A run that fails is named in `failed`; the others are kept."""
    started = time.perf_counter()
    values: dict[int, Mapping[str, float | bool]] = {}
    failed: dict[int, str] = {}
    with one_thread():
        for run, trajectory in _trained(batch, device, failed):
            try:
                values[run.index] = measured(batch, run, trajectory)
            except Exception as error:  # a measure may be a user's function and raise anything
                failed[run.index] = _reason(error)
    return Done(batch.index, values, failed, time.perf_counter() - started, peak_memory())


def run_pickled(payload: bytes, device: str) -> Done:
    """`run_batch` of a batch pickled by cloudpickle: functions of a claims file travel whole."""
    import cloudpickle

    return run_batch(cloudpickle.loads(payload), device)


def _trained(batch: SweepBatch, device: str, failed: dict[int, str]) -> Iterator[tuple[SweepRun, Trajectory]]:
    """Each run with its trajectory, let go one by one; in a batch that fails, every run alone."""
    try:
        made = train_batch(batch, device)
    except Exception as error:
        if len(batch.runs) == 1:
            failed[batch.runs[0].index] = _reason(error)
            return
        for run in batch.runs:
            yield from _trained(replace(batch, runs=(run,)), device, failed)
        return
    made.reverse()
    for run in batch.runs:
        yield run, made.pop()


def train_batch(batch: SweepBatch, device: str) -> list[Trajectory]:
    """The trajectories of a batch's runs: law runs side by side, others one after the other."""
    from simulation.two_stage.training import train, train_many

    if batch.engine == "law":
        return train_many(
            [run.setting for run in batch.runs],
            [run.seed for run in batch.runs],
            steps=[run.steps for run in batch.runs],
            record_every=batch.record_every,
            snapshots=[run.snapshots for run in batch.runs],
            device=device,
            dtype=batch.dtype,
            variation=batch.variation,
            stop=batch.stop,
        )
    return [
        train(
            run.setting,
            steps=run.steps,
            engine=batch.engine,
            record_every=batch.record_every,
            snapshots=run.snapshots,
            device=device,
            dtype=batch.dtype,
            seed=run.seed,
            variation=batch.variation,
            stop=batch.stop,
        )
        for run in batch.runs
    ]


def measured(batch: SweepBatch, run: SweepRun, trajectory: Trajectory) -> dict[str, float | bool]:
    """All measures of one run, by column."""
    from simulation.two_stage.run import MeasuredRun

    seen = MeasuredRun(trajectory, run.setting, test_samples=batch.test_samples, test_lines=batch.test_lines)
    out: dict[str, float | bool] = {}
    for measure in batch.measures:
        try:
            out |= measure(seen)
        except Exception as error:
            raise RuntimeError(f"{measure.column}: {_reason(error)}") from error
    return out


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return f"not enough memory: {text}"
    return text if isinstance(error, RuntimeError) else f"{type(error).__name__}: {text}"


def warm_up(engine: str) -> None:
    """Load and compile all that a process holds besides its batch: libraries, compiled code, the store's."""
    from simulation.two_stage.run import MeasuredRun
    from simulation.two_stage.training import train
    from theory.two_stage.setting import Setting
    from verify.store.shard import encode

    tiny = Setting.from_n_snr2(
        n=4, d=50, m=2, n_snr2=4.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.1
    )
    with one_thread():
        MeasuredRun(train(tiny, steps=2, engine=engine), tiny).log_test_error("iid", 0.1)
    encode(0, {"": {"": 0.0}})


def peak_memory() -> int:
    """The most bytes this process has held in memory so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
