"""The entrance to all sources, and the shipped sets."""

from __future__ import annotations

import gzip
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from papers.images import files
from simulation.images.errors import MissingData
from simulation.images.load import load_images, parse_data
from simulation.images.sources import idx


def test_data_option() -> None:
    assert parse_data("folder:a/b:c") == ("folder", Path("a/b:c"))
    files.refused(lambda: parse_data("svhn"), "must be one of digits")
    files.refused(lambda: parse_data("idx"), "needs a path")
    files.refused(lambda: parse_data("digits:x"), "takes no path")


def test_missing_sets_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "FASHION", Path("nowhere"))
    with pytest.raises(MissingData, match="dataset-fashion-mnist"):
        idx.load_fashion()


def test_fashion_where_its_package_has_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten classes of 20 images, in the package's form: gzipped, with a test part."""
    pixels, labels = files.pixels(200), np.arange(200, dtype=np.uint8) % 10
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels)):
            packed = gzip.compress(files.idx_bytes(array))
            (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(packed)
    monkeypatch.setattr(idx, "FASHION", tmp_path)
    images = load_images("fashion", classes=("trouser", "tshirt"))
    assert images.class_names == ("trouser", "tshirt")
    mine = np.isin(labels, (0, 1))
    np.testing.assert_array_equal(images.x[:, 0] * 255, pixels[mine])
    np.testing.assert_array_equal(images.y, 1 - labels[mine].astype(int))
    assert images.x_test is not None
    assert len(images.x_test) == 40


@pytest.mark.parametrize(
    ("origin", "said"),
    [(None, "scikit-learn is not installed"), ("somewhere", "this scikit-learn has no digits.csv.gz")],
)
def test_digits_that_are_not_here(
    origin: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = None if origin is None else ModuleSpec("sklearn", None, is_package=True)
    if spec is not None:
        spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    with pytest.raises(MissingData, match=said):
        load_images("digits")


def test_digits_and_classes() -> None:
    bundled = pytest.importorskip("sklearn.datasets").load_digits()
    whole = load_images("digits")
    np.testing.assert_array_equal(whole.x.reshape(-1, 64) * 16, bundled.data)
    np.testing.assert_array_equal(whole.y, bundled.target)
    assert (whole.n, whole.k, whole.x.shape[1:]) == (1797, 10, (1, 8, 8))
    pair = load_images("digits", classes=(8, 3))
    assert pair.class_names == ("8", "3")
    assert pair.n == 357
    np.testing.assert_array_equal(pair.x[pair.y == 1], whole.x[whole.y == 3])
    files.refused(lambda: load_images("digits", classes=("3", "x")), "class 'x' is not in the data")
    files.refused(lambda: load_images("digits", classes=("3",)), "at least 2 different")
