"""Batches of runs kept in a store: reused whole or made again whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify.runs.make import Batch, Measurement
from verify.store.flat import Scalar
from verify.store.folder import RunStore
from verify.store.identity import batch_key, run_identity
from verify.store.measured import UnkeptValue, flat_of, measurement_of

__all__ = ["KeptBatches"]


class KeptBatches:
    """What `verify.runs.make.execute` asks before it makes a batch, and tells when it has.

    Args:
        store: where results are.
        version: of all code the results depend on, the measures included (`code_version`).
    """

    def __init__(self, store: RunStore, version: str) -> None:
        self.store = store
        self.version = version
        #: Runs found in the store, and runs added to it.
        self.reused = 0
        self.added = 0

    def load(self, batch: Batch, device: str, threads: int) -> list[Measurement] | None:
        """The measurements of a batch, when every one of its runs is stored."""
        found = []
        for key, spec in zip(self._keys(batch, device, threads), batch.specs, strict=True):
            flat = self.store.get(key)
            if flat is None:
                return None
            try:
                found.append(measurement_of(spec, flat))
            except (ValueError, TypeError):  # stored under this key by something else
                return None
        self.reused += len(found)
        return found

    def save(self, batch: Batch, device: str, threads: int, made: Sequence[Measurement]) -> None:
        """Store a batch that was made, unless a measure returned what the store cannot keep.

        Raises:
            StoreError: when the folder cannot be written.
        """
        try:
            rows: list[dict[str, Scalar]] = [flat_of(measurement) for measurement in made]
        except UnkeptValue:
            return
        self.store.put(zip(self._keys(batch, device, threads), rows, strict=True))
        self.added += len(made)

    def _keys(self, batch: Batch, device: str, threads: int) -> list[str]:
        # Sums over several threads are split differently: their number is part of what a run is.
        runs: list[dict[str, Any]] = [
            run_identity(
                spec.setting,
                spec.seed,
                spec.engine,
                steps=steps,
                snapshots=snapshots,
                measures=[claim_id for claim_id, _ in measures],
                version=self.version,
                variation=batch.variation,
                device=_device(device),
                threads=threads,
            )
            for spec, steps, snapshots, measures in zip(
                batch.specs, batch.steps, batch.snapshots, batch.measures, strict=True
            )
        ]
        return [batch_key(runs, index) for index in range(len(runs))]


def _device(device: str) -> str:
    """With its model: two of them may round differently."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} {torch.cuda.get_device_name(device)}"
