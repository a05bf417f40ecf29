"""The cost plan of a sweep: runs, batches, steps, seconds, memory and bytes on disk, before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verify.sweep.memory import Fit, show_bytes
from verify.sweep.pilot import Timing, batch_seconds, makespan
from verify.sweep.runs import Sweep

__all__ = ["CostPlan", "cost_plan", "disk_bytes", "show_seconds"]

#: Bytes of one measured number, compressed in the store and in Parquet, and as text; and of a row's key.
_STORE, _PARQUET, _CSV, _KEY = 5.0, 5.0, 12.0, 22.0
#: Bytes of a column's description in a file of the store and in Parquet, and of the rest of a file.
_STORE_COLUMN, _PARQUET_COLUMN, _FILE = 110.0, 600.0, 500.0
#: Columns of a row besides its measures: run, point, replicate, seed, steps, setting, groups, failed; as text
#: these are shorter, since most are inputs.
_OWN_COLUMNS, _OWN_CSV = 22, 7.0


@dataclass(frozen=True)
class CostPlan:
    """What a sweep will cost.

    `to_do` and `done` count runs; `seconds` is the predicted time with `workers` workers, `work_seconds` the
    sum over batches (`by_batch`).
    """

    runs: int
    done: int
    batches: int
    split: int
    steps: int
    workers: int
    seconds: float
    by_batch: Mapping[int, float]
    start_seconds: float
    pilot_seconds: float
    pilots: int
    worker_bytes: int
    total_bytes: int
    disk: int
    stops: bool

    @property
    def to_do(self) -> int:
        """Runs that are left to make."""
        return self.runs - self.done

    def lines(self) -> list[str]:
        """For the terminal."""
        split = f", {self.split} of them split to fit into memory" if self.split else ""
        done = f", {self.done} of them finished before" if self.done else ""
        most = "at most " if self.stops else ""
        return [
            f"runs           {self.runs}{done}",
            f"batches        {self.batches}{split}",
            f"gradient steps {most}{self.steps}",
            f"time           {most}{show_seconds(self.seconds)} with {self.workers} worker(s)"
            f" ({show_seconds(sum(self.by_batch.values()))} of work, {show_seconds(self.start_seconds)} to"
            f" start; measured on {self.pilots} pilot batch(es) in {show_seconds(self.pilot_seconds)})",
            f"memory         {show_bytes(self.worker_bytes)} a worker, {show_bytes(self.total_bytes)} in all",
            f"disk           {show_bytes(self.disk)}",
        ]


def cost_plan(
    sweep: Sweep, fit: Fit, timing: Timing, *, finished: frozenset[int], start: float, columns: int
) -> CostPlan:
    """The plan of the batches that are left; `finished` holds the indices of the others."""
    left = [batch for batch in fit.batches if batch.index not in finished]
    by_batch = {batch.index: batch_seconds(batch, timing.pilots) for batch in left}
    seconds = makespan(list(by_batch.values()), min(fit.workers, max(len(left), 1))) if left else 0.0
    return CostPlan(
        runs=len(sweep.runs),
        done=sum(len(b.specs) for b in fit.batches if b.index in finished),
        batches=len(fit.batches),
        split=fit.split,
        steps=sweep.steps,
        workers=fit.workers,
        seconds=seconds + (start if left else 0.0),
        by_batch=by_batch,
        start_seconds=start if left else 0.0,
        pilot_seconds=timing.spent,
        pilots=len(timing.pilots),
        worker_bytes=fit.worker_bytes,
        total_bytes=fit.total_bytes,
        stops=sweep.config.stop is not None,
        disk=disk_bytes(len(sweep.runs), len(sweep.points), len(fit.batches), columns),
    )


def disk_bytes(runs: int, points: int, batches: int, columns: int) -> int:
    """Bytes of the store and the tables; `columns` of measures a run."""
    store = batches * (_FILE + _STORE_COLUMN * columns) + runs * (_KEY + _STORE * columns)
    parquet = _FILE + _PARQUET_COLUMN * (_OWN_COLUMNS + columns) + runs * (12 + _PARQUET * columns)
    csv = runs * (_OWN_CSV * _OWN_COLUMNS + _CSV * columns)
    summary = points * (_OWN_CSV * _OWN_COLUMNS + 3 * _CSV * columns)
    return round(store + parquet + csv + summary + 3000)


def show_seconds(seconds: float) -> str:
    """Seconds as a person reads them.

    >>> show_seconds(0.25), show_seconds(75), show_seconds(7300)
    ('0.25 s', '1 min 15 s', '2 h 01 min')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
