"""Labels in a file: a .npy array of whole numbers or words, or a column of a .csv table."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
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
#: What other programs write where a number is missing.
_MISSING = {"nan", "na", "n/a", "none", "null"}


def read_labels(path: Path) -> NDArray[Any]:
    """The labels, (n,): whole numbers of a .npy file, else words.

    A .csv has one column, or one named `label` or `observed`; a first line that names columns is skipped.
    Words are brought to one Unicode form (NFC). Every row must have a label: one left out would shift the
    others.

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
        rows = list(csv.reader(io.StringIO(unicodedata.normalize("NFC", data.decode("utf-8-sig")))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of text: {one_line(error)}") from None
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise DataError(f"{path} holds no label")
    names = [cell.strip().lower() for cell in rows[0]]
    column = next((names.index(name) for name in _COLUMNS if name in names), None)
    if column is None and len(names) != 1:
        raise DataError(f"{path} has {len(names)} columns and none is named label or observed")
    if column is None and set(_COLUMNS) & set(re.split(r"\s*[;\t]\s*", names[0])):
        raise DataError(f"{path} must separate columns by commas; its first line is {one_line(names[0])!r}")
    first = 0 if column is None else 1
    labels = [_cell(row, column or 0, path, first + i) for i, row in enumerate(rows[first:], start=1)]
    if not labels:
        raise DataError(f"{path} holds no label")
    missing = [i for i, label in enumerate(labels) if label.lower() in _MISSING]
    if missing and all(_is_number(label) for i, label in enumerate(labels) if i not in set(missing)):
        at = first + missing[0] + 1
        raise DataError(f"{path}: row {at} has {labels[missing[0]]!r} among numbers, which is no label")
    return np.array(labels)


def _cell(row: list[str], column: int, path: Path, at: int) -> str:
    """The label in row `at` (from 1); a missing one would shift all that follow."""
    label = row[column].strip() if column < len(row) else ""
    if not label:
        raise DataError(f"{path}: row {at} has no label")
    if not label.isprintable():
        raise DataError(f"{path}: row {at} has a label with a character that cannot be printed: {label!r}")
    return label


def _is_number(label: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?", label) is not None
