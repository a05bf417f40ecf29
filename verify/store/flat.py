"""What the store keeps of a run: a flat mapping from names to numbers, truth values and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Flat", "Scalar", "checked"]

Scalar: TypeAlias = bool | int | float | str
Flat: TypeAlias = Mapping[str, Scalar]


def checked(values: Mapping[str, Any]) -> dict[str, Scalar]:
    """The mapping with plain Python scalars, as it will be read back.

    numpy scalars become the Python number of equal value. Floats keep every bit, nan and -0.0 included.

    Raises:
        ValueError: naming the entry, for another type, an integer beyond 64 bits, or text that UTF-8
            cannot write.

    >>> checked({"t_half": np.float64(3.5), "fits": np.True_, "n": 4})
    {'t_half': 3.5, 'fits': True, 'n': 4}
    """
    out: dict[str, Scalar] = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise ValueError(f"names must be str, was {name!r}")
        _text("the name", name)
        out[name] = _scalar(name, value)
    return out


def _scalar(name: str, value: Any) -> Scalar:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{name}: integers must fit into 64 bits, was {value}")
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, str):
        return _text(name, str(value))
    raise ValueError(f"{name}: must be bool, int, float or str, was {type(value).__name__}")


def _text(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name}: must be text that UTF-8 can write, was {text!r}") from None
    return text
