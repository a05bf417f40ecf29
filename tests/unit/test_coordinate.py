"""A value drawn in a range is the one that numpy's `uniform` gives there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theory.place import Coordinate


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (3, 7), (1e-9, 1e12), (2.5, 2.5)])
def test_a_draw_is_uniform_on_its_scale_to_the_last_bit(low: float, high: float) -> None:
    linear, log = Coordinate("x", low, high, "linear"), Coordinate("x", low, high)
    for seed in range(50):
        numpys = np.random.default_rng(seed)
        assert linear.draw(np.random.default_rng(seed)) == float(numpys.uniform(low, high))
        numpys = np.random.default_rng(seed)
        wanted = math.exp(numpys.uniform(math.log(low), math.log(high))) if low < high else low
        assert log.draw(np.random.default_rng(seed)) == wanted


def test_one_point_takes_a_draw_on_a_linear_scale_alone() -> None:
    for scale, takes in (("linear", True), ("log", False)):
        rng = np.random.default_rng(0)
        assert Coordinate("x", 2.0, 2.0, scale).draw(rng) == 2.0  # type: ignore[arg-type]
        assert (rng.random() != np.random.default_rng(0).random()) == takes


def test_whole_numbers_are_rounded() -> None:
    drawn = {Coordinate("n", 1, 4, whole=True).draw(np.random.default_rng(k)) for k in range(60)}
    assert drawn == {1, 2, 3, 4}
    assert all(isinstance(n, int) for n in drawn)
