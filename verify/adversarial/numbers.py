"""The numbers that a run holds, and copies of a run with others."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from theory.falsehood import AlteredRun, altered

__all__ = ["Path", "changed", "leaves"]

#: Attributes of a run that are no measured numbers.
_KEPT = frozenset({"setting", "seed", "engine", "dtype", "steps", "clock", "snapshot_steps"})

Path = tuple[str, ...]


def _is_number(value: Any, path: Path) -> bool:
    """What a run measured: a whole number by itself is a size, unless it is among the values that a function
    returned, in either arm; whole numbers in an array are classes."""
    if isinstance(value, int | np.integer) and "values" in path[:2]:
        return True
    return isinstance(value, float | bool | np.floating | np.bool_) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fbi"
    )


def _open(value: Any, depth: int) -> Mapping[str, Any] | None:
    """The members of a value that may hold numbers; None where it is not looked into."""
    if depth > 3:
        return None
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        return value
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, type) or module in ("builtins", "numpy") or not hasattr(value, "__dict__"):
        return None
    cached = {
        name
        for kind in type(value).__mro__
        for name, v in vars(kind).items()
        if isinstance(v, cached_property)
    }
    return {name: v for name, v in vars(value).items() if name not in cached}


def leaves(run: Any) -> dict[Path, Any]:
    """The numbers and arrays that a run holds, by where they stand."""
    found: dict[Path, Any] = {}

    def visit(value: Any, path: Path) -> None:
        if _is_number(value, path):
            found[path] = value
            return
        for name, member in (_open(value, len(path)) or {}).items():
            if name not in _KEPT:
                visit(member, (*path, name))

    visit(run, ())
    return found


def changed(run: Any, change: Callable[[Path, Any], Any], **attributes: Any) -> Any:
    """A copy of the run with every number changed, and some attributes of its own; what it had computed from
    its numbers is forgotten."""

    def visit(value: Any, path: Path) -> Any:
        if _is_number(value, path):
            return change(path, value)
        members = _open(value, len(path))
        if members is None:
            return value
        new = {k: v if k in _KEPT else visit(v, (*path, k)) for k, v in members.items()}
        if isinstance(value, Mapping):
            return new
        twin = copy.copy(value)
        vars(twin).clear()
        vars(twin).update(new)
        if isinstance(value, AlteredRun):
            return twin
        for cache in ("_errors",):  # estimates made from the old numbers
            if isinstance(vars(twin).get(cache), dict):
                vars(twin)[cache] = {}
        return twin

    twin = visit(run, ())
    return altered(twin, **attributes) if attributes else twin
