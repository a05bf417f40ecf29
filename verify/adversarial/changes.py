"""Changes of the numbers of a run, each a function of a number or an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from verify.adversarial.numbers import Path

__all__ = [
    "UNIT",
    "constant",
    "ended",
    "is_inexact",
    "jittered",
    "negated",
    "one",
    "ranges",
    "reversed_records",
    "scaled",
    "shifted",
    "shuffled",
    "squared",
]

#: Relative error of every number at once.
_JITTER = 1e-3
#: A number within [-1, 1] may be a share or a cosine, for which rounding alone leads out; it is moved inside.
UNIT = 1 + 1e-9
#: Bits of the ends that arrays are filled with: sums of equal numbers are then exact.
_BITS = 24


def is_inexact(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def shuffled(own: Mapping[Path, Any], rng: np.random.Generator) -> dict[Path, Any]:
    return {
        path: v.ravel()[rng.permutation(v.size)].reshape(v.shape) if np.ndim(v) else v
        for path, v in own.items()
    }


def reversed_records(value: Any, records: int) -> Any:
    """An array over the records, the last first; a value as it is."""
    return value[::-1] if np.ndim(value) and len(value) == records > 1 else value


def ended(ends: Mapping[Path, Any], only: Path | None = None) -> Callable[[Path, Any], Any]:
    """Every number, or one alone, at its end of the range."""
    return lambda path, value: _full(value, ends[path]) if only in (None, path) else value


def one(values: Mapping[Path, Any], only: Path) -> Callable[[Path, Any], Any]:
    return lambda path, value: values[path] if path == only else value


def scaled(scale: float, paths: Sequence[Path]) -> Callable[[Path, Any], Any]:
    return lambda path, value: value * scale if path in paths else value


def constant(level: float) -> Callable[[Path, Any], Any]:
    return lambda path, value: _full(value, level)


def jittered(value: Any, rng: np.random.Generator) -> Any:
    if not is_inexact(value):
        return value
    error = _JITTER * rng.standard_normal(np.shape(value))
    moved = value * (1 + error)
    beyond = (np.abs(value) <= UNIT) & (np.abs(moved) > 1)
    return np.where(beyond, value * (1 - 1e-9 - np.abs(error)), moved)[()]


def shifted(value: Any, rng: np.random.Generator) -> Any:
    if not is_inexact(value):
        return value
    return value + _JITTER * rng.standard_normal(np.shape(value))


def squared(value: Any) -> Any:
    """In order as before, and on another scale: exponents double."""
    if not is_inexact(value):
        return value
    return value * np.abs(value)


def negated(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return not value
    return ~value if np.asarray(value).dtype.kind == "b" else value


def ranges(seen: Sequence[Mapping[Path, Any]]) -> tuple[dict[Path, Any], dict[Path, Any]]:
    low: dict[Path, Any] = {}
    high: dict[Path, Any] = {}
    for found in seen:
        for path, value in found.items():
            finite = np.asarray(value)[np.isfinite(np.asarray(value, dtype=np.float64))]
            if finite.size:
                low[path] = min(low.get(path, finite.min()), finite.min())
                high[path] = max(high.get(path, finite.max()), finite.max())
    for path in seen[0]:
        low.setdefault(path, 0.0)
        high.setdefault(path, 0.0)
    return {p: _short(v, math.ceil) for p, v in low.items()}, {
        p: _short(v, math.floor) for p, v in high.items()
    }


def _short(end: Any, inward: Callable[[float], int]) -> Any:
    """An end of a range in `_BITS` bits, rounded into the range, or to the nearest where that is rounding."""
    if not is_inexact(end):
        return end
    mantissa, exponent = math.frexp(float(end))
    bits = math.ldexp(mantissa, _BITS)
    nearest = round(bits)
    whole = nearest if abs(bits - nearest) < 1e-12 * abs(bits) else inward(bits)
    return math.ldexp(whole, exponent - _BITS)


def _full(value: Any, end: Any) -> Any:
    if np.ndim(value):
        return np.full_like(value, end)
    if isinstance(value, bool | np.bool_):
        return bool(end)
    return round(float(end)) if isinstance(value, int | np.integer) else float(end)
