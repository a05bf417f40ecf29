"""A cluster that has lost its workers is not waited for without end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from verify.runs import dask
from verify.runs.dask import DaskBackend


class Stream:
    """Futures that are ready after so many looks."""

    def __init__(self, after: float) -> None:
        self.after = after

    def has_ready(self) -> bool:
        self.after -= 1
        return self.after < 0

    def __next__(self) -> str:
        return "done"


def backend(workers: dict[str, Any]) -> DaskBackend:
    one = object.__new__(DaskBackend)
    one.address = "tcp://here:1"
    one._client = SimpleNamespace(scheduler_info=lambda n_workers: {"workers": workers})
    return one


def test_a_cluster_without_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_WORKERLESS_SECONDS", 0.05)
    with pytest.raises(ValueError, match="--scheduler: no worker is left at tcp://here:1"):
        backend({})._next(Stream(1000))


def test_workers_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_WORKERLESS_SECONDS", 0.05)
    assert backend({"w": {}})._next(Stream(5)) == "done"
    assert backend({})._next(Stream(1)) == "done"
