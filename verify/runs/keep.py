"""Batches of runs kept in a store: reused whole or made again whole."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from verify.runs.batch import Batch, Measurement
from verify.runs.plan import RunSpec
from verify.store.disk import StoreError
from verify.store.flat import Flat, Scalar
from verify.store.folder import RunStore
from verify.store.identity import digest, job_text
from verify.store.tree import UnkeptValue, tree_of, value_of

__all__ = ["Keeper", "KeptBatches", "flat_of", "measurement_of"]

#: The one column of a stored batch: JSON, a list of flat measurements (`flat_of`) in the order of its runs.
_MADE = "made"


class Keeper(Protocol):
    """Keeps finished batches."""

    @property
    def again(self) -> Keeper:
        """Keeps those that were made a second time, to see whether they come out the same."""

    @property
    def beside(self) -> Keeper:
        """Keeps those that no plan holds: adversarial runs."""

    def load(self, batch: Batch, device: str) -> list[Measurement] | None:
        """A batch's measurements, if it was made before."""

    def save(self, batch: Batch, device: str, made: Sequence[Measurement]) -> None:
        """Keep a batch that was made."""


class KeptBatches:
    """What is asked before a batch is made, and told when it has been.

    A batch counts as made only with the same runs in the same order: the last bits of a run may depend on
    its neighbours. So it is one entry of the store.

    Args:
        store: where results are.
        version: of all code the results depend on, the measures included: one for all (`code_version`), or of
            a batch (`verify.runs.version.BatchVersion`).
        every: what is made is written when so many seconds have passed since the last time, and by `flush`.
        forgiving: a folder that cannot be written is noted in `failed`, and nothing is kept from then on.
    """

    def __init__(
        self,
        store: RunStore,
        version: str | Callable[[Batch], str],
        *,
        every: float = 0.0,
        forgiving: bool = False,
    ) -> None:
        self.store = store
        self.version = version
        #: Runs found in the store, and runs added to it.
        self.reused = 0
        self.added = 0
        #: Why nothing is kept any more; "" while all is well.
        self.failed = ""
        #: Whether a run could not be made here; where what it lacks is there the next time, it will be.
        self.lacking = False
        self._every, self._forgiving = every, forgiving
        self._written = time.monotonic()
        self._waiting: dict[str, dict[str, Scalar]] = {}
        #: Of batches that are being made, with them: an address is a name while its object lives.
        self._keys: dict[tuple[int, str], tuple[Batch, str | None]] = {}

    @property
    def again(self) -> Keeper:
        """In the same store, under keys of their own; not counted."""
        return _Apart(self, "made again")

    @property
    def beside(self) -> Keeper:
        """As `again`."""
        return _Apart(self, "beside the plan")

    def load(self, batch: Batch, device: str, purpose: str = "") -> list[Measurement] | None:
        """The measurements of a batch, when it is stored."""
        if not self._waiting and self.store.untouched:
            return None  # keys of ten thousand batches take seconds, in which no worker has work
        key = self._key(batch, device, purpose)
        flat = None if key is None else self._waiting.get(key) or self.store.get(key)
        if flat is None:
            self._keys[id(batch), purpose] = batch, key
            return None
        try:
            rows = json.loads(str(flat[_MADE]))
            found = [measurement_of(spec, row) for spec, row in zip(batch.specs, rows, strict=True)]
        except (ValueError, TypeError, KeyError, AttributeError):  # stored under this key by something else
            return None
        if not purpose:
            self.reused += len(found)
        return found

    def save(self, batch: Batch, device: str, made: Sequence[Measurement], purpose: str = "") -> None:
        """Store a batch that was made whole, unless a measure returned what the store cannot keep.

        Raises:
            StoreError: when the folder cannot be written.
        """
        asked = self._keys.pop((id(batch), purpose), None)
        if any(batch.maker.missing(job) is not None for job in batch.jobs):
            self.lacking = True
            return
        by_index = {measurement.spec.index: measurement for measurement in made}
        for spec, measures in zip(batch.specs, batch.measures, strict=True):
            found = by_index.get(spec.index)
            if found is None or any(
                name not in found.values and name not in found.not_applicable for name, _ in measures
            ):
                return  # a claim's own code failed: what is kept must answer all that it is kept for
        key = asked[1] if asked is not None else self._key(batch, device, purpose)
        if key is None or self.failed:
            return
        try:
            rows = [flat_of(by_index[spec.index]) for spec in batch.specs]
        except UnkeptValue:
            return
        self._waiting[key] = {_MADE: json.dumps(rows)}
        if not purpose:
            self.added += len(made)
        if time.monotonic() - self._written >= self._every:
            self.flush()

    def flush(self) -> None:
        """Write what has been made since the last time.

        Raises:
            StoreError: when the folder cannot be written.
        """
        waiting, self._waiting = self._waiting, {}
        try:
            self.store.put(waiting.items())
        except StoreError as error:
            if not self._forgiving:
                raise
            self.failed = str(error)
        self._written = time.monotonic()

    def _key(self, batch: Batch, device: str, purpose: str) -> str | None:
        """None for runs of an engine put in place of the model's, which are never kept."""
        if batch.by is not None:
            return None
        version = self.version if isinstance(self.version, str) else self.version(batch)
        about = [batch.model.name, batch.engine, version, _device(device), purpose]
        names = [[name for name, _ in measures] for measures in batch.measures]
        jobs = [job_text(job) for job in (*batch.jobs, *batch.controls)]
        return digest([about, names, jobs, len(batch.controls)])


class _Apart:
    """A keeper's store under the keys of a purpose."""

    def __init__(self, keeper: KeptBatches, purpose: str) -> None:
        self._keeper, self._purpose = keeper, purpose

    @property
    def again(self) -> Keeper:
        """Itself."""
        return self

    @property
    def beside(self) -> Keeper:
        """Itself."""
        return self

    def load(self, batch: Batch, device: str) -> list[Measurement] | None:
        """As `KeptBatches.load`."""
        return self._keeper.load(batch, device, self._purpose)

    def save(self, batch: Batch, device: str, made: Sequence[Measurement]) -> None:
        """As `KeptBatches.save`."""
        self._keeper.save(batch, device, made, self._purpose)


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
        if type(value) is bool or (type(value) is float and not math.isnan(value)):  # JSON has one nan
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
