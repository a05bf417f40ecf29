"""Files of unknown origin: read with a ceiling on memory, refused in one line, never run."""

from __future__ import annotations

from simulation.files.arrays import array_from_npy, read_npz
from simulation.files.bounded import CEILING, open_zip, read_file, read_member, refuse_pickle, unpack_gzip
from simulation.files.digits import bundled_digits, digits_missing
from simulation.files.errors import DataError
from simulation.files.labels import read_labels

__all__ = [
    "CEILING",
    "DataError",
    "array_from_npy",
    "bundled_digits",
    "digits_missing",
    "open_zip",
    "read_file",
    "read_labels",
    "read_member",
    "read_npz",
    "refuse_pickle",
    "unpack_gzip",
]
