"""Observed labels of a real noisy data set: a .npy or .csv file, or CIFAR-10N's .pt; in the order of the
images."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError
from simulation.images.images import Images
from simulation.images.sources.bounded import array_from_npy, read_file, refuse_pickle
from simulation.images.sources.human_labels import read_pt
from simulation.images.sources.npz import whole_numbers

__all__ = ["read_labels", "with_observed"]


def with_observed(images: Images, path: Path, key: str = "worse_label") -> Images:
    """The images with the observed labels of a file; its own true labels, where it has any, must agree.

    Raises:
        DataError: wrong length, an unknown label, or labels in another order than the images.
    """
    if path.suffix == ".pt":
        arrays = read_pt(path, key)
        observed, clean = arrays[key], arrays.get("clean_label")
    else:
        observed, clean = _numbered(read_labels(path), images, path), None
    if len(observed) != images.n:
        raise DataError(f"{path} has {len(observed)} labels for {images.n} images")
    if clean is not None and not (len(clean) == images.n and np.array_equal(clean, images.y)):
        raise DataError(f"{path}: labels are in another order than the images (its clean_label differs)")
    return images.with_observed(observed)


def read_labels(path: Path) -> tuple[str, ...]:
    """Labels of a .npy array (whole numbers or words) or a .csv file, as text.

    A .csv has one column, or one named `label` or `observed`; a first line that names columns is skipped.

    Raises:
        DataError: naming the file.
    """
    data = read_file(path, 2**28)
    refuse_pickle(data, path, "save the labels as .csv or with numpy.save as plain numbers")
    if path.suffix == ".npy":
        array = array_from_npy(data, str(path))
        if array.dtype.kind == "U" and array.ndim == 1 and len(array):
            return tuple(str(value) for value in array)
        return tuple(str(value) for value in whole_numbers(array, str(path)))
    if path.suffix != ".csv":
        raise DataError(f"{path} must end in .npy, .csv or .pt (CIFAR-10N)")
    try:
        rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no table of text: {error}") from None
    if not rows:
        raise DataError(f"{path} holds no label")
    names = [cell.strip().lower() for cell in rows[0]]
    column = next((names.index(name) for name in ("observed", "label") if name in names), None)
    if column is not None:
        rows = rows[1:]
    elif len(names) == 1:
        column = 0
    else:
        raise DataError(f"{path} has {len(names)} columns and none is named label or observed")
    if not rows or any(len(row) <= column or not row[column].strip() for row in rows):
        raise DataError(f"{path} has a line without a label")
    return tuple(row[column].strip() for row in rows)


def _numbered(labels: tuple[str, ...], images: Images, path: Path) -> NDArray[np.int64]:
    number = {name: label for label, name in enumerate(images.class_names)}
    unknown = next((label for label in labels if label not in number), None)
    if unknown is not None:
        raise DataError(
            f"{path}: label {unknown!r} is no class; there are: {', '.join(images.class_names[:20])}"
        )
    return np.array([number[label] for label in labels], dtype=np.int64)
