"""A folder of pictures."""

from __future__ import annotations

import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from papers.images import files
from simulation.images.load import load_images
from simulation.images.request import request_of
from simulation.images.sources import folder

PIL = pytest.importorskip("PIL.Image")


def write_pictures(root: Path, per_class: int = 22, names: tuple[str, ...] = ("cat", "dog")) -> Path:
    for k, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for i in range(per_class):
            colour = (10 * k + i, 200 - i, 3 * i)
            suffix = ("png", "bmp")[i % 2]
            PIL.new("RGB", (7 + i % 3, 9), colour).save(root / name / f"{i:03}.{suffix}")
    return root


def test_folder_of_pictures(tmp_path: Path) -> None:
    images = load_images("folder", write_pictures(tmp_path / "p"), size=8)
    assert images.class_names == ("cat", "dog")
    assert images.x.shape == (44, 3, 8, 8)
    np.testing.assert_allclose(images.x[0].mean(axis=(1, 2)) * 255, [0, 200, 0], atol=1e-3)
    assert load_images("folder", tmp_path / "p", size=8, mode="L").x.shape == (44, 1, 8, 8)


def test_pictures_are_not_blown_up(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "p")  # 7 to 9 pixels wide
    assert load_images("folder", root).x.shape == (44, 3, 9, 9)
    argv = ["--data", f"folder:{root}", "--probe-flip"]
    assert request_of(argv).images.x.shape[2:] == (9, 9)
    assert request_of([*argv, "--size", "16"]).images.x.shape[2:] == (16, 16)
    assert request_of([*argv, "--model", "vgg11"]).images.x.shape[2:] == (32, 32)
    PIL.new("RGB", (40, 5)).save(root / "cat" / "wide.png")
    assert load_images("folder", root).x.shape[2:] == (32, 32)
    small = write_pictures(tmp_path / "q", names=("a", "b"))
    for file in small.glob("*/*"):
        PIL.new("L", (3, 2), len(file.name)).save(file)
    assert load_images("folder", small).x.shape[2:] == (8, 8)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "p")
    outside = write_pictures(tmp_path / "elsewhere", names=("secret",))
    (root / "cat" / "stolen.png").symlink_to(outside / "secret" / "000.png")
    (root / "secret").symlink_to(outside / "secret")
    images = load_images("folder", root, size=8)
    assert images.class_names == ("cat", "dog")
    assert images.n == 44


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"no picture", pickle.dumps(files.Trap(), 4)], ids=repr
)
def test_damaged_picture(tmp_path: Path, data: bytes) -> None:
    root = write_pictures(tmp_path / "p")
    (root / "cat" / "000.png").write_bytes(data)
    files.refused(lambda: load_images("folder", root), "cannot be read as a picture")


def test_truncated_picture(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "p")
    victim = root / "cat" / "001.bmp"
    victim.write_bytes(victim.read_bytes()[:60])
    files.refused(lambda: load_images("folder", root), "cannot be read as a picture")


def test_picture_with_an_oversized_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_pictures(tmp_path / "p")
    monkeypatch.setattr(folder, "MOST_PIXELS", 1000)
    PIL.new("RGB", (400, 400)).save(root / "cat" / "big.png")
    files.refused(lambda: load_images("folder", root), "400 x 400 pixels; at most 1000")


def test_picture_bomb(tmp_path: Path) -> None:
    """A PNG whose header promises 60,000 x 60,000 pixels is refused before it is decoded."""
    root = write_pictures(tmp_path / "p")
    good = (root / "cat" / "000.png").read_bytes()

    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + good[24:29]
    data = good[:8] + good[8:12] + head + struct.pack(">I", zlib.crc32(head)) + good[33:]
    (root / "cat" / "000.png").write_bytes(data)
    files.refused(lambda: load_images("folder", root), "pixels|cannot be read")


def test_folder_options(tmp_path: Path) -> None:
    files.refused(lambda: load_images("folder", tmp_path), "at least 2 subfolders")
    files.refused(lambda: load_images("folder", tmp_path / "none"), "no such folder")
    files.refused(lambda: load_images("folder", tmp_path, size=3), "4..512")
    files.refused(lambda: load_images("folder", tmp_path, mode="CMYK"), "RGB or L")
