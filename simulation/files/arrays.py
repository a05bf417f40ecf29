"""Arrays of plain numbers and words in .npy and .npz files, read without ever unpickling."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.files.bounded import CEILING, open_zip, read_file, read_member
from simulation.files.errors import DataError, one_line

__all__ = ["array_from_npy", "read_npz"]

#: What numpy raises on a header that is none: the last from the tokenizer that it tries old headers with.
_DAMAGED = (
    ValueError, KeyError, SyntaxError, TypeError, RecursionError, MemoryError, OverflowError, EOFError,
    tokenize.TokenError,
)  # fmt: skip


def read_npz(path: Path, ceiling: int = CEILING) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file by name; together at most `ceiling` bytes.

    Raises:
        DataError: naming the file or the array; two arrays of one name.
    """
    arrays: dict[str, NDArray[Any]] = {}
    with open_zip(read_file(path, ceiling), path, ceiling) as archive:
        for member in archive.infolist():
            # Names are keys and never paths: nothing is written anywhere, whatever they say.
            name = one_line(member.filename.removesuffix(".npy"))
            where = one_line(f"{path}: {name}")
            if name in arrays:
                raise DataError(f"{where} is there twice; give one array of each name")
            arrays[name] = array_from_npy(read_member(archive, member, where), where)
    return arrays


def array_from_npy(data: bytes, name: str) -> NDArray[Any]:
    """The array in the bytes of a .npy file; object arrays (which are pickles) are refused.

    Raises:
        DataError: not a .npy file, an object array, or a header that promises other than what follows.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read(stream)
    except _DAMAGED as error:
        raise DataError(f"{name} is no .npy array: {one_line(error)}") from None
    if dtype.hasobject:
        raise DataError(f"{name} is an array of objects, which is a pickle: refused; save plain numbers")
    if dtype.fields is not None or dtype.subdtype is not None or not dtype.itemsize:
        raise DataError(f"{name} must hold plain numbers or words, holds {dtype}")
    count = 1
    for size in shape:
        count *= int(size)
    left = len(data) - stream.tell()
    if any(size < 0 for size in shape) or count * dtype.itemsize != left:
        raise DataError(
            f"{name}: its header promises {count} numbers of {dtype.itemsize} bytes, {left} bytes follow"
        )
    flat = np.frombuffer(data, dtype=dtype, offset=stream.tell(), count=count)
    try:
        return np.array(flat.reshape(shape, order="F" if fortran else "C"))
    except (ValueError, OverflowError) as error:  # more dimensions, or an empty one larger, than numpy knows
        raise DataError(f"{name} is no .npy array: {one_line(error)}") from None
