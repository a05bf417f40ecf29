"""Laws at skewed truths: the errors of `Law` stay at their levels, where a t-test's do not."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from decide_cases import observations, well_formed

from theory.rules import Difference, Law
from verify.rules.registry import decide
from verify.statistics.equivalence import equivalence
from verify.statistics.means import mean_equivalence, smallest_p
from verify.statistics.median import median_equivalence, median_power

Floats = NDArray[np.float64]
MARGIN = 0.3
#: Draws with their median and mean.
LAWS: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float, float]] = {
    **{
        f"lognormal {s}": (lambda g, n, s=s: np.exp(s * g.normal(size=n)), 1.0, math.exp(s**2 / 2))  # type: ignore[misc]
        for s in (0.5, 1.0, 1.5)
    },
    "exponential": (lambda g, n: g.exponential(size=n), math.log(2), 1.0),
}
SUITES = 600


def too_often(count: int, suites: int, level: float) -> bool:
    return bool(stats.binom.sf(count - 1, suites, level) < 1e-4)


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("n", [12, 25])
def test_a_median_on_the_border_is_refuted_and_supported_at_most_at_the_level(
    name: str, mirror: int, n: int
) -> None:
    draw, median, _ = LAWS[name]
    rng = np.random.default_rng(5)
    counts = dict.fromkeys(("refuted", "supported", "small"), 0)
    for _ in range(SUITES):
        found = median_equivalence(MARGIN + mirror * (draw(rng, n) - median), 0.0, MARGIN, 0.05)
        counts[found.verdict] = counts.get(found.verdict, 0) + 1
        counts["small"] += found.p_value < 0.004
    assert not too_often(counts["refuted"], SUITES, 0.05)
    assert not too_often(counts["supported"], SUITES, 0.05)
    assert not too_often(counts["small"], SUITES, 0.004)


def test_the_same_of_a_mean_by_student_is_caught() -> None:
    """Lognormal(1.5) with its mean on the border, 12 trials: 1e-3 is shown in more than 5 %."""
    draw, _, mean = LAWS["lognormal 1.5"]
    rng = np.random.default_rng(6)
    small = 0
    for _ in range(SUITES):
        found = equivalence(-MARGIN + draw(rng, 12) - mean, 0.0, MARGIN, 0.05)
        small += found.p_value < 1e-3
    assert small > 0.05 * SUITES
    assert too_often(small, SUITES, 1e-3)


@pytest.mark.parametrize("n", [30, 100])
def test_a_mean_without_a_bound_shows_no_p_value_that_it_cannot_keep(n: int) -> None:
    """Down to its floor the one-sided error is within twice the nominal level, at either tail."""
    rng, suites = np.random.default_rng(7), 500
    for draw, _, mean in LAWS.values():
        for mirror in (1, -1):
            for end in (MARGIN, -MARGIN):
                at_floor = 0
                for _ in range(suites // 4):
                    x = end + mirror * (draw(rng, n) - mean)
                    found = mean_equivalence(x, 0.0, MARGIN, 0.05)
                    assert found.p_value >= min(1.0, 2 * smallest_p(n)) - 1e-12
                    at_floor += found.p_value <= 2 * smallest_p(n) + 1e-12
                assert not too_often(at_floor, suites // 4, 2 * smallest_p(n))


def test_without_its_floor_the_mean_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lognormal(1.5), 30 trials, mean on the lower end: a one-sided p below .005 seven times as often."""
    monkeypatch.setattr("verify.statistics.means._SMALLEST", ((30, 0.0),))
    draw, _, mean = LAWS["lognormal 1.5"]
    rng = np.random.default_rng(11)
    small = sum(
        mean_equivalence(-MARGIN + draw(rng, 30) - mean, 0.0, MARGIN, 0.05).p_value < 0.01
        for _ in range(SUITES)
    )
    assert too_often(small, SUITES, 2 * 0.005)


def test_a_bounded_mean_is_exact_at_small_levels_and_decides() -> None:
    """Values -0.2 and 1 with a mean on the border, 100 trials: no t-test would do."""
    bound, n, suites = 1.0, 100, 1000
    rng = np.random.default_rng(8)
    high = (MARGIN + 0.2) / 1.2
    errors = {0.05: 0, 0.01: 0, 0.002: 0}
    for _ in range(suites):
        x = np.where(rng.random(n) < high, 1.0, -0.2)
        found = mean_equivalence(x, 0.0, MARGIN, 0.05, bound)
        for level in errors:
            errors[level] += found.p_value <= level
    assert not any(too_often(count, suites, level) for level, count in errors.items())
    near = rng.normal(0.0, 0.1, n)
    assert mean_equivalence(near, 0.0, MARGIN, 0.05, bound).verdict == "supported"
    far = mean_equivalence(near + 0.6, 0.0, MARGIN, 0.05, bound)
    assert far.verdict == "refuted"
    assert far.p_value < 1e-6
    assert far.outer.low > MARGIN
    with pytest.raises(ValueError, match="bound must hold every value"):
        mean_equivalence([2.0], 0.0, MARGIN, 0.05, bound)


