"""The MNIST family (MNIST, Fashion-, K-, EMNIST): IDX files, plain or gzipped.

A file is a big-endian magic number, one 32-bit size a dimension, then unsigned bytes. The sizes must equal
what follows exactly; a gzipped file is unpacked no further than its header promises.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.files import CEILING, DataError, read_file, unpack_gzip
from simulation.images.errors import MissingData
from simulation.images.images import Images

__all__ = ["FASHION", "FASHION_NAMES", "load_fashion", "load_idx", "read_idx"]

#: Where Debian's package dataset-fashion-mnist puts its files.
FASHION = Path("/usr/share/datasets/fashion-mnist")

FASHION_NAMES = (
    "tshirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of unsigned bytes in an IDX file.

    Raises:
        DataError: naming the file, with what its header says and what follows.
    """
    data = read_file(path)
    header = 4 + 4 * dimensions
    packed = data[:2] == b"\x1f\x8b"
    start = _beginning(data, header, path) if packed else data[:header]
    if len(start) < header:
        raise DataError(f"{path} is truncated: {len(start)} bytes, its header alone needs {header}")
    (magic,) = struct.unpack(">I", start[:4])
    if magic != 0x0800 + dimensions:
        raise DataError(
            f"{path} must begin with 0x{0x0800 + dimensions:08x} (unsigned bytes, {dimensions} dimensions), "
            f"begins with 0x{magic:08x}"
        )
    shape = struct.unpack(f">{dimensions}I", start[4:])
    count = 1
    for size in shape:
        count *= size
    if not 0 < count <= CEILING:
        raise DataError(f"{path}: its header promises {count} bytes; allowed are 1 to {CEILING}")
    whole = unpack_gzip(data, path, header + count) if packed else data
    if len(whole) != header + count:
        raise DataError(f"{path}: its header promises {count} bytes, {len(whole) - header} follow")
    return np.frombuffer(whole, dtype=np.uint8, offset=header).reshape(shape)


def _beginning(data: bytes, size: int, path: Path) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return stream.read(size)
    except (OSError, EOFError, zlib.error):
        raise DataError(f"{path} is truncated or no gzip file") from None


def load_idx(folder: Path, *, transpose: bool = False, names: tuple[str, ...] = ()) -> Images:
    """A folder with `{train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]`; the test files may be absent.

    Args:
        transpose: swap rows and columns (EMNIST stores its images so).

    Raises:
        DataError: naming the file.
    """
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    x, y = _part(folder, "train", transpose)
    test = _part(folder, "t10k", transpose) if _find(folder, "t10k-images-idx3-ubyte") else None
    names = names or tuple(str(c) for c in range(int(y.max()) + 1))
    return Images(
        x, y, f"IDX files of {folder.name}", names,
        x_test=None if test is None else test[0], y_test=None if test is None else test[1],
    )  # fmt: skip


def _find(folder: Path, stem: str) -> Path | None:
    return next((p for p in (folder / stem, folder / f"{stem}.gz") if p.exists()), None)


def _part(folder: Path, which: str, transpose: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    paths = []
    for stem in (f"{which}-images-idx3-ubyte", f"{which}-labels-idx1-ubyte"):
        path = _find(folder, stem)
        if path is None:
            raise DataError(f"{folder} must hold {stem} or {stem}.gz")
        paths.append(path)
    pixels, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
    if len(pixels) != len(labels):
        raise DataError(f"{folder}: {len(pixels)} images and {len(labels)} labels in the {which} files")
    if transpose:
        pixels = pixels.transpose(0, 2, 1)
    return (pixels[:, None] / np.float32(255)).astype(np.float32), labels.astype(np.int64)


def load_fashion() -> Images:
    """Fashion-MNIST (MIT licence, Zalando) where Debian's package has put it.

    Raises:
        MissingData: it is not installed.
    """
    if not FASHION.is_dir():
        raise MissingData("fashion needs Debian's package dataset-fashion-mnist, or give --data idx:DIR")
    return load_idx(FASHION, names=FASHION_NAMES)
