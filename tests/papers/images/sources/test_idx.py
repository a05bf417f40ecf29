"""The MNIST family."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from papers.images import files
from simulation.images.load import load_images


@pytest.mark.parametrize("packed", [False, True])
def test_idx_read_is_what_was_written(tmp_path: Path, packed: bool) -> None:
    images = load_images("idx", files.write_idx(tmp_path / "d", packed=packed, test=True))
    np.testing.assert_array_equal(images.x[:, 0] * 255, files.pixels())
    np.testing.assert_array_equal(images.y, files.labels())
    assert images.x_test is not None
    assert images.x_test.shape == (60, 1, 6, 6)


def test_idx_transposed(tmp_path: Path) -> None:
    path = files.write_idx(tmp_path / "d")
    turned = load_images("idx", path, transpose=True)
    np.testing.assert_array_equal(turned.x[:, 0], load_images("idx", path).x[:, 0].transpose(0, 2, 1))


IMAGES = "train-images-idx3-ubyte"


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (files.idx_bytes(files.pixels())[:-1], "promises 2160 bytes, 2159 follow"),
        (files.idx_bytes(files.pixels()) + b"x", "promises 2160 bytes, 2161 follow"),
        (files.idx_bytes(files.pixels(), shape=(2**31, 2**31, 2**31)), "allowed are 1 to"),
        (files.idx_bytes(files.pixels(), magic=0x0D03), "must begin with 0x00000803"),
        (b"\x00\x00\x08", "truncated"),
        (gzip.compress(files.idx_bytes(files.pixels()))[:-20], "truncated or no gzip"),
        (gzip.compress(files.idx_bytes(files.pixels(), shape=(1, 6, 6))), "more than the 52 bytes"),
    ],
)
def test_idx_refused(tmp_path: Path, data: bytes, match: str) -> None:
    path = files.write_idx(tmp_path / "d")
    (path / IMAGES).write_bytes(data)
    files.refused(lambda: load_images("idx", path), match)


def test_idx_bomb_is_cut_at_its_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.write_idx(tmp_path / "d")
    (path / IMAGES).write_bytes(gzip.compress(files.idx_bytes(files.pixels()) + bytes(50_000_000)))
    read = []
    whole = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda s, n=-1: read.append(n) or whole(s, n))
    files.refused(lambda: load_images("idx", path), "unpacks to more than")
    assert max(read) < 3000
    assert min(read) > 0


def test_idx_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = files.write_idx(tmp_path / "d")
    (path / IMAGES).unlink()
    os.mkfifo(path / IMAGES)
    files.refused(lambda: load_images("idx", path), "plain file")
