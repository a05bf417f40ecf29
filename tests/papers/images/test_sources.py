"""Readers of users' files: right, truncated, oversized header, bomb, pickle, link. Nothing read ever runs."""

from __future__ import annotations

import gzip
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.images import files
from simulation.images.errors import DataError, MissingData
from simulation.images.images import Images
from simulation.images.load import load_images, parse_data
from simulation.images.sources import bounded, cifar, folder, idx, npz
from simulation.images.sources.human_labels import read_pt
from simulation.images.sources.observed import read_labels, with_observed


@pytest.fixture(autouse=True)
def _trap_stays_shut():
    files.ARMED[0] = "unset"
    yield
    assert files.ARMED[0] == "unset", "code in a file was run"


def one_line(caught: pytest.ExceptionInfo[DataError]) -> str:
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


def refused(call, match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        call()
    one_line(caught)


# IDX -------------------------------------------------------------------------------------------------


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
    refused(lambda: load_images("idx", path), match)


def test_idx_bomb_is_cut_at_its_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = files.write_idx(tmp_path / "d")
    (path / IMAGES).write_bytes(gzip.compress(files.idx_bytes(files.pixels()) + bytes(50_000_000)))
    read = []
    whole = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda s, n=-1: read.append(n) or whole(s, n))
    refused(lambda: load_images("idx", path), "unpacks to more than")
    assert max(read) < 3000
    assert min(read) > 0


def test_idx_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = files.write_idx(tmp_path / "d")
    (path / IMAGES).unlink()
    os.mkfifo(path / IMAGES)
    refused(lambda: load_images("idx", path), "plain file")


# CIFAR -----------------------------------------------------------------------------------------------


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
    refused(lambda: cifar.load_cifar10(root, records=40), "data_batch_3.bin must hold exactly")
    packed = files.tar_of(files.write_cifar10(tmp_path / "e"), tmp_path / "c.tar.gz")
    packed.write_bytes(packed.read_bytes()[:-100])
    refused(lambda: cifar.load_cifar10(packed, records=40), "truncated")


