"""Making a sweep: what is kept is taken, the rest is made and kept batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from verify.runs import make
from verify.runs.backends import Backend
from verify.runs.batch import Batch, Measurement
from verify.runs.keep import Keeper
from verify.runs.plan import RunSpec
from verify.sweep.runs import where

__all__ = ["Made", "kept_runs", "make_sweep_runs"]

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


def kept_runs(batches: Sequence[Batch], keeper: Keeper, device: str) -> dict[int, list[Measurement]]:
    """The measurements of the batches that are finished, by batch index."""
    found = {batch.index: keeper.load(batch, device) for batch in batches}
    return {index: measurements for index, measurements in found.items() if measurements is not None}


class _SaveOnly:
    """A keeper that was asked before what it has."""

    def __init__(self, keeper: Keeper) -> None:
        self.save, self.again, self.beside = keeper.save, keeper.again, keeper.beside

    def load(self, batch: Batch, device: str) -> None:
        """Nothing."""
        return


def make_sweep_runs(
    batches: Sequence[Batch],
    *,
    backend: Backend,
    device: str,
    keeper: Keeper | None,
    kept: Mapping[int, Sequence[Measurement]],
    failed: Callable[[str], None],
    advance: Callable[[int], None],
) -> Made:
    """Make what is not kept, the costliest batches first.

    Args:
        failed: told, in one line, of every run that failed, neighbours with one reason together.
        advance: told the number of runs of each batch as it ends.

    An interrupt ends the workers and is reported in the result; what was finished is kept.
    """
    made, notes = Made(), make.Made()
    left = [batch for batch in batches if batch.index not in kept]
    specs = {spec.index: spec for batch in batches for spec in batch.specs}
    names = batches[0].names
    began = time.perf_counter()
    seen = [m for measurements in kept.values() for m in measurements]
    made.reused = len(seen)
    asked = {spec.index for batch in left for spec in batch.specs}
    try:
        seen.extend(
            make.make_runs(
                left,
                notes,
                device=device,
                backend=backend,
                keeper=None if keeper is None else _SaveOnly(keeper),
                advance=advance,
            )
        )
    except KeyboardInterrupt:
        made.interrupted = True
    made.seconds = time.perf_counter() - began
    for m in seen:
        reason = _broken(m, names, notes)
        if reason is None:
            made.values[m.spec.index] = dict(_columns(m))
        else:
            made.failed[m.spec.index] = reason
    unmade = {index: reason for (_, index), reason in notes.unmade.items()}
    made.failed |= {index: reason for index, reason in unmade.items() if index in asked}
    made.work_seconds, made.peak_bytes = sum(notes.seconds.values()), notes.peak_bytes
    for line in _lines(made.failed, specs):
        failed(line)
    return made


def _broken(m: Measurement, names: Sequence[str], notes: make.Made) -> str | None:
    """Why a run's row stays empty: its first measure that failed."""
    for name in names:
        if name in m.failures:
            return f"{name}: {m.failures[name].text}"
        if name not in m.values and name not in m.not_applicable:
            known = notes.failures.get(name)
            return f"{name}: {known[1].text}" if known is not None else f"{name}: not measured"
    return None


def _columns(m: Measurement) -> Iterator[tuple[str, float | bool]]:
    for name, value in m.values.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield name, value
    yield from ((name, float("nan")) for name in m.not_applicable)


def _lines(failed: Mapping[int, str], specs: Mapping[int, RunSpec]) -> Iterator[str]:
    """Neighbours that failed for one reason in one line."""
    ordered = sorted(failed)
    position = {index: k for k, index in enumerate(ordered)}
    for (reason, _), group in groupby(ordered, key=lambda k: (failed[k], k - position[k])):
        runs = [specs[k] for k in group]
        name = where(runs[0]) if len(runs) == 1 else f"{where(runs[0])} to {where(runs[-1])}"
        yield f"{name}: {reason}"
