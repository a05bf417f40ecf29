"""Equivalence tests by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import runs_for_mean

EPS = float(np.finfo(float).eps)


def t_interval(values: list[float], alpha: float) -> tuple[float, float]:
    """`1 - alpha` interval of the mean."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = float(stats.t.ppf(1 - alpha / 2, len(values) - 1)) * error
    return mean - half, mean + half


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([2.1, 2.13, 2.08, 2.11], "supported"),
        ([2.5, 2.61, 2.47, 2.55], "refuted"),
        ([1.1, 1.31, 1.27, 1.15], "refuted"),
        ([2.1, 2.5, 1.8, 2.3], "inconclusive"),
        ([2.4, 2.9, 2.0, 2.6], "inconclusive"),
    ],
)
def test_intervals_spread_and_verdict(values: list[float], verdict: str) -> None:
    found = equivalence(values, 2.0, 0.3, 0.05)
    assert found.verdict == verdict
    assert found.mean == pytest.approx(np.mean(values))
    assert found.spread == pytest.approx(stats.tstd(values))
    assert (found.inner.low, found.inner.high) == pytest.approx(t_interval(values, 0.1))
    assert (found.outer.low, found.outer.high) == pytest.approx(t_interval(values, 0.05))
    assert (found.needed is None) == (verdict != "inconclusive")


@pytest.mark.parametrize(("shift", "alpha"), [(0.02, 0.05), (0.6, 0.025), (-0.02, 0.05), (-0.6, 0.025)])
def test_needed_runs_are_those_of_the_side_on_which_the_mean_lies(shift: float, alpha: float) -> None:
    """Inside the margin one must support, at alpha; outside refute, at alpha/2 an end."""
    values = [2 + shift + x for x in (-0.5, 0.5, -0.4, 0.4, 0.3, -0.3)]
    found = equivalence(values, 2.0, 0.3, 0.05)
    assert found.verdict == "inconclusive"
    gap = abs(0.3 - abs(shift))
    assert found.needed == max(runs_for_mean(float(stats.tstd(values)), gap, alpha) or 0, 7)
    assert found.needed > 7


def test_needed_runs_are_more_than_were_made() -> None:
    """Close to decided: the count for 80 % power would be fewer than were made."""
    for shift in np.linspace(0.0, 0.9, 400):
        values = [2 + shift + x for x in (-0.2, 0.2, -0.25, 0.25)]
        found = equivalence(values, 2.0, 0.4, 0.05)
        if found.verdict == "inconclusive" and found.needed is not None:
            assert found.needed >= 5
    near = [
        equivalence([2 + x - 0.2, 2 + x + 0.2, 2 + x - 0.25, 2 + x + 0.25], 2.0, 0.4, 0.05)
        for x in (0.77, 0.78)
    ]
    assert {f.needed for f in near if f.verdict == "inconclusive"} <= {5, 6, 7, None}


def test_fewer_than_three_replicates_decide_nothing() -> None:
    one, two = equivalence([2.0], 2.0, 0.3, 0.05), equivalence([2.0, 2.1], 2.0, 0.3, 0.05)
    assert (one.verdict, one.mean, one.spread, one.needed) == ("inconclusive", 2.0, None, 3)
    assert (one.inner.low, one.inner.high) == (-math.inf, math.inf)
    assert (two.verdict, two.mean, two.needed) == ("inconclusive", pytest.approx(2.05), 3)
    assert two.spread == pytest.approx(0.1 / math.sqrt(2))
    assert (two.inner.low, two.inner.high) == pytest.approx(t_interval([2.0, 2.1], 0.1))
    assert (two.outer.low, two.outer.high) == pytest.approx(t_interval([2.0, 2.1], 0.05))


def test_the_ends_of_the_margin_belong_to_it_up_to_rounding() -> None:
    for values, scale in (([0.3] * 3, 1.0), ([20.3] * 3, 20.3)):
        centre = values[0] - 0.3
        assert equivalence(values, centre, 0.3 - 7 * EPS * scale, 0.05).verdict == "supported"
        assert equivalence(values, centre, 0.3 - 20 * EPS * scale, 0.05).verdict == "refuted"


def test_the_level_is_checked() -> None:
    assert equivalence([1.0, 1.0, 1.0], 1.0, 0.1, 0.499).verdict == "supported"
    for bad in (0.0, 0.5, 0.7, -0.1, 1.0):
        with pytest.raises(
            ValueError, match=rf"^alpha must lie in \(0, 1/2\) for two one-sided tests, was {bad}"
        ):
            equivalence([1.0, 1.0, 1.0], 1.0, 0.1, bad)
