"""Flips: rates, independence, kinds; splits and their streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from papers.images.cases import stripes
from simulation.images.errors import DataError
from simulation.images.flips import FLIP_KINDS, flip, flip_labels, rates_by_class
from simulation.images.split import split


@given(st.integers(0, 2**40), st.floats(0.0, 0.45), st.sampled_from(FLIP_KINDS))
def test_flips_depend_on_the_seed_alone(seed: int, tau: float, kind: str) -> None:
    images = stripes()
    if kind == "class":
        tau /= 1.6
    a, b = flip(images, tau, kind, seed), flip(images, tau, kind, seed)
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_array_equal(a.y, images.y)
    assert set(a.labels) <= {0, 1}
    if tau == 0:
        assert not a.noisy.any()


@pytest.mark.parametrize("k", [2, 5])
def test_rates_and_independence_of_symmetric_flips(k: int) -> None:
    y = np.arange(20_000) % k
    rates = [0.1 + 0.05 * c for c in range(k)]
    observed = flip_labels(np.zeros((len(y), 1, 1, 1), dtype=np.float32), y, k, rates, "symmetric", 3)
    for c in range(k):
        flipped = (observed != y)[y == c]
        assert binomtest(int(flipped.sum()), len(flipped), rates[c]).pvalue > 1e-4
        wrong = observed[(y == c) & (observed != y)]
        counts = np.bincount(wrong, minlength=k)
        assert counts[c] == 0
        if k > 2:
            assert min(np.delete(counts, c)) > 0.6 * len(wrong) / (k - 1)


def test_pair_and_class_flips() -> None:
    y = np.arange(30_000) % 3
    x = np.zeros((len(y), 1, 1, 1), dtype=np.float32)
    pair = flip_labels(x, y, 3, 0.2, "pair", 0)
    assert set(((pair - y) % 3)[pair != y]) == {1}
    uneven = flip_labels(x, y, 3, 0.2, "class", 0)
    shares = [(uneven != y)[y == c].mean() for c in range(3)]
    np.testing.assert_allclose(shares, [0.3, 0.1, 0.3], atol=0.02)


def test_boundary_flips_are_those_nearest_to_the_other_class() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    x = (y * 2.0 - 1 + rng.standard_normal(400))[:, None, None, None].astype(np.float32)
    observed = flip_labels(x, y, 2, 0.2, "boundary", 0)
    flipped = observed != y
    towards = np.where(y == 1, -x[:, 0, 0, 0], x[:, 0, 0, 0])
    for c in range(2):
        assert flipped[y == c].sum() == 40
        assert towards[(y == c) & flipped].min() >= towards[(y == c) & ~flipped].max()


def test_cluster_flips_take_one_group() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(600) % 2
    group = np.arange(600) // 2 % 5
    x = (10.0 * group + y + 0.1 * rng.standard_normal(600))[:, None, None, None].astype(np.float32)
    observed = flip_labels(x, y, 2, 0.2, "cluster", 1)
    for c in range(2):
        assert len(set(group[(observed != y) & (y == c)])) == 1
        assert (observed != y)[y == c].mean() == pytest.approx(0.2, abs=0.01)


def test_rates_refused() -> None:
    assert rates_by_class(0.2, 3) == (0.2, 0.2, 0.2)
    assert rates_by_class([0.6] * 3, 3) == (0.6, 0.6, 0.6)
    for rates, k, match in (
        (0.5, 2, r"\[0, 0.5\)"),
        ([-0.1, 0.2], 2, "-0.1"),
        ([0.1] * 3, 2, "gave 3"),
        (float("nan"), 2, "nan"),
    ):
        with pytest.raises(DataError, match=match):
            rates_by_class(rates, k)
    with pytest.raises(DataError, match="--flip-kind must be one of"):
        flip(stripes(), 0.1, "random")


def test_streams_are_independent() -> None:
    """Flips do not move the split, and the split does not move the flips."""
    images = stripes()
    plain = split(images, seed=4)
    noisy = split(flip(images, 0.2, seed=4), seed=4)
    np.testing.assert_array_equal(plain.train, noisy.train)
    assert not np.array_equal(plain.train, split(images, seed=5).train)


def test_split() -> None:
    images = stripes(400)
    parts = split(images, seed=0)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [240, 60, 100]
    whole = np.sort(np.concatenate([parts.train, parts.validation, parts.test]))
    np.testing.assert_array_equal(whole, np.arange(400))
    chosen = split(images, n=200, validation=0.2, seed=0)
    assert [len(chosen.train), len(chosen.validation), len(chosen.test)] == [200, 50, 150]
    for wrong in ({"n": 399}, {"validation": 0.7}):
        with pytest.raises(DataError):
            split(images, seed=0, **wrong)
    with pytest.raises(DataError, match="lacks a class"):
        split(stripes(200, k=8), seed=0, test=0.02)
