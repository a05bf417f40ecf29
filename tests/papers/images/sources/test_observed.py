"""Observed labels: .npy, .csv, CIFAR-10N's .pt."""

from __future__ import annotations

import pickle
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.images import files
from simulation.files import read_labels
from simulation.images.images import Images
from simulation.images.sources import human_labels
from simulation.images.sources.human_labels import read_pt
from simulation.images.sources.observed import with_observed


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
    files.refused(
        lambda: with_observed(images, tmp_path / "human.pt", "best"),
        "must be one of aggre_label, clean_label",
    )
    (tmp_path / "other.pt").write_bytes(
        files.pt_bytes({**arrays, "clean_label": arrays["clean_label"][::-1].copy()})
    )
    files.refused(lambda: with_observed(images, tmp_path / "other.pt"), "another order")


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=300))
def test_pt_read_is_what_was_written(values: list[int]) -> None:

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
    files.refused(lambda: read_pt(tmp_path / "a.pt", "worse_label"), match)


def test_pt_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(files.pt_bytes({"worse_label": np.arange(9)}, protocol=4))
    files.refused(lambda: read_pt(path, "worse_label"), "protocol 4")
    program = pickle.dumps({"worse_label": np.arange(9)}, 2)
    for cut in range(0, len(program), 7):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", program[:cut])
        files.refused(lambda: read_pt(path, "worse_label"), "refused")


@given(st.binary(max_size=80))
def test_pt_of_any_bytes_ends_in_one_line(program: bytes) -> None:

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/data.pkl", b"\x80\x02" + program + b".")
        files.refused(lambda: read_pt(path, "worse_label"), ".")


def test_observed_refused(tmp_path: Path) -> None:
    images = some_images()
    whole = files.npy_bytes(np.asarray(images.y))
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    files.refused(lambda: read_labels(tmp_path / "cut.npy"), "8 bytes, 479 bytes follow")
    (tmp_path / "huge.npy").write_bytes(files.npy_bytes(np.asarray(images.y), shape=(2**60,)))
    files.refused(lambda: read_labels(tmp_path / "huge.npy"), "its header promises")
    (tmp_path / "l.pt").write_bytes(b"PK no archive")
    files.refused(lambda: with_observed(images, tmp_path / "l.pt"), "truncated or no zip")
    np.save(tmp_path / "short.npy", images.y[:-1])
    files.refused(lambda: with_observed(images, tmp_path / "short.npy"), "59 labels for 60 images")
    (tmp_path / "p.npy").write_bytes(pickle.dumps(files.Trap(), 4))
    files.refused(lambda: read_labels(tmp_path / "p.npy"), "pickle")
    np.save(tmp_path / "o.npy", np.array([files.Trap()], dtype=object), allow_pickle=True)
    files.refused(lambda: read_labels(tmp_path / "o.npy"), "array of objects")
    (tmp_path / "l.csv").write_text("cow\n" * 60)
    files.refused(lambda: with_observed(images, tmp_path / "l.csv"), "'cow' is no class")
    (tmp_path / "l.csv").write_text("a,b\n1,2\n")
    files.refused(lambda: read_labels(tmp_path / "l.csv"), "none is named label")
    files.refused(lambda: read_labels(tmp_path / "l.txt"), "no such file")


def test_pt_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(10_000_000))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(human_labels, "_CEILING", 2**20)
    files.refused(lambda: read_pt(path, "worse_label"), "unpacks to 10000000 bytes; at most 1048576")


def test_a_link_to_labels_is_read_as_the_file_that_it_names(tmp_path: Path) -> None:
    """A file named is the user's choice; only what lies *inside* a folder or archive must not lead out."""
    np.save(tmp_path / "o.npy", np.arange(60) % 2)
    (tmp_path / "l.npy").symlink_to(tmp_path / "o.npy")
    assert read_labels(tmp_path / "l.npy").tolist() == [0, 1] * 30
    (tmp_path / "dead.csv").symlink_to(tmp_path / "nothing.csv")
    files.refused(lambda: read_labels(tmp_path / "dead.csv"), "no such file")
