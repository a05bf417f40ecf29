"""Predicted memory of a batch, and what is done when it does not fit.

The model counts the arrays that are alive at the peak (docs/sweeps.md); a test holds it against the measured
peak of a process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from verify.sweep.runs import SweepBatch, split_batch
from verify.sweep.shape import RunShape, shape_of

__all__ = ["Fit", "available_memory", "batch_bytes", "fit_into", "parse_bytes", "run_bytes", "show_bytes"]

_GIB = 2**30
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
#: Of the memory that is free now: what the system and other programs may want meanwhile stays theirs.
_SHARE = 0.8
#: Monte Carlo draws of a test error in one piece (`simulation.two_stage.test_error`).
_CHUNK = 32 * 2**20
#: What matrix products with d-vectors take besides, measured: of numpy, and of torch.
_BUFFERS, _NETWORK_BUFFERS = 16 * 2**20, 40 * 2**20


def _parts(shape: RunShape) -> dict[str, float]:
    """Bytes of one run by the parameter that drives them."""
    n, m, d = shape.n + 1.0, 2.0 * shape.m, float(shape.d)
    parts = {
        # Gram matrix and triangular factor, initial products and weights in the span and off it.
        "n": 8.0 * (2 * n * n + 2 * m * n + m * m),
        # Margins and gamma.
        "steps": 8.0 * shape.recorded * (shape.n + m),
        # Coefficients and pre-activations.
        "snapshots": 8.0 * shape.kept * 2 * m * n,
        "d": 0.0,
    }
    if shape.engine != "law":
        # Patches and weights, of the network twice; for a test error also the QR factors of the patches and
        # of the weights off their span, with the copies that LAPACK works on.
        network = shape.engine == "cnn"
        parts["d"] = 8.0 * d * (5 * n + 4 * m if shape.errors else n + (2 * m if network else m))
        parts["n"] += _NETWORK_BUFFERS if network else _BUFFERS
    return parts


def _passing(shape: RunShape) -> float:
    """While one run is trained or measured, whichever is more."""
    n, m = shape.n + 1.0, 2.0 * shape.m
    # Draws of the triangular factor; normalised Gram matrix and state; terms of the losses.
    training = 8.0 * max(3 * n * n, 2 * n * n + 3 * m * n, 2.5 * shape.recorded * shape.n)
    # Margins by group, states by side, draws of test errors.
    measuring = 8.0 * (1.2 * shape.recorded * n + shape.kept * 2 * m * n)
    return max(training, measuring + 5.0 * min(8.0 * shape.errors * m, _CHUNK))


def run_bytes(shape: RunShape) -> int:
    """Peak bytes of one run made alone, without the interpreter and its libraries."""
    return math.ceil(sum(_parts(shape).values()) + _passing(shape))


def batch_bytes(batch: SweepBatch) -> int:
    """Peak bytes of a batch, without the interpreter and its libraries."""
    shapes = [shape_of(batch, run) for run in batch.runs]
    held = sum(sum(_parts(shape).values()) for shape in shapes)
    return math.ceil(held + max(_passing(shape) for shape in shapes))


@dataclass(frozen=True)
class Fit:
    """Batches that fit, the number of workers whose batches fit side by side, and bytes at the peak."""

    batches: tuple[SweepBatch, ...]
    workers: int
    split: int
    worker_bytes: int
    total_bytes: int


def fit_into(batches: Sequence[SweepBatch], limit: int, base: int, workers: int, backend: str) -> Fit:
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
    fitted: list[SweepBatch] = []
    split = 0
    for batch in batches:
        for run in batch.runs:
            shape = shape_of(batch, run)
            if run_bytes(shape) > room:
                raise ValueError(_refusal(run.point, shape, limit, base))
        cuts = (split_batch(batch, parts) for parts in range(1, len(batch.runs) + 1))
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


def _refusal(point: int, shape: RunShape, limit: int, base: int) -> str:
    parts = _parts(shape)
    name = max(parts, key=lambda key: parts[key])
    room = limit - base
    changed: dict[str, Callable[[int], RunShape]] = {
        "n": lambda v: shape.with_(n=v),
        "steps": lambda v: shape.with_(steps=v),
        "snapshots": lambda v: shape.with_(kept=v),
        "d": lambda v: shape.with_(d=v),
    }
    value = {"n": shape.n, "steps": shape.steps, "snapshots": shape.kept, "d": shape.d}[name]
    fits = _largest(lambda v: run_bytes(changed[name](v)) <= room, value)
    advice = f"{name} up to {fits} would fit" if fits else f"no smaller {name} alone would fit"
    if name == "steps" and shape.record_every < shape.steps:
        every = _least(lambda v: run_bytes(shape.with_(record_every=v)) <= room, shape.steps)
        advice += f", or record_every of at least {every}" if every else ""
    if name == "d" and shape.engine != "law":
        advice += ", or engine law, which holds no d-vector"
    return (
        f"{name}: one run of point {point} needs {show_bytes(base + run_bytes(shape))} of memory at {name} = "
        f"{value}, and {show_bytes(limit)} may be used (--memory): {advice}"
    )


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
