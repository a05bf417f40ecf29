"""A cluster that has lost its workers is not waited for without end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from verify.runs import dask
from verify.runs.batch import Lost
from verify.runs.dask import DaskBackend


class Future:
    """Finished after so many looks."""

    def __init__(self, after: float) -> None:
        self.after = after

    @property
    def status(self) -> str:
        self.after -= 1
        return "finished" if self.after < 0 else "pending"


class Failed:
    """Ended with an error, or lost with the worker that had it."""

    def __init__(self, status: str, error: Exception | None = None) -> None:
        self.status, self._error = status, error

    def exception(self) -> Exception | None:
        return self._error

    def result(self, timeout: float) -> None:
        raise self._error or TimeoutError


def task(future: Any, losses: int = 0) -> dask._Task:
    return dask._Task(SimpleNamespace(index=7), future, losses)  # type: ignore[arg-type]


def backend(workers: dict[str, Any], status: str = "running") -> DaskBackend:
    one = object.__new__(DaskBackend)
    one.address = "tcp://here:1"
    one._client = SimpleNamespace(scheduler_info=lambda n_workers: {"workers": workers}, status=status)
    return one


def test_a_cluster_without_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_WORKERLESS_SECONDS", 0.05)
    with pytest.raises(ValueError, match="--scheduler: no worker is left at tcp://here:1"):
        backend({})._next([task(Future(1000))])
    with pytest.raises(ValueError, match="--scheduler: the scheduler at tcp://here:1 is gone"):
        backend({"w": {}}, "closed")._next([task(Future(0))])


def test_workers_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_WORKERLESS_SECONDS", 0.05)
    slow, quick = task(Future(9)), task(Future(5))
    assert backend({"w": {}})._next([slow, quick]) is quick
    assert backend({})._next([task(Future(1000)), quick]) is quick


def test_a_result_that_was_lost_is_made_again_a_few_times() -> None:
    for future in (Failed("lost"), Failed("cancelled"), Failed("finished")):
        assert dask._outcome(task(future)) is None
        found = dask._outcome(task(future, losses=dask._TRIES - 1))
        assert found == Lost(7, "every worker that had it was lost")


def test_what_kills_its_worker_is_lost_and_not_tried_again() -> None:
    killed = type("KilledWorker", (Exception,), {})
    assert dask._outcome(task(Failed("error", killed()))) == Lost(7, "every worker that tried it died")
    assert dask._outcome(task(Failed("error", OSError("no  disk")))) == Lost(7, "OSError: no disk")
