"""Finished runs, kept and found again: what a killed sweep does not make twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from simulation.two_stage.stopping import postfix
from verify.runs.worker import Done
from verify.sweep.runs import SweepBatch

__all__ = ["KeptRuns", "MemoryStore", "ResultStore"]

Values = Mapping[str, float | bool]


class ResultStore(Protocol):
    """As much of `verify.store.RunStore` as a sweep needs."""

    def get(self, key: str) -> Mapping[str, Any] | None:
        """The values of a key; None when it has none."""
        ...

    def put(self, batch: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store all or none."""
        ...


class MemoryStore:
    """A store that lives as long as the process."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def get(self, key: str) -> Mapping[str, Any] | None:
        """The values of a key; None when it has none."""
        return self.rows.get(key)

    def put(self, batch: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store all."""
        self.rows |= {key: dict(values) for key, values in batch}


class KeptRuns:
    """Batches in a store, each whole or not at all.

    A run's key holds all it depends on: setting, seed, engine, length, snapshots, measures, device, the
    version of the code (and of claims files), and the runs it was made together with.
    """

    def __init__(self, store: ResultStore, version: str, device: str) -> None:
        self._store = store
        self._version = version
        self._device = device

    def load(self, batch: SweepBatch) -> dict[int, Values] | None:
        """The values of a batch by run index, when every one of its runs is there."""
        out: dict[int, Values] = {}
        for key, run in zip(self._keys(batch), batch.runs, strict=True):
            values = self._store.get(key)
            if values is None:
                return None
            out[run.index] = values
        return out

    def save(self, batch: SweepBatch, done: Done) -> None:
        """Keep the runs of a batch that were made."""
        keys = self._keys(batch)
        self._store.put(
            (key, done.values[run.index])
            for key, run in zip(keys, batch.runs, strict=True)
            if run.index in done.values
        )

    def _keys(self, batch: SweepBatch) -> list[str]:
        from verify.store import batch_key, run_identity

        identities: Sequence[Mapping[str, Any]] = [
            run_identity(
                run.setting,
                run.seed,
                batch.engine,
                steps=run.steps,
                snapshots=run.snapshots,
                measures=[measure.column for measure in batch.measures],
                version=self._version,
                variation=batch.variation,
                dtype=batch.dtype,
                device=self._device,
                threads=1,
                record_every=batch.record_every,
                stop=postfix(batch.stop).tolist(),
                test_samples=batch.test_samples,
                test_lines=batch.test_lines,
            )
            for run in batch.runs
        ]
        return [batch_key(identities, index) for index in range(len(identities))]
