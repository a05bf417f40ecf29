"""What the tests of sweeps share: small configurations, and a sweep made in this process."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from theory.ledger import Ledger
from verify.runs.backends import SerialBackend
from verify.runs.batch import Batch, Done, Lost
from verify.runs.keep import KeptBatches
from verify.sweep.config import SweepConfig
from verify.sweep.execute import Made, kept_runs, make_sweep_runs
from verify.sweep.runs import Sweep, plan_sweep

SMALL: dict[str, Any] = {
    "name": "small",
    "clock": 3.0,
    "replicates": 3,
    "measure": ["t_half", "t_eps(0.5)", "final_loss", "clean_fit(1)", "dtest_error(end)"],
    "test_samples": 200,
    "fixed": {"n": 8, "m": 2, "tau": 0.2, "kappa_0": 0.3, "clock_step": 0.25},
    "grid": {"n_snr2": [2.0, 8.0], "d_over_n2": {"from": 1, "to": 100, "count": 3, "scale": "log"}},
}


def configuration(**changes: Any) -> SweepConfig:
    """`SMALL` with top-level keys replaced; None removes one."""
    raw = SMALL | changes
    return SweepConfig.model_validate({key: value for key, value in raw.items() if value is not None})


def no_ledger() -> Ledger:
    raise AssertionError("no claim is measured here")


def small_sweep(**changes: Any) -> Sweep:
    return plan_sweep(configuration(**changes), no_ledger)


def ignore(*_: object) -> None:
    pass


class MemoryStore:
    """A store that lives as long as the process."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    @property
    def untouched(self) -> bool:
        return not self.rows

    def get(self, key: str) -> Mapping[str, Any] | None:
        return self.rows.get(key)

    def put(self, batch: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self.rows |= {key: dict(values) for key, values in batch}


def keeper_of(store: Any, version: str = "1") -> KeptBatches:
    return KeptBatches(store, version)


def made_of(
    sweep: Sweep,
    backend: Any = None,
    store: Any = None,
    batches: Sequence[Batch] | None = None,
    said: list[str] | None = None,
) -> Made:
    """All runs of a sweep; `said` collects its messages."""
    keeper = keeper_of(MemoryStore() if store is None else store)
    work = sweep.batches if batches is None else batches
    return make_sweep_runs(
        work,
        backend=SerialBackend() if backend is None else backend,
        device="cpu",
        keeper=keeper,
        kept=kept_runs(work, keeper, "cpu"),
        failed=ignore if said is None else said.append,
        advance=ignore,
    )


class Shuffled:
    """A backend that makes its batches in a given order (of their first runs), and can lose some or be
    interrupted."""

    name, workers = "shuffled", 3

    def __init__(
        self, order: Sequence[int] = (), lost: Mapping[int, str] | None = None, stop_after: int | None = None
    ) -> None:
        self.order, self.lost, self.stop_after = order, lost or {}, stop_after
        #: Batches made, each by the index of its first run.
        self.seen: list[int] = []

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        serial = SerialBackend()
        place = {first: k for k, first in enumerate(self.order)}
        for batch in sorted(batches, key=lambda b: place.get(b.specs[0].index, b.index)):
            first = batch.specs[0].index
            if self.stop_after is not None and len(self.seen) == self.stop_after:
                raise KeyboardInterrupt
            self.seen.append(first)
            if first in self.lost:
                yield Lost(batch.index, self.lost[first])
            else:
                yield from serial.run([batch], device)

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        if batch.specs[0].index in self.lost:
            return Lost(batch.index, self.lost[batch.specs[0].index])
        return SerialBackend().alone(batch, device)
