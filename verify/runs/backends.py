"""Where batches are made: in this process, in worker processes, or on a dask cluster.

Every backend makes the batches it is given, in any order, and hides nothing: a batch whose worker died is
yielded as `Lost`, and the others go on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Protocol

from verify.runs.batch import Batch, Done, Lost
from verify.runs.work import run_batch

__all__ = ["Backend", "SerialBackend", "backend_for"]


class Backend(Protocol):
    """Makes batches. Closing the iterator stops all that this backend has under way."""

    @property
    def name(self) -> str:
        """serial, loky or dask."""

    @property
    def workers(self) -> int:
        """Batches that are made at the same time."""

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        """Every batch's outcome as it comes, the first batches started first; a batch is taken from `batches`
        when a worker is free. `seconds` are allowed to one call of a measure."""

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        """One batch in a process of its own, where the backend has one to give."""

    def afresh(
        self, batches: Iterable[Batch], device: str, seconds: float = math.inf
    ) -> Iterator[Done | Lost]:
        """Batches in new processes, in the order given, where the backend has them to give."""


class SerialBackend:
    """One batch after the other in this process: nothing keeps a measure from ending it."""

    name = "serial"
    workers = 1

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        """In the order given."""
        for batch in batches:
            yield run_batch(batch, device)

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        """In this process."""
        return run_batch(batch, device)

    def afresh(
        self, batches: Iterable[Batch], device: str, seconds: float = math.inf
    ) -> Iterator[Done | Lost]:
        """In this process."""
        return self.run(batches, device, seconds)


def backend_for(jobs: int, *, isolated: bool = False) -> Backend:
    """This process for one job of the project's own code, worker processes for more or where `isolated`."""
    if jobs == 1 and not isolated:
        return SerialBackend()
    from verify.runs.loky import LokyBackend

    return LokyBackend(jobs, sparing=isolated)
