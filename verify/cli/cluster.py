"""`--backend dask --scheduler ADDRESS`, alike in `run` and `sweep`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.runs.dask import DaskBackend

__all__ = ["check_scheduler", "cluster_at"]


def check_scheduler(backend: str, scheduler: str | None) -> None:
    """Raise ValueError where one of the two options is given without the other."""
    if (backend == "dask") != (scheduler is not None):
        raise ValueError("--backend dask and --scheduler ADDRESS go together: give both or neither")


@contextmanager
def cluster_at(scheduler: str | None) -> Iterator[DaskBackend | None]:
    """The connection to a scheduler, closed on leaving; None without one."""
    if scheduler is None:
        yield None
        return
    from verify.runs.dask import DaskBackend

    with closing(DaskBackend(scheduler)) as connected:
        yield connected
