"""Where batches are made: in this process, in worker processes, or on a dask cluster.

Every backend makes the batches it is given, in any order, and hides nothing: a batch whose worker died is
yielded as `Lost`, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from verify.runs.worker import Done, run_batch
from verify.sweep.runs import SweepBatch

__all__ = ["Backend", "Lost", "SerialBackend"]


@dataclass(frozen=True)
class Lost:
    """A batch that could not be made, and why."""

    batch: int
    reason: str


class Backend(Protocol):
    """Makes batches. Closing the iterator stops all workers that this backend started."""

    @property
    def name(self) -> str:
        """serial, loky or dask."""
        ...

    @property
    def workers(self) -> int:
        """Batches that are made at the same time."""
        ...

    def run(self, batches: Sequence[SweepBatch], device: str) -> Iterator[Done | Lost]:
        """Every batch's outcome as it comes, the first batches started first."""
        ...


class SerialBackend:
    """One batch after the other in this process."""

    name = "serial"
    workers = 1

    def run(self, batches: Sequence[SweepBatch], device: str) -> Iterator[Done | Lost]:
        """In the order given."""
        for batch in batches:
            yield run_batch(batch, device)
