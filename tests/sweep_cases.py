"""What the tests of sweeps share: small configurations, and a sweep made in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from theory.ledger import Ledger
from verify.runs.backends import Lost, SerialBackend
from verify.runs.worker import Done
from verify.sweep.config import SweepConfig
from verify.sweep.execute import Made, make_runs, stored_runs
from verify.sweep.kept import KeptRuns, MemoryStore, ResultStore
from verify.sweep.runs import Sweep, SweepBatch, plan_sweep

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


def made_of(
    sweep: Sweep,
    backend: Any = None,
    store: ResultStore | None = None,
    batches: Sequence[SweepBatch] | None = None,
    said: list[str] | None = None,
) -> Made:
    """All runs of a sweep; `said` collects its messages."""
    kept = KeptRuns(MemoryStore() if store is None else store, "1", "cpu")
    work = sweep.batches if batches is None else batches
    return make_runs(
        work,
        backend=SerialBackend() if backend is None else backend,
        device="cpu",
        kept=kept,
        stored=stored_runs(work, kept),
        cost={batch.index: batch.work for batch in work},
        failed=ignore if said is None else said.append,
        advance=ignore,
    )


class Shuffled:
    """A backend that makes its batches in a given order, and can lose some or be interrupted."""

    name, workers = "shuffled", 3

    def __init__(
        self, order: Sequence[int] = (), lost: Mapping[int, str] | None = None, stop_after: int | None = None
    ) -> None:
        self.order, self.lost, self.stop_after = order, lost or {}, stop_after
        self.seen: list[int] = []

    def run(self, batches: Sequence[SweepBatch], device: str) -> Iterator[Done | Lost]:
        serial = SerialBackend()
        ordered = sorted(batches, key=lambda b: self.order[b.index] if b.index < len(self.order) else b.index)
        for batch in ordered:
            if self.stop_after is not None and len(self.seen) == self.stop_after:
                raise KeyboardInterrupt
            self.seen.append(batch.index)
            if batch.index in self.lost:
                yield Lost(batch.index, self.lost[batch.index])
            else:
                yield from serial.run([batch], device)
