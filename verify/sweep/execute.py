"""Making a sweep: what is stored is taken, the rest is made by a backend and stored batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from verify.runs.backends import Backend, Lost
from verify.sweep.kept import KeptRuns
from verify.sweep.runs import SweepBatch

__all__ = ["Made", "make_runs", "stored_runs"]

Values = Mapping[str, float | bool]


@dataclass
class Made:
    """Values by run index, what went wrong by run index, and what it took."""

    values: dict[int, Values] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    reused: int = 0
    seconds: float = 0.0
    work_seconds: float = 0.0
    peak_bytes: int = 0
    interrupted: bool = False


def stored_runs(batches: Sequence[SweepBatch], kept: KeptRuns) -> dict[int, dict[int, Values]]:
    """The values of the batches that are finished, by batch index."""
    found = {batch.index: kept.load(batch) for batch in batches}
    return {index: values for index, values in found.items() if values is not None}


def make_runs(
    batches: Sequence[SweepBatch],
    *,
    backend: Backend,
    device: str,
    kept: KeptRuns,
    stored: Mapping[int, Mapping[int, Values]],
    cost: Mapping[int, float],
    failed: Callable[[str], None],
    advance: Callable[[float], None],
) -> Made:
    """Make what is not stored, the costliest batches first.

    Args:
        cost: predicted seconds by batch index: the order, and the units of `advance`.
        failed: told, in one line, of every run that failed and every batch whose worker died.
        advance: told the cost of each batch as it ends.

    An interrupt ends the workers and is reported in the result; what was finished is stored.
    """
    made = Made()
    for values in stored.values():
        made.values |= values
        made.reused += len(values)
    by_index = {batch.index: batch for batch in batches if batch.index not in stored}
    ordered = sorted(by_index.values(), key=lambda b: (-cost.get(b.index, 0.0), b.index))
    began = time.perf_counter()
    try:
        with closing(backend.run(ordered, device)) as outcomes:  # type: ignore[type-var]
            for outcome in outcomes:
                batch = by_index[outcome.batch]
                runs = {run.index: run for run in batch.runs}
                if isinstance(outcome, Lost):
                    first, last = batch.runs[0], batch.runs[-1]
                    failed(f"batch {batch.index}: {outcome.reason}; lost are {first.where} to {last.where}")
                    made.failed |= dict.fromkeys(runs, outcome.reason)
                else:
                    kept.save(batch, outcome)
                    made.values |= outcome.values
                    made.failed |= outcome.failed
                    for index, reason in outcome.failed.items():
                        failed(f"{runs[index].where}: {reason}")
                    made.work_seconds += outcome.seconds
                    made.peak_bytes = max(made.peak_bytes, outcome.peak_bytes)
                advance(cost.get(batch.index, 0.0))
    except KeyboardInterrupt:
        made.interrupted = True
    made.seconds = time.perf_counter() - began
    return made
