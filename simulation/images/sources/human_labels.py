"""Arrays of numbers out of a `torch.save`d dictionary (CIFAR-10N's `.pt`), without unpickling.

The file is a zip with one pickle of numpy arrays. A pickle is a program: loading it runs it. Here its
instructions are only *parsed* (`pickletools.genops`) and interpreted by a table of the twenty that such a
dictionary is made of; names of functions stay text and nothing is ever called. Anything else in the file is
refused.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.files import DataError, open_zip, read_file, read_member

__all__ = ["read_pt"]

_CEILING = 2**27
_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_GLOBALS = {*_RECONSTRUCT, "numpy ndarray", "numpy dtype", "_codecs encode"}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_NUMBERS = {"BININT", "BININT1", "BININT2"}


@dataclass(frozen=True, eq=False)
class _Global:
    """A function that the pickle names; never looked up."""

    name: str


@dataclass(eq=False)
class _Made:
    """`function(*arguments)` with a state set afterwards, as written and not carried out."""

    function: Any
    arguments: Any
    state: Any = None


class _Refused(Exception):
    """What in the pickle is not of the closed list."""


_MARK = object()


def read_pt(path: Path, key: str) -> dict[str, NDArray[np.int64]]:
    """The arrays named `key` and, where there is one, "clean_label".

    Raises:
        DataError: no such file, no such key (the message lists those there are), or anything in it that is
            not a dictionary of one-dimensional arrays of 64-bit integers.
    """
    with open_zip(read_file(path, _CEILING), path, _CEILING) as archive:
        pickles = [m for m in archive.infolist() if m.filename.rsplit("/", 1)[-1] == "data.pkl"]
        if len(pickles) != 1:
            raise DataError(
                f"{path} must hold exactly one data.pkl, as torch.save writes it; found {len(pickles)}"
            )
        program = read_member(archive, pickles[0], str(path))
    try:
        found = _interpreted(program)
        if not isinstance(found, dict):
            raise _Refused("its pickle is no dictionary")
        if key not in found:
            known = ", ".join(sorted(str(k) for k in found))
            raise DataError(f"--observed-key must be one of {known}; was {key!r}")
        return {name: _array(found[name]) for name in dict.fromkeys((key, "clean_label")) if name in found}
    except _Refused as reason:
        raise DataError(f"{path} is refused, nothing in it was run: {reason}") from None
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is refused, nothing in it was run: its pickle is damaged") from None


def _interpreted(program: bytes) -> Any:
    """The value that the pickle describes, functions as names."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for opcode, found, _ in pickletools.genops(program):
        argument: Any = found
        name = opcode.name
        if name == "PROTO":
            if argument != 2:
                raise _Refused(f"its pickle has protocol {argument}, torch.save writes 2")
        elif name == "STOP":
            return stack.pop()
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _NUMBERS or name == "BINUNICODE":
            stack.append(argument)
        elif name == "GLOBAL":
            if argument not in _GLOBALS:
                raise _Refused(f"its pickle names {argument.replace(' ', '.')!r}")
            stack.append(_Global(argument))
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "TUPLE":
            stack.append(tuple(_since_mark(stack)))
        elif name in _TUPLES:
            size = _TUPLES[name]
            last = tuple(stack[len(stack) - size :])
            del stack[len(stack) - size :]
            stack.append(last)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(_Made(stack.pop(), arguments))
        elif name == "BUILD":
            state = stack.pop()
            stack[-1].state = state
        elif name == "SETITEMS":
            items = _since_mark(stack)
            stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name == "SETITEM":
            value = stack.pop()
            item = stack.pop()
            stack[-1][item] = value
        else:
            raise _Refused(f"its pickle holds the instruction {name}")
    raise _Refused("its pickle does not end")


def _since_mark(stack: list[Any]) -> list[Any]:
    at = max(i for i, item in enumerate(stack) if item is _MARK)
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _called(value: Any, names: tuple[str, ...]) -> bool:
    return isinstance(value, _Made) and isinstance(value.function, _Global) and value.function.name in names


def _array(value: Any) -> NDArray[np.int64]:
    """A numpy array as its pickle writes it: (version, shape, dtype, Fortran order, bytes as latin-1
    text)."""
    if not _called(value, _RECONSTRUCT):
        raise _Refused("an entry is no numpy array")
    _, shape, dtype, _, content = value.state
    if not (_called(dtype, ("numpy dtype",)) and dtype.arguments[0] == "i8" and dtype.state[1] == "<"):
        raise _Refused("an array does not hold 64-bit integers in little-endian order")
    if not (_called(content, ("_codecs encode",)) and content.arguments[1] == "latin1"):
        raise _Refused("an array's content is not latin-1 text")
    data = content.arguments[0].encode("latin-1")
    if len(shape) != 1 or len(data) != 8 * shape[0]:
        raise _Refused(f"an array of shape {shape} has {len(data)} bytes")
    return np.frombuffer(data, dtype="<i8").astype(np.int64)
