"""Whether two measured values are the same, bit for bit."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["identical", "short"]

_PLAIN = frozenset((bool, int, float, str, type(None)))


def identical(one: Any, other: Any) -> bool:
    """Equal in type and in every bit: nan equals nan, 0.0 differs from -0.0.

    >>> identical((1.0, float("nan")), (1.0, float("nan"))), identical(1, 1.0), identical(0.0, -0.0)
    (True, False, False)
    """
    if one is other and type(one) in (bool, int, str, type(None)):
        return True
    if type(one) is float and type(other) is float and one == other:
        return math.copysign(1.0, one) == math.copysign(1.0, other)
    if type(one) is tuple and type(other) is tuple and _PLAIN.issuperset(map(type, one + other)):
        return len(one) == len(other) and all(map(identical, one, other))
    from verify.store.tree import UnkeptValue, tree_of

    try:
        return bool(tree_of(one) == tree_of(other))
    except UnkeptValue:
        return type(one) is type(other) and repr(one) == repr(other)


def short(value: Any) -> str:
    """A value in one short line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
