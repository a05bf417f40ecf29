"""What the numbers of a setting may be; whatever else is refused by name."""

from __future__ import annotations

import math
import numbers

__all__ = ["require_count", "require_positive", "require_rate"]

#: Python's own first: to ask an abstract class takes ten times as long, and draws ask for millions.
_COUNTS = (int, numbers.Integral)
_NUMBERS = (float, int, numbers.Real)
_LEAST = 1e-75
_MOST_COUNT = 2**53


def require_count(name: str, value: object, least: int) -> None:
    """Raise ValueError unless `value` is a count from `least` to 2^53."""
    if isinstance(value, bool) or not isinstance(value, _COUNTS):
        raise ValueError(f"{name} must be an integer, was {value!r}")
    if int(value) < least:
        raise ValueError(f"{name} must be at least {least}, was {value!r}")
    if int(value) > _MOST_COUNT:
        raise ValueError(f"{name} must be at most 2^53 (counts are computed with as floats), was {value!r}")


def require_positive(name: str, value: object) -> None:
    """Raise ValueError unless `value` is a number > 0 whose squares are floats."""
    if (
        isinstance(value, bool)
        or not isinstance(value, _NUMBERS)
        or not math.isfinite(float(value))
        or float(value) <= 0.0
    ):
        raise ValueError(f"{name} must be a finite number > 0, was {value!r}")
    # Squares and products of a few such numbers must stay within the range of a float.
    if not _LEAST <= float(value) <= 1 / _LEAST:
        raise ValueError(f"{name} must lie between {_LEAST:g} and {1 / _LEAST:g}, was {value!r}")


def require_rate(name: str, value: object) -> None:
    """Raise ValueError unless `value` lies in [0, 1/2)."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS) or not 0.0 <= float(value) < 0.5:
        raise ValueError(f"{name} must lie in [0, 1/2), was {value!r}")
