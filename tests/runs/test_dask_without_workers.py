"""A cluster that has lost its workers is not waited for without end; what was lost is made again."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from verify.runs import dask
from verify.runs.batch import Done, Lost
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


class Ending:
    """A future that has ended, and remembers what was asked of it."""

    def __init__(self, batch: int, status: str) -> None:
        self.batch, self.status = batch, status
        self.cancelled = self.released = False

    def result(self, timeout: float) -> Done:
        return Done(self.batch, ())

    def cancel(self, force: bool) -> None:
        self.cancelled = True

    def release(self) -> None:
        self.released = True


class Ends:
    """A client whose tasks end as told, one after the other; then all finish."""

    status = "running"

    def __init__(self, *ends: str) -> None:
        self.ends, self.futures = iter(ends), list[Ending]()

    def submit(self, work: Any, batch: int, *others: Any, pure: bool) -> Ending:
        self.futures.append(Ending(batch, next(self.ends, "finished")))
        return self.futures[-1]


def connected(monkeypatch: pytest.MonkeyPatch, *ends: str) -> tuple[DaskBackend, Ends]:
    monkeypatch.setattr(dask, "pickled", lambda batch: batch.index)
    one = object.__new__(DaskBackend)
    one.address, one.workers = "tcp://here:1", 1
    one._client = client = Ends(*ends)
    return one, client


def batches(count: int) -> Sequence[Any]:
    return [SimpleNamespace(index=k) for k in range(count)]


def test_a_lost_batch_is_made_again_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    one, client = connected(monkeypatch, "lost", "finished", "lost", "lost")
    found = list(one.run(batches(3), "cpu"))
    assert all(isinstance(outcome, Done) for outcome in found)
    assert sorted(outcome.batch for outcome in found) == [0, 1, 2]
    assert [f.batch for f in client.futures] == [0, 1, 0, 2, 0, 2]
    assert all(f.released and not f.cancelled for f in client.futures)


def test_a_batch_is_given_up_after_three_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    one, client = connected(monkeypatch, "lost", "cancelled", "lost")
    assert list(one.run(batches(1), "cpu")) == [Lost(0, "every worker that had it was lost")]
    assert len(client.futures) == 3


def test_what_is_under_way_is_cancelled_when_no_more_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    one, client = connected(monkeypatch)
    outcomes: Any = one.run(batches(9), "cpu")
    assert next(outcomes).batch == 0
    outcomes.close()
    assert [(f.batch, f.released, f.cancelled) for f in client.futures] == [
        (0, True, False),
        (1, False, True),
    ]


def test_nothing_is_cancelled_on_a_connection_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    one, client = connected(monkeypatch)
    outcomes: Any = one.run(batches(9), "cpu")
    next(outcomes)
    client.status = "closed"
    outcomes.close()
    assert not any(f.cancelled for f in client.futures)
