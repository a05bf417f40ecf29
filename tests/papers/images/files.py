"""Files of every format, written by the tests themselves, and ways to spoil them."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulation.files import DataError

#: Loading this pickle would run code that leaves a trace.
ARMED = ["unset"]


class Trap:
    """Pickles to a call of `spring`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return spring, ()


def spring() -> int:
    ARMED[0] = "sprung"
    return 0


def refused(call: Callable[[], object], match: str) -> None:
    """The call ends in one line that matches."""
    with pytest.raises(DataError, match=match) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500


def pixels(n: int = 60, side: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(n, side, side), dtype=np.uint8)


def labels(n: int = 60, k: int = 2) -> np.ndarray:
    return (np.arange(n) % k).astype(np.uint8)


def idx_bytes(array: np.ndarray, *, magic: int | None = None, shape: tuple[int, ...] | None = None) -> bytes:
    shape = array.shape if shape is None else shape
    head = struct.pack(">I", 0x0800 + array.ndim if magic is None else magic)
    return head + b"".join(struct.pack(">I", s) for s in shape) + array.tobytes()


def write_idx(folder: Path, *, packed: bool = False, test: bool = False, n: int = 60) -> Path:
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k") if test else ("train",):
        for stem, array in (
            (f"{part}-images-idx3-ubyte", pixels(n)),
            (f"{part}-labels-idx1-ubyte", labels(n)),
        ):
            data = idx_bytes(array)
            if packed:
                (folder / f"{stem}.gz").write_bytes(gzip.compress(data))
            else:
                (folder / stem).write_bytes(data)
    return folder


def cifar_records(records: int, names: int = 1, classes: int = 10, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 256, size=(records, names + 3072), dtype=np.uint8)
    for column in range(names):
        table[:, column] = np.arange(records) % classes
    return table.tobytes()


def write_cifar10(folder: Path, records: int = 40) -> Path:
    inside = folder / "cifar-10-batches-bin"
    inside.mkdir(parents=True)
    for i in range(1, 6):
        (inside / f"data_batch_{i}.bin").write_bytes(cifar_records(records, seed=i))
    (inside / "test_batch.bin").write_bytes(cifar_records(records, seed=9))
    return folder


def tar_of(folder: Path, path: Path, extra: list[tarfile.TarInfo] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in extra or []:
            archive.addfile(member)
        archive.add(folder / "cifar-10-batches-bin", arcname="cifar-10-batches-bin")
    return path


def pt_bytes(arrays: Any, protocol: int = 2) -> bytes:
    """A dictionary as `torch.save` writes it, without torch."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(arrays, protocol))
        archive.writestr("archive/version", "3")
    return out.getvalue()


def npy_bytes(array: np.ndarray, *, shape: tuple[int, ...] | None = None) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out,
        {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape if shape is None else shape},
    )
    out.write(array.tobytes())
    return out.getvalue()


def write_npz(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path
