"""Labels in a file: a .npy array of whole numbers or words, or a column of a .csv table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.files.arrays import array_from_npy
from simulation.files.bounded import read_file, refuse_pickle
from simulation.files.errors import DataError, one_line

__all__ = ["read_labels"]

_CEILING = 2**28
_COLUMNS = ("observed", "label")


def read_labels(path: Path) -> NDArray[Any]:
    """The labels, (n,): whole numbers of a .npy file, else words.

    A .csv has one column, or one named `label` or `observed`; a first line that names columns is skipped.

    Raises:
        DataError: naming the file.
    """
    data = read_file(path, _CEILING)
    refuse_pickle(data, path, "save the labels as .csv or with numpy.save as plain numbers")
    if path.suffix == ".npy":
        array = array_from_npy(data, str(path))
        if array.ndim != 1 or not len(array) or array.dtype.kind not in "iubU":
            raise DataError(
                f"{path} must be one whole number or word a sample, has shape {array.shape} of {array.dtype}"
            )
        return array
    if path.suffix != ".csv":
        raise DataError(f"{path} must end in .npy or .csv")
    return _column(data, path)


def _column(data: bytes, path: Path) -> NDArray[Any]:
    try:
        rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of text: {one_line(error)}") from None
    if not rows:
        raise DataError(f"{path} holds no label")
    names = [cell.strip().lower() for cell in rows[0]]
    column = next((names.index(name) for name in _COLUMNS if name in names), None)
    if column is not None:
        rows = rows[1:]
    elif len(names) == 1:
        column = 0
    else:
        raise DataError(f"{path} has {len(names)} columns and none is named label or observed")
    if not rows or any(len(row) <= column or not row[column].strip() for row in rows):
        raise DataError(f"{path} has a line without a label")
    return np.array([row[column].strip() for row in rows])
