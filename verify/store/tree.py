"""A measured value as tagged JSON, and back, without loss: types, nan and -0.0 included."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from theory.resolved import Resolved
from theory.run import Estimate

__all__ = ["UnkeptValue", "tree_of", "value_of"]


class UnkeptValue(TypeError):
    """A measure returned what the store cannot keep; the run is not stored, and loses nothing else."""


def tree_of(value: Any) -> Any:
    """JSON in which every value is `[tag, content]`.

    Raises:
        UnkeptValue: for a type that rules do not know, and what holds one.
    """
    kind = type(value)
    if value is None:
        return ["none"]
    if kind is bool:
        return ["bool", value]
    if kind is int:
        return ["int", f"{value:x}"]
    if kind is float:
        return ["float", _float_text(value)]
    if kind is str:
        return ["str", value]
    if kind is tuple or kind is list:
        return [kind.__name__, [tree_of(item) for item in value]]
    if kind is Estimate:
        return ["estimate", [tree_of(v) for v in (value.value, value.low, value.high)]]
    if kind is Resolved:
        members = (value.value, value.resolution, value.floor, value.ceiling)
        return ["resolved", [tree_of(v) for v in members]]
    if isinstance(value, Mapping):  # of any class: rules ask for no more than a Mapping
        return ["dict", [[tree_of(key), tree_of(item)] for key, item in value.items()]]
    if kind is np.ndarray or isinstance(value, np.generic):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
            tag = "array" if kind is np.ndarray else "scalar"
            return [tag, array.dtype.str, list(array.shape), data]
    raise UnkeptValue(f"values of type {kind.__name__} are not kept")


def value_of(tree: Any) -> Any:
    """The inverse of `tree_of`.

    Raises:
        ValueError: for an unknown tag.
    """
    tag, *content = tree
    match tag:
        case "none":
            return None
        case "bool" | "str":
            return content[0]
        case "int":
            return int(content[0], 16)
        case "float":
            return _float(content[0])
        case "tuple":
            return tuple(value_of(item) for item in content[0])
        case "list":
            return [value_of(item) for item in content[0]]
        case "estimate":
            return Estimate(*(value_of(item) for item in content[0]))
        case "resolved":
            return Resolved(*(value_of(item) for item in content[0]))
        case "dict":
            return {value_of(key): value_of(item) for key, item in content[0]}
        case "array" | "scalar":
            kind, shape, data = content
            array = np.frombuffer(base64.b64decode(data), dtype=np.dtype(kind)).reshape(shape).copy()
            return array if tag == "array" else array[()]
    raise ValueError(f"unknown tag {tag!r}")


def _float_text(value: float) -> str:
    # repr gives every finite number back bit for bit; a nan is written as its bits.
    return struct.pack(">d", value).hex() if math.isnan(value) else repr(value)


def _float(text: str) -> float:
    if len(text) == 16 and text[:3] in ("7ff", "fff"):
        return float(struct.unpack(">d", bytes.fromhex(text))[0])
    return float(text)
