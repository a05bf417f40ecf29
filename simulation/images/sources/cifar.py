"""CIFAR-10 and CIFAR-100, the *binary* version: the archive or its unpacked folder.

A record is one label byte (two for CIFAR-100: coarse, fine) and 3,072 pixel bytes, the R, G and B planes row
by row. The python version is a pickle and is refused.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.files import DataError, read_file, refuse_pickle, unpack_gzip
from simulation.images.images import Images

__all__ = ["CIFAR10_NAMES", "load_cifar10", "load_cifar100"]

CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_PIXELS = 3 * 32 * 32
_INSTEAD = "give the binary version (cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, or its folder)"
#: Both archives unpack to 184.4 MB and a few kilobytes.
_CEILING = 200 * 2**20


def load_cifar10(path: Path, *, records: int = 10_000) -> Images:
    """50,000 training and 10,000 test images of ten classes; `records` a file, 10,000 in the real ones.

    Raises:
        DataError: naming the file.
    """
    names = [f"data_batch_{i}.bin" for i in range(1, 6)]
    files = _files(path, (*names, "test_batch.bin"), "cifar-10-batches-bin", "data_batch_1")
    parts = [_records(files[name], name, 1, records, 10) for name in names]
    x_test, y_test = _records(files["test_batch.bin"], "test_batch.bin", 1, records, 10)
    x, y = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    return Images(x, y, f"CIFAR-10, binary version, {path.name}", CIFAR10_NAMES, None, x_test, y_test)


def load_cifar100(path: Path, *, records: int = 50_000, test_records: int = 10_000) -> Images:
    """50,000 training and 10,000 test images of 100 fine classes, named by their numbers.

    Raises:
        DataError: naming the file.
    """
    files = _files(path, ("train.bin", "test.bin"), "cifar-100-binary", "train")
    x, y = _records(files["train.bin"], "train.bin", 2, records, 100)
    x_test, y_test = _records(files["test.bin"], "test.bin", 2, test_records, 100)
    names = tuple(str(c) for c in range(100))
    return Images(x, y, f"CIFAR-100, binary version, {path.name}", names, None, x_test, y_test)


def _files(path: Path, names: tuple[str, ...], folder: str, python_name: str) -> dict[str, bytes]:
    """The bytes of the named files in a folder or an archive."""
    if path.is_dir():
        inside = path / folder if (path / folder).is_dir() else path
        if not (inside / names[0]).exists() and (inside / python_name).exists():
            raise DataError(f"{inside} holds the python version, a pickle: refused; {_INSTEAD}")
        return {name: read_file(inside / name, _CEILING) for name in names}
    data = read_file(path, _CEILING)
    refuse_pickle(data, path, _INSTEAD)
    plain = unpack_gzip(data, path, _CEILING) if data[:2] == b"\x1f\x8b" else data
    return _members(plain, path, names, folder)


def _members(data: bytes, path: Path, names: tuple[str, ...], folder: str) -> dict[str, bytes]:
    """Members by their exact names, read in memory; nothing is ever written to the disk."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                if not (member.isreg() or member.isdir()) or member.issparse():
                    raise DataError(f"{path}: member {member.name!r} is a link or a special file: refused")
                stem = member.name.removeprefix(f"{folder}/")
                if member.isreg() and stem in names and member.name == f"{folder}/{stem}":
                    stream = archive.extractfile(member)
                    assert stream is not None
                    found[stem] = stream.read()
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is truncated or no tar archive: {error}") from None
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"{path} has no member {folder}/{missing[0]}; {_INSTEAD}")
    return found


def _records(
    data: bytes, name: str, labels: int, records: int, classes: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    refuse_pickle(data, Path(name), _INSTEAD)
    size = labels + _PIXELS
    if len(data) != records * size:
        raise DataError(f"{name} must hold exactly {records * size} bytes, holds {len(data)}")
    table = np.frombuffer(data, dtype=np.uint8).reshape(records, size)
    label = table[:, labels - 1]
    if label.max() >= classes:
        raise DataError(f"{name}: labels must lie in 0..{classes - 1}, one is {label.max()}")
    x = table[:, labels:].reshape(-1, 3, 32, 32) / np.float32(255)
    return x.astype(np.float32), label.astype(np.int64)
