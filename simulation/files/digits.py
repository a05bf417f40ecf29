"""The 8x8 digits that scikit-learn ships, read as data: its import takes longer than many a run."""

from __future__ import annotations

import importlib.util
import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.files.bounded import unpack_gzip

__all__ = ["bundled_digits", "digits_missing"]


def _file() -> Path | None:
    spec = importlib.util.find_spec("sklearn")
    folders = None if spec is None else spec.submodule_search_locations
    return Path(folders[0]) / "datasets" / "data" / "digits.csv.gz" if folders else None


def digits_missing() -> str | None:
    """Why the digits cannot be had here, None where they can."""
    file = _file()
    if file is None:
        return "scikit-learn is not installed, which brings the 8x8 digits"
    return None if file.is_file() else f"this scikit-learn has no {file.name}, which holds the 8x8 digits"


@cache
def bundled_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pixels (1797, 64), 0 to 16, and labels (1797,): those of `sklearn.datasets.load_digits`, read-only.

    Raises:
        FileNotFoundError: they are not here (`digits_missing`).
    """
    file = _file()
    if file is None:
        raise FileNotFoundError(digits_missing())
    table = np.loadtxt(io.BytesIO(unpack_gzip(file.read_bytes(), file, 2**22)), delimiter=",")
    pixels, labels = table[:, :-1], table[:, -1].astype(np.int64)
    for array in (pixels, labels):
        array.flags.writeable = False
    return pixels, labels
