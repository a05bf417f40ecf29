"""The entrance to all sources, and the shipped sets."""

from __future__ import annotations

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


def test_digits_and_classes() -> None:
    pytest.importorskip("sklearn")
    whole = load_images("digits")
    assert (whole.n, whole.k, whole.x.shape[1:]) == (1797, 10, (1, 8, 8))
    pair = load_images("digits", classes=(8, 3))
    assert pair.class_names == ("8", "3")
    assert pair.n == 357
    np.testing.assert_array_equal(pair.x[pair.y == 1], whole.x[whole.y == 3])
    files.refused(lambda: load_images("digits", classes=("3", "x")), "class 'x' is not in the data")
    files.refused(lambda: load_images("digits", classes=("3",)), "at least 2 different")