def test_cifar_label_byte(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    (root / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(files.cifar_records(40, classes=11))
    refused(lambda: cifar.load_cifar10(root, records=40), "must lie in 0..9, one is 10")


def test_cifar_python_version_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": files.Trap()}, 4))
    refused(lambda: cifar.load_cifar10(path), "pickle.*refused.*binary version")
    refused(lambda: cifar.load_cifar10(tmp_path), "python version, a pickle")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_cifar_archive_with_a_link(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
    member.type, member.linkname = kind, "../../secret"
    packed = files.tar_of(files.write_cifar10(tmp_path / "c"), tmp_path / "c.tar.gz", [member])
    refused(lambda: cifar.load_cifar10(packed, records=40), "link or a special file")


def test_cifar_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar, "_CEILING", 100_000)
    packed = tmp_path / "c.tar.gz"
    packed.write_bytes(gzip.compress(bytes(10_000_000)))
    refused(lambda: cifar.load_cifar10(packed), "unpacks to more than the 100000 bytes")


def test_cifar_archive_members_by_exact_name(tmp_path: Path) -> None:
    root = files.write_cifar10(tmp_path / "c")
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as archive:
        archive.add(root / "cifar-10-batches-bin", arcname="elsewhere/../cifar-10-batches-bin")
    refused(lambda: cifar.load_cifar10(tmp_path / "c.tar.gz", records=40), "has no member")


# npz -------------------------------------------------------------------------------------------------


@given(st.integers(20, 30), st.integers(2, 5), st.integers(0, 2**31))
def test_npz_read_is_what_was_written(n: int, side: int, seed: int) -> None:
    import tempfile

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
    refused(load(x=pickled), "no .npy array|array of objects")
    import io

    out = io.BytesIO()
    np.save(out, objects, allow_pickle=True)
    refused(load(x=out.getvalue()), "array of objects, which is a pickle")
    refused(load(x=files.npy_bytes(np.zeros(5), shape=(2**40, 2**20))), "its header promises")
    refused(load(x=files.npy_bytes(np.zeros(5), shape=(-5,))), "its header promises")
    refused(load(x=files.npy_bytes(files.pixels())[:-1]), "its header promises")
    refused(load(x=files.npy_bytes(np.full((60, 6, 6), np.nan))), "finite")
    refused(load(y=files.npy_bytes(np.arange(59) % 2)), r"shape \(60,\)")
    refused(load(y=files.npy_bytes(np.zeros(60, dtype=np.int64))), "at least 2 classes")
    refused(load(y=files.npy_bytes(np.arange(60) // 45)), "has 15 images; at least 20")
    refused(load(x=pickle.dumps(files.Trap())), "no .npy array")


def test_npz_truncated_and_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _npz(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    refused(lambda: load_images("npz", path), "truncated or no zip")
    bomb = _npz(tmp_path, z=files.npy_bytes(np.zeros(10_000_000)))
    assert bomb.stat().st_size < 300_000
    monkeypatch.setattr(npz, "open_zip", lambda data, path: bounded.open_zip(data, path, 2**20))
    refused(lambda: load_images("npz", bomb), "unpacks to")


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
    refused(lambda: load_images("npz", path), "damaged|no .npy array")


# Pictures --------------------------------------------------------------------------------------------

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
    refused(lambda: load_images("folder", root), "cannot be read as a picture")


def test_truncated_picture(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "p")
    victim = root / "cat" / "001.bmp"
    victim.write_bytes(victim.read_bytes()[:60])
    refused(lambda: load_images("folder", root), "cannot be read as a picture")


def test_picture_with_an_oversized_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_pictures(tmp_path / "p")
    monkeypatch.setattr(folder, "MOST_PIXELS", 1000)
    PIL.new("RGB", (400, 400)).save(root / "cat" / "big.png")
    refused(lambda: load_images("folder", root), "400 x 400 pixels; at most 1000")


def test_picture_bomb(tmp_path: Path) -> None:
    """A PNG whose header promises 60,000 x 60,000 pixels is refused before it is decoded."""
    root = write_pictures(tmp_path / "p")
    good = (root / "cat" / "000.png").read_bytes()
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + good[24:29]
    data = good[:8] + good[8:12] + head + struct.pack(">I", zlib.crc32(head)) + good[33:]
    (root / "cat" / "000.png").write_bytes(data)
    refused(lambda: load_images("folder", root), "pixels|cannot be read")


def test_folder_options(tmp_path: Path) -> None:
    refused(lambda: load_images("folder", tmp_path), "at least 2 subfolders")
    refused(lambda: load_images("folder", tmp_path / "none"), "no such folder")
    refused(lambda: load_images("folder", tmp_path, size=3), "4..512")
    refused(lambda: load_images("folder", tmp_path, mode="CMYK"), "RGB or L")


# Observed labels -------------------------------------------------------------------------------------


def some_images(n: int = 60) -> Images:
    x = files.pixels(n)[:, None].astype(np.float32) / 255
    return Images(x, files.labels(n).astype(np.int64), "made up", ("0", "1"))


def test_observed_npy_and_csv(tmp_path: Path) -> None:
    images = some_images()
    wrong = 1 - images.y
    np.save(tmp_path / "o.npy", wrong)
    (tmp_path / "o.csv").write_text("file,label\n" + "".join(f"{i}.png,{v}\n" for i, v in enumerate(wrong)))
    for name in ("o.npy", "o.csv"):
        got = with_observed(images, tmp_path / name)
        np.testing.assert_array_equal(got.labels, wrong)
        assert got.noisy.all()


def test_observed_pt_without_unpickling(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    images = some_images()
    arrays = {"clean_label": images.y.astype(np.int64), "worse_label": 1 - images.y, "aggre_label": images.y}
    torch.save(arrays, tmp_path / "human.pt", pickle_protocol=2)
    np.testing.assert_array_equal(with_observed(images, tmp_path / "human.pt").labels, 1 - images.y)
    assert not with_observed(images, tmp_path / "human.pt", "aggre_label").noisy.any()
    refused(
        lambda: with_observed(images, tmp_path / "human.pt", "best"),
        "must be one of aggre_label, clean_label",
    )
    (tmp_path / "other.pt").write_bytes(
        files.pt_bytes({**arrays, "clean_label": arrays["clean_label"][::-1].copy()})
    )
    refused(lambda: with_observed(images, tmp_path / "other.pt"), "another order")


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=300))
def test_pt_read_is_what_was_written(values: list[int]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.pt"
        path.write_bytes(files.pt_bytes({"worse_label": np.array(values, dtype=np.int64)}))
        np.testing.assert_array_equal(read_pt(path, "worse_label")["worse_label"], values)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"worse_label": files.Trap()}, "names 'papers.images.files.spring'"),
        (files.Trap(), "names"),
        ({"worse_label": [1, 2]}, "instruction"),
        ([1], "instruction"),
        ({"worse_label": 3}, "no numpy array"),
        ({"worse_label": np.zeros(3)}, "64-bit integers"),
        ({"worse_label": np.zeros((3, 2), dtype=np.int64)}, "shape"),
        ({"worse_label": np.array([files.Trap()], dtype=object)}, "names|instruction"),
    ],
    ids=["trap", "bare trap", "list", "bare list", "number", "floats", "table", "array of traps"],
)
def test_pt_refused(tmp_path: Path, content: object, match: str) -> None:
    (tmp_path / "a.pt").write_bytes(files.pt_bytes(content))
    refused(lambda: read_pt(tmp_path / "a.pt", "worse_label"), match)


def test_pt_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(files.pt_bytes({"worse_label": np.arange(9)}, protocol=4))
    refused(lambda: read_pt(path, "worse_label"), "protocol 4")
    program = pickle.dumps({"worse_label": np.arange(9)}, 2)
    for cut in range(0, len(program), 7):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", program[:cut])
        refused(lambda: read_pt(path, "worse_label"), "refused")


@given(st.binary(max_size=80))
def test_pt_of_any_bytes_ends_in_one_line(program: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", b"\x80\x02" + program + b".")
        with pytest.raises(DataError) as caught:
            read_pt(path, "worse_label")
        one_line(caught)


def test_observed_refused(tmp_path: Path) -> None:
    images = some_images()
    np.save(tmp_path / "short.npy", images.y[:-1])
    refused(lambda: with_observed(images, tmp_path / "short.npy"), "59 labels for 60 images")
    (tmp_path / "p.npy").write_bytes(pickle.dumps(files.Trap(), 4))
    refused(lambda: read_labels(tmp_path / "p.npy"), "pickle")
    np.save(tmp_path / "o.npy", np.array([files.Trap()], dtype=object), allow_pickle=True)
    refused(lambda: read_labels(tmp_path / "o.npy"), "array of objects")
    (tmp_path / "l.csv").write_text("cow\n" * 60)
    refused(lambda: with_observed(images, tmp_path / "l.csv"), "'cow' is no class")
    (tmp_path / "l.csv").write_text("a,b\n1,2\n")
    refused(lambda: read_labels(tmp_path / "l.csv"), "none is named label")
    refused(lambda: read_labels(tmp_path / "l.txt"), "no such file")


# By kind ---------------------------------------------------------------------------------------------


def test_data_option() -> None:
    assert parse_data("folder:a/b:c") == ("folder", Path("a/b:c"))
    refused(lambda: parse_data("svhn"), "must be one of digits")
    refused(lambda: parse_data("idx"), "needs a path")
    refused(lambda: parse_data("digits:x"), "takes no path")


def test_missing_sets_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "FASHION", Path("nowhere"))
    with pytest.raises(MissingData, match="dataset-fashion-mnist"):
        idx.load_fashion()


def test_digits_and_classes() -> None:
    pytest.importorskip("sklearn")
    whole = load_images("digits")
    assert (whole.n, whole.k, whole.x.shape[1:]) == (1797, 10, (1, 8, 8))
    pair = load_images("digits", classes=(8, 3))
    assert pair.class_names == ("8", "3")
    assert pair.n == 357
    np.testing.assert_array_equal(pair.x[pair.y == 1], whole.x[whole.y == 3])
    refused(lambda: load_images("digits", classes=("3", "x")), "class 'x' is not in the data")
    refused(lambda: load_images("digits", classes=("3",)), "at least 2 different")
