"""CIFAR-10 and CIFAR-100, the binary version."""

from __future__ import annotations

import gzip
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from papers.images import files
from simulation.images.sources import cifar


def test_cifar_folder_and_archive_agree(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    a = cifar.load_cifar10(root, records=40)
    b = cifar.load_cifar10(files.tar_of(root, tmp_path / "c.tar.gz"), records=40)
    assert a.x.shape == (200, 3, 32, 32)
    np.testing.assert_array_equal(a.x, b.x)
    first = np.frombuffer(files.cifar_records(40, seed=1), dtype=np.uint8).reshape(40, 3073)
    assert a.x[0, 2, 3, 5] == np.float32(first[0, 1 + 2 * 1024 + 3 * 32 + 5]) / np.float32(255)
    assert a.class_names[1] == "automobile"


def test_cifar100_reads_the_fine_label(tmp_path: Path) -> None:
    for name in ("train.bin", "test.bin"):
        table = np.frombuffer(files.cifar_records(2000, 2, 100), dtype=np.uint8).reshape(2000, 3074).copy()
        table[:, 0] = 7
        (tmp_path / name).write_bytes(table.tobytes())
    assert set(cifar.load_cifar100(tmp_path, records=2000, test_records=2000).y) == set(range(100))


def test_cifar_truncated(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    batch = root / "cifar-10-batches-bin" / "data_batch_3.bin"
    batch.write_bytes(batch.read_bytes()[:-1])
    files.refused(lambda: cifar.load_cifar10(root, records=40), "data_batch_3.bin must hold exactly")
    packed = files.tar_of(files.write_cifar10(tmp_path / "e"), tmp_path / "c.tar.gz")
    packed.write_bytes(packed.read_bytes()[:-100])
    files.refused(lambda: cifar.load_cifar10(packed, records=40), "truncated")


def test_cifar_label_byte(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    (root / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(files.cifar_records(40, classes=11))
    files.refused(lambda: cifar.load_cifar10(root, records=40), "must lie in 0..9, one is 10")


def test_cifar_python_version_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": files.Trap()}, 4))
    files.refused(lambda: cifar.load_cifar10(path), "pickle.*refused.*binary version")
    files.refused(lambda: cifar.load_cifar10(tmp_path), "python version, a pickle")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_cifar_archive_with_a_link(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
    member.type, member.linkname = kind, "../../secret"
    packed = files.tar_of(files.write_cifar10(tmp_path / "c"), tmp_path / "c.tar.gz", [member])
    files.refused(lambda: cifar.load_cifar10(packed, records=40), "link or a special file")


def test_cifar_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "_CEILING", 100_000)
    packed = tmp_path / "c.tar.gz"
    packed.write_bytes(gzip.compress(bytes(10_000_000)))
    files.refused(lambda: cifar.load_cifar10(packed), "unpacks to more than the 100000 bytes")


def test_cifar_archive_members_by_exact_name(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.add(root / "cifar-10-batches-bin", arcname="elsewhere/../cifar-10-batches-bin")
    files.refused(lambda: cifar.load_cifar10(tmp_path / "c.tar.gz", records=40), "has no member")
