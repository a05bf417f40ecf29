"""A user's own arrays in one .npz file, read without ever unpickling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.files import DataError, read_npz
from simulation.images.images import Images

__all__ = ["load_npz", "pixels", "whole_numbers"]


def load_npz(path: Path) -> Images:
    """Arrays `x`, `y` and optionally `y_observed`, `x_test`, `y_test`.

    `x` is (n, H, W), (n, H, W, C) or (n, C, H, W) with C = 1, 3 or 4; unsigned bytes are divided by 255,
    floats are taken as they are. Labels may be any whole numbers: each distinct one is a class, named by it.

    Raises:
        DataError: naming the array.
    """
    arrays = read_npz(path)
    for name in ("x", "y"):
        if name not in arrays:
            raise DataError(
                f"{path} must hold an array {name!r}; it has: {', '.join(sorted(arrays)) or 'none'}"
            )
    y = whole_numbers(arrays["y"], f"{path}: y")
    values = np.unique(y)
    if len(values) > 1000:
        raise DataError(f"{path}: y has {len(values)} different labels; at most 1000 classes are allowed")

    def labels(name: str) -> NDArray[np.int64] | None:
        if name not in arrays:
            return None
        given = whole_numbers(arrays[name], f"{path}: {name}")
        if not np.isin(given, values).all():
            raise DataError(f"{path}: {name} holds labels that y does not")
        return np.searchsorted(values, given).astype(np.int64)

    return Images(
        pixels(arrays["x"], f"{path}: x"),
        np.searchsorted(values, y).astype(np.int64),
        f"arrays of {path.name}",
        tuple(str(v) for v in values),
        labels("y_observed"),
        pixels(arrays["x_test"], f"{path}: x_test") if "x_test" in arrays else None,
        labels("y_test"),
    )


def whole_numbers(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Labels as int64, (n,)."""
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer) or not len(array):
        raise DataError(f"{name} must be one whole number an image, has shape {array.shape} of {array.dtype}")
    return array.astype(np.int64)


def pixels(array: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Images as (n, C, H, W) float32."""
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{name} must be unsigned bytes or floats, has {array.dtype}")
    scaled = array / np.float32(255) if array.dtype == np.uint8 else array.astype(np.float32)
    if scaled.ndim == 3:
        scaled = scaled[:, None]
    elif scaled.ndim == 4 and scaled.shape[1] not in (1, 3, 4) and scaled.shape[3] in (1, 3, 4):
        scaled = scaled.transpose(0, 3, 1, 2)
    if scaled.ndim != 4 or scaled.shape[1] not in (1, 3, 4):
        raise DataError(f"{name} must be (n, H, W), (n, H, W, C) or (n, C, H, W), has shape {array.shape}")
    return np.ascontiguousarray(scaled, dtype=np.float32)