def test_a_law_of_the_mean_needs_400_trials_without_a_bound_and_few_with_one() -> None:
    rng = np.random.default_rng(9)
    ratios = np.exp(rng.normal(0.0, 0.1, 400))
    free = Law(0.3, "about the mean", of="mean")
    assert well_formed(decide(free, observations((r, 1.0) for r in ratios[:100]))).verdict == "inconclusive"
    assert well_formed(decide(free, observations((r, 1.0) for r in ratios))).verdict == "supported"
    bounded = Law(0.3, "about the mean", of="mean", bound=1.0)
    assert well_formed(decide(bounded, observations((r, 1.0) for r in ratios[:100]))).verdict == "supported"
    wrong = well_formed(decide(bounded, observations((1.8 * r, 1.0) for r in ratios[:100])))
    assert wrong.verdict == "refuted"
    assert "in the geometric mean" in wrong.reason
    for bad in ({"bound": 1.0}, {"of": "mean", "bound": 0.1}, {"of": "mode"}):
        with pytest.raises(ValueError, match=r"^(bound|of) must"):
            Law(0.3, "why", **bad)  # type: ignore[arg-type]


def test_the_planned_power_of_a_median_is_what_happens() -> None:
    rng, n, spread = np.random.default_rng(10), 15, 0.25
    planned = median_power(n, spread, MARGIN, 0.05)
    assert planned is not None
    assert 0.5 < planned < 0.99
    found = sum(
        median_equivalence(spread * rng.normal(size=n), 0.0, MARGIN, 0.05).verdict == "supported"
        for _ in range(SUITES)
    )
    assert abs(found / SUITES - planned) < 4 * math.sqrt(planned * (1 - planned) / SUITES)


def test_a_median_with_trials_without_a_value_is_supported_at_most_at_the_level() -> None:
    """Worst case: every lost trial lies beyond the end that half of all reach; without them fewer do."""
    rng, n, lost = np.random.default_rng(31), 40, 0.2
    counts = {True: 0, False: 0}
    for _ in range(SUITES):
        x = MARGIN + rng.normal(size=n)  # the median of all lies on the upper end
        seen = x[(x < MARGIN) | (rng.random(n) > 2 * lost)]
        for counted in counts:
            missing = n - len(seen) if counted else 0
            found = median_equivalence(seen.tolist(), MARGIN - 3.0, 3.0, 0.05, missing)
            counts[counted] += found.verdict == "supported"
    assert not too_often(counts[True], SUITES, 0.05)
    assert too_often(counts[False], SUITES, 0.05)  # as if they were not


def test_heavy_tails_do_not_hide_that_a_median_is_narrow() -> None:
    """A third of the values is far away: the deviation says that forty could not support, the count does."""
    rng, n = np.random.default_rng(32), 40
    hits, planned, normal = 0, [], []
    for _ in range(SUITES):
        x = np.where(rng.random(n) < 0.2, 3.0 * rng.normal(size=n), 0.01 * rng.normal(size=n))
        found = median_equivalence(x, 0.0, MARGIN, 0.05)
        hits += found.verdict == "supported"
        assert found.tail is not None
        power = median_power(n, found.spread, MARGIN, 0.05, found.tail)
        blind = median_power(n, found.spread, MARGIN, 0.05)
        assert power is not None
        assert blind is not None
        planned.append(power)
        normal.append(blind)
    assert hits > 0.99 * SUITES
    assert np.median(normal) < 0.1
    assert np.median(planned) > 0.9


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("n", [12, 64])
def test_a_difference_on_the_border_is_refuted_and_supported_at_most_at_the_level(
    name: str, mirror: int, n: int
) -> None:
    """Whatever the skewness of the differences, at few trials and at many."""
    draw, median, _ = LAWS[name]
    rng, rule = np.random.default_rng(12), Difference(MARGIN, "why")
    counts = {"refuted": 0, "supported": 0, "inconclusive": 0}
    for _ in range(SUITES // 2):
        values = MARGIN + mirror * (draw(rng, n) - median)
        counts[decide(rule, observations((v, 0.0) for v in values)).verdict] += 1
    assert not too_often(counts["refuted"], SUITES // 2, 0.05)
    assert not too_often(counts["supported"], SUITES // 2, 0.05)


def test_a_mean_difference_by_student_would_be_caught() -> None:
    """Lognormal(1.5) with its mean on the border: 12 trials refute in 28 % where .05 is said."""
    draw, _, mean = LAWS["lognormal 1.5"]
    rng = np.random.default_rng(13)
    found = [equivalence(MARGIN + draw(rng, 12) - mean, 0.0, MARGIN, 0.05).verdict for _ in range(SUITES)]
    assert too_often(found.count("refuted"), SUITES, 0.05) or too_often(
        found.count("supported"), SUITES, 0.05
    )


def test_a_difference_of_means_decides_with_a_bound_or_with_many_trials_only() -> None:
    draw, _, mean = LAWS["lognormal 1.5"]
    rng, free = np.random.default_rng(14), Difference(MARGIN, "why", of="mean")
    few = [decide(free, observations((v - mean + MARGIN, 0.0) for v in draw(rng, 64))) for _ in range(20)]
    assert {d.verdict for d in few} == {"inconclusive"}
    near = [(float(v), 0.0) for v in rng.normal(0.0, 0.05, 400)]
    assert well_formed(decide(free, observations(near))).verdict == "supported"
    bounded = Difference(MARGIN, "why", of="mean", bound=1.0)
    assert well_formed(decide(bounded, observations(near[:60]))).verdict == "supported"
    far = [(0.6 + v, 0.0) for v, _ in near[:60]]
    assert "on average" in well_formed(decide(bounded, observations(far))).reason
    for bad in ({"bound": 1.0}, {"of": "mean", "bound": 0.1}, {"of": "mode"}):
        with pytest.raises(ValueError, match=r"^(bound|of) must"):
            Difference(MARGIN, "why", **bad)  # type: ignore[arg-type]
