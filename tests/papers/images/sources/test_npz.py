"""A user's arrays."""

from __future__ import annotations

import io
import pickle
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.images import files
from simulation.files import read_npz
from simulation.images.load import load_images
from simulation.images.sources import npz


@given(st.integers(20, 30), st.integers(2, 5), st.integers(0, 2**31))
def test_npz_read_is_what_was_written(n: int, side: int, seed: int) -> None:

    x = np.random.default_rng(seed).random((2 * n, side, side), dtype=np.float32)
    y = np.arange(2 * n) % 2 * 7 - 3
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.npz"
        np.savez_compressed(path, x=x, y=y)
        images = load_images("npz", path)
    np.testing.assert_array_equal(images.x[:, 0], x)
    assert images.class_names == ("-3", "4")
    np.testing.assert_array_equal(images.y, (y > 0).astype(int))


@pytest.mark.parametrize("shape", [(60, 6, 6), (60, 6, 6, 3), (60, 3, 6, 6)])
def test_npz_channels_first(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = files.write_npz(
        tmp_path / "a.npz", {"x": files.npy_bytes(np.ones(shape)), "y": files.npy_bytes(np.arange(60) % 2)}
    )
    assert load_images("npz", path).x.shape == (60, 1 if len(shape) == 3 else 3, 6, 6)


def _npz(path: Path, **change: bytes) -> Path:
    good = {"x": files.npy_bytes(files.pixels()), "y": files.npy_bytes(np.arange(60) % 2)}
    return files.write_npz(path / "a.npz", {**good, **change})


def test_npz_refused(tmp_path: Path) -> None:
    def load(**change: bytes):
        return lambda: load_images("npz", _npz(tmp_path, **change))

    load()()
    objects = np.array([files.Trap()], dtype=object)
    pickled = files.npy_bytes(np.zeros(1)).replace(b"<f8", b"|O ") + pickle.dumps(objects)
    files.refused(load(x=pickled), "no .npy array|array of objects")

    out = io.BytesIO()
    np.save(out, objects, allow_pickle=True)
    files.refused(load(x=out.getvalue()), "array of objects, which is a pickle")
    files.refused(load(x=files.npy_bytes(np.zeros(5), shape=(2**40, 2**20))), "its header promises")
    files.refused(load(x=files.npy_bytes(np.zeros(5), shape=(-5,))), "its header promises")
    files.refused(load(x=files.npy_bytes(files.pixels())[:-1]), "its header promises")
    files.refused(load(x=files.npy_bytes(np.full((60, 6, 6), np.nan))), "finite")
    files.refused(load(y=files.npy_bytes(np.arange(59) % 2)), r"shape \(60,\)")
    files.refused(load(y=files.npy_bytes(np.zeros(60, dtype=np.int64))), "at least 2 classes")
    files.refused(load(y=files.npy_bytes(np.arange(60) // 45)), "has 15 images; at least 20")
    files.refused(load(x=pickle.dumps(files.Trap())), "no .npy array")


def test_npz_truncated_and_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _npz(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    files.refused(lambda: load_images("npz", path), "truncated or no zip")
    bomb = _npz(tmp_path, z=files.npy_bytes(np.zeros(10_000_000)))
    assert bomb.stat().st_size < 300_000
    monkeypatch.setattr(npz, "read_npz", lambda path: read_npz(path, 2**20))
    files.refused(lambda: load_images("npz", bomb), "unpacks to")


def test_npz_lying_directory_is_cut(tmp_path: Path) -> None:
    """The directory says 8 bytes, the member unpacks to more: zipfile stops there, and the header does not
    fit."""
    path = _npz(tmp_path)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("x.npy").file_size
    for at in range(len(data) - 4):
        if data[at : at + 4] == size.to_bytes(4, "little"):
            data[at : at + 4] = (8).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    files.refused(lambda: load_images("npz", path), "damaged|no .npy array")
