"""Predicted memory of a batch, and what is done when it does not fit.

How much a run takes is its engine's to say (`Engine.memory`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulation.models import Engine, Job, engines_of
from verify.runs.batch import Batch
from verify.sweep.runs import split_batch

__all__ = ["Fit", "available_memory", "batch_bytes", "changed", "fit_into", "parse_bytes", "show_bytes"]

_GIB = 2**30
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
#: Of the memory that is free now: what the system and other programs may want meanwhile stays theirs.
_SHARE = 0.8


def batch_bytes(batch: Batch) -> int:
    """Peak bytes of a batch, without the interpreter and its libraries."""
    runs = [batch.maker.memory(job) for job in batch.jobs]
    return math.ceil(sum(sum(run.held.values()) for run in runs) + max(run.passing for run in runs))


@dataclass(frozen=True)
class Fit:
    """Batches that fit, the number of workers whose batches fit side by side, and bytes at the peak."""

    batches: tuple[Batch, ...]
    workers: int
    split: int
    worker_bytes: int
    total_bytes: int


def fit_into(batches: Sequence[Batch], limit: int, base: int, workers: int, backend: str) -> Fit:
    """Fit a sweep into `limit` bytes.

    Fewer workers come before smaller batches, because splitting a batch is the one thing that may change the
    last bits of its runs. A batch is split only when one worker cannot hold it.

    Args:
        base: bytes of a process that has loaded the libraries.
        backend: of "dask" every worker has the limit for itself; processes ("loky" or "auto") share it with
            the one that starts them.

    Raises:
        ValueError: one line naming the parameter and what would fit, when a single run does not.
    """
    room = limit - base
    fitted: list[Batch] = []
    split = 0
    for batch in batches:
        for spec, job in zip(batch.specs, batch.jobs, strict=True):
            if batch.maker.bytes(job) > room:
                raise ValueError(_refusal(spec.labels["point"], batch.maker, job, limit, base))
        cuts = (split_batch(batch, parts) for parts in range(1, len(batch.specs) + 1))
        pieces = next(cut for cut in cuts if all(batch_bytes(piece) <= room for piece in cut))
        split += len(pieces) > 1
        fitted += pieces
    numbered = tuple(replace(batch, index=k) for k, batch in enumerate(fitted))
    shared, own = backend != "dask", 0 if backend in ("dask", "serial") else base
    largest = sorted((batch_bytes(batch) for batch in numbered), reverse=True)
    together = max(1, min(workers, len(numbered)))
    while shared and together > 1 and own + together * base + sum(largest[:together]) > limit:
        together -= 1
    return Fit(
        batches=numbered,
        workers=together,
        split=split,
        worker_bytes=base + largest[0],
        total_bytes=own + together * base + sum(largest[:together]),
    )


def _refusal(point: int, engine: Engine, job: Job, limit: int, base: int) -> str:
    held = engine.memory(job).held
    name = max(held, key=lambda key: held[key]) if held else "memory"
    room = limit - base

    def fits(value: int) -> bool:
        try:
            return engine.bytes(changed(job, name, value)) <= room
        except ValueError:  # no setting has this value
            return False

    value = _size(job, name)
    most = _largest(fits, value)
    advice = f"{name} up to {most} would fit" if most else f"no smaller {name} alone would fit"
    if name == "steps":
        every = _least(lambda v: engine.bytes(changed(job, "record_every", v)) <= room, job.steps)
        advice += f", or record_every of at least {every}" if every else ""
    lighter = [
        other
        for other, maker in engines_of(type(job.setting).model).items()
        if maker is not engine and name not in ("steps", "snapshots") and maker.bytes(job) <= room
    ]
    if lighter:
        advice += f", or engine {lighter[0]}"
    needed = show_bytes(base + engine.bytes(job))
    return (
        f"{name}: one run of point {point} needs {needed} of memory at {name} = {value}, and"
        f" {show_bytes(limit)} may be used (--memory): {advice}"
    )


def _size(job: Job, name: str) -> int:
    """What drives a part of the memory."""
    if name in ("steps", "snapshots"):
        return job.steps if name == "steps" else len(job.snapshots)
    return int(getattr(job.setting, name, 1))


def changed(job: Job, name: str, value: int) -> Job:
    """The job with another length, number of snapshots or of records, or field of its setting."""
    if name == "snapshots":
        return replace(job, snapshots=tuple(range(value)))
    if name == "record_every":
        return replace(job, record=(*range(0, job.steps, value), job.steps))
    if name != "steps":
        return replace(job, setting=job.setting.with_(**{name: value}))
    kept = tuple(range(min(len(job.snapshots), value + 1)))
    every = 1 if job.record is None or len(job.record) < 2 else job.record[1] - job.record[0]
    record = None if job.record is None else (*range(0, value, every), value)
    return replace(job, steps=value, snapshots=kept, record=record)


def _largest(fits: Callable[[int], bool], below: int) -> int:
    """The largest whole number in [1, below) that fits, 0 if none does."""
    low, high = 0, below
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _least(fits: Callable[[int], bool], above: int) -> int:
    """The least whole number in (1, above] that fits, 0 if none does."""
    if not fits(above):
        return 0
    low, high = 1, above
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def available_memory() -> int:
    """Bytes that may be used: a share of what is free, or of the control group's limit if that is less."""
    import psutil

    return int(_SHARE * psutil.virtual_memory().available)


def parse_bytes(text: str) -> int:
    """Bytes of a size such as 500M, 4G or 4GiB.

    Raises:
        ValueError: naming the option.

    >>> parse_bytes("4G"), parse_bytes("1.5MiB")
    (4294967296, 1572864)
    """
    import re

    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.ASCII)
    size = 0 if match is None else int(float(match[1]) * _UNITS[match[2]])
    if size < 1:
        raise ValueError(f"--memory must be a size > 0 such as 500M or 4G, was {text!r}")
    return size


def show_bytes(size: float) -> str:
    """In the largest unit of which there is one at least.

    >>> show_bytes(1536), show_bytes(3 * 2**30)
    ('1.5 KiB', '3.0 GiB')
    """
    for unit, name in ((2**40, "TiB"), (_GIB, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} bytes"
