"""Batches of runs kept in a store: reused whole or made again whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from verify.runs.batch import Batch, Measurement
from verify.runs.plan import RunSpec
from verify.store.flat import Flat, Scalar
from verify.store.folder import RunStore
from verify.store.identity import batch_keys, run_identity
from verify.store.tree import UnkeptValue, tree_of, value_of

__all__ = ["Keeper", "KeptBatches", "flat_of", "measurement_of"]


class Keeper(Protocol):
    """Keeps finished batches."""

    @property
    def again(self) -> Keeper:
        """Keeps those that were made a second time, to see whether they come out the same."""

    def load(self, batch: Batch, device: str) -> list[Measurement] | None:
        """A batch's measurements, if it was made before."""

    def save(self, batch: Batch, device: str, made: Sequence[Measurement]) -> None:
        """Keep a batch that was made."""


class KeptBatches:
    """What is asked before a batch is made, and told when it has been.

    A batch counts as made only with the same runs in the same order: the last bits of a run may depend on
    its neighbours.

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

    @property
    def again(self) -> KeptBatches:
        """In the same store, under keys of their own."""
        return KeptBatches(self.store, f"{self.version} made again")

    def load(self, batch: Batch, device: str) -> list[Measurement] | None:
        """The measurements of a batch, when every one of its runs is stored."""
        keys = self._keys(batch, device)
        if keys is None:
            return None
        found = []
        for key, spec in zip(keys, batch.specs, strict=True):
            flat = self.store.get(key)
            if flat is None:
                return None
            try:
                found.append(measurement_of(spec, flat))
            except (ValueError, TypeError):  # stored under this key by something else
                return None
        self.reused += len(found)
        return found

    def save(self, batch: Batch, device: str, made: Sequence[Measurement]) -> None:
        """Store a batch that was made whole, unless a measure returned what the store cannot keep.

        Raises:
            StoreError: when the folder cannot be written.
        """
        by_index = {measurement.spec.index: measurement for measurement in made}
        for spec, measures in zip(batch.specs, batch.measures, strict=True):
            found = by_index.get(spec.index)
            if found is None or any(
                name not in found.values and name not in found.not_applicable for name, _ in measures
            ):
                return  # a claim's own code failed: what is kept must answer all that it is kept for
        keys = self._keys(batch, device)
        if keys is None:
            return
        try:
            rows: list[dict[str, Scalar]] = [flat_of(by_index[spec.index]) for spec in batch.specs]
        except UnkeptValue:
            return
        self.store.put(zip(keys, rows, strict=True))
        self.added += len(made)

    def _keys(self, batch: Batch, device: str) -> list[str] | None:
        """One a run; None for runs of an engine put in place of the model's, which are never kept."""
        if batch.by is not None:
            return None
        runs: list[dict[str, Any]] = [
            run_identity(
                job,
                batch.engine,
                model=batch.model.name,
                control=batch.controls[k] if batch.controls else None,
                measures=[name for name, _ in batch.measures[k]],
                version=self.version,
                device=_device(device),
            )
            for k, job in enumerate(batch.jobs)
        ]
        return batch_keys(runs)


def _device(device: str) -> str:
    """With its model: two of them may round differently."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device} {torch.cuda.get_device_name(device)}"


# A measurement as a flat mapping. Names: "steps", "dtype"; "value NAME" for a number or truth value; "tree
# NAME" for a structure, as tagged JSON; "reason NAME" why a measure does not apply.


def flat_of(measurement: Measurement) -> dict[str, Scalar]:
    """The measurement without its spec, which the plan gives again.

    Raises:
        UnkeptValue: when a value is none of the types that rules know, nor made of them.
    """
    out: dict[str, Scalar] = {"steps": measurement.steps, "dtype": measurement.dtype}
    for name, value in measurement.values.items():
        if type(value) in (bool, float):
            out[f"value {name}"] = value
        else:
            out[f"tree {name}"] = json.dumps(tree_of(value))
    for name, reason in measurement.not_applicable.items():
        out[f"reason {name}"] = json.dumps(tree_of(reason))
    return out


def measurement_of(spec: RunSpec, flat: Flat) -> Measurement:
    """The inverse of `flat_of`.

    Raises:
        ValueError: when `flat` is not what `flat_of` returns.
    """
    values: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    steps, dtype = flat.get("steps"), flat.get("dtype")
    if type(steps) is not int:
        raise ValueError(f"steps must be an integer, was {steps!r}")
    if type(dtype) is not str:
        raise ValueError(f"dtype must be text, was {dtype!r}")
    for entry, stored in flat.items():
        kind, _, name = entry.partition(" ")
        if kind == "value":
            values[name] = stored
        elif kind == "tree":
            values[name] = value_of(json.loads(str(stored)))
        elif kind == "reason":
            reasons[name] = value_of(json.loads(str(stored)))
        elif entry not in ("steps", "dtype"):
            raise ValueError(f"{entry!r} is no entry of a measurement")
    return Measurement(spec, steps, values, reasons, dtype)
