"""A run's measurements as a flat mapping, and back, without loss: types, nan, -0.0 and reasons included."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from theory.run import Estimate
from verify.runs.make import Measurement
from verify.runs.plan import RunSpec
from verify.store.flat import Flat, Scalar

__all__ = ["UnkeptValue", "flat_of", "measurement_of"]

# Flat names: "steps"; "value CLAIM" for a number or truth value; "tree CLAIM" for a structure, as tagged
# JSON; "reason CLAIM" why a claim does not apply.
_STEPS = "steps"


class UnkeptValue(TypeError):
    """A measure returned what the store cannot keep; the run is not stored, and loses nothing else."""


def flat_of(measurement: Measurement) -> dict[str, Scalar]:
    """The measurement without its spec, which the plan gives again.

    Raises:
        UnkeptValue: when a value is none of the types that rules know, nor made of them.
    """
    out: dict[str, Scalar] = {_STEPS: measurement.steps}
    for claim, value in measurement.values.items():
        if type(value) in (bool, float):
            out[f"value {claim}"] = value
        else:
            out[f"tree {claim}"] = json.dumps(_tree(value))
    for claim, reason in measurement.not_applicable.items():
        out[f"reason {claim}"] = json.dumps(_tree(reason))
    return out


def measurement_of(spec: RunSpec, flat: Flat) -> Measurement:
    """The inverse of `flat_of`.

    Raises:
        ValueError: when `flat` is not what `flat_of` returns.
    """
    values: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    steps = flat.get(_STEPS)
    if type(steps) is not int:
        raise ValueError(f"steps must be an integer, was {steps!r}")
    for name, stored in flat.items():
        kind, _, claim = name.partition(" ")
        if kind == "value":
            values[claim] = stored
        elif kind == "tree":
            values[claim] = _value(json.loads(str(stored)))
        elif kind == "reason":
            reasons[claim] = _value(json.loads(str(stored)))
        elif name != _STEPS:
            raise ValueError(f"{name!r} is no entry of a measurement")
    return Measurement(spec, steps, values, reasons)


def _tree(value: Any) -> Any:
    """JSON in which every value is `[tag, content]`."""
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
        return [kind.__name__, [_tree(item) for item in value]]
    if kind is Estimate:
        return ["estimate", [_tree(v) for v in (value.value, value.low, value.high)]]
    if isinstance(value, Mapping):  # of any class: rules ask for no more than a Mapping
        return ["dict", [[_tree(key), _tree(item)] for key, item in value.items()]]
    if kind is np.ndarray or isinstance(value, np.generic):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
            tag = "array" if kind is np.ndarray else "scalar"
            return [tag, array.dtype.str, list(array.shape), data]
    raise UnkeptValue(f"values of type {kind.__name__} are not kept")


def _value(tree: Any) -> Any:
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
            return tuple(_value(item) for item in content[0])
        case "list":
            return [_value(item) for item in content[0]]
        case "estimate":
            return Estimate(*(_value(item) for item in content[0]))
        case "dict":
            return {_value(key): _value(item) for key, item in content[0]}
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
