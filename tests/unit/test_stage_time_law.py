"""The law of stage times: its limits, its draws, its scores, and what it says where little is random."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from theory.two_stage.mean_field import sampled_field
from theory.two_stage.mean_field.mean_field import Population, last_crossing, mean_field
from theory.two_stage.mean_field.sampled_field import TimeLaw, normal_score, time_law
from theory.two_stage.mean_field.time_errors import stage_time

POP = Population(8.0, ((45, 8), (40, 12)), 1e-3, 50.0, 0.1, 30, 10**8)
STEPS = 200


def test_wide_networks_all_cross_with_the_mean_field() -> None:
    """m -> infinity: every sample has share 1/2, and nothing scatters but the rounding to steps."""
    pop = replace(POP, m=10**7, d=10**14, iota=1e-9, kappa_0=1e6)
    field = mean_field(pop, STEPS)
    expected = last_crossing(field.clock, field.margins[:, :, 1])
    law = time_law(pop, STEPS)
    for label, clock in ((1, expected[0]), (-1, expected[1])):
        times = law.by_class[0 if label > 0 else 1]
        assert times.shape == (pop.counts[0 if label > 0 else 1][1], sampled_field.REPLICATES)
        assert np.all(np.abs(times - clock) < 0.5 * pop.clock_step + 0.01)
        assert law.times(1.0, label).mean() == pytest.approx(clock, abs=0.06)


def test_the_median_agrees_with_the_linear_error_model() -> None:
    linear = stage_time(POP, STEPS, 0.5)
    assert linear is not None
    times = time_law(POP, STEPS, 512).times(0.5)
    assert times.mean() == pytest.approx(
        linear.clock, abs=4 * times.std() / math.sqrt(512) + 0.02 * linear.clock
    )
    assert times.std() == pytest.approx(linear.sd, rel=0.2)


def test_the_maximum_is_later_wider_and_skewed() -> None:
    law = time_law(POP, STEPS, 512)
    half, last = law.times(0.5), law.times(1.0)
    assert np.all(last >= half)
    assert np.all(last == np.maximum(law.times(1.0, 1), law.times(1.0, -1)))
    assert last.std() > 3 * half.std()
    centred = last - last.mean()
    assert np.mean(centred**3) > 0.5 * last.std() ** 3


def test_filters_are_switched_on_as_often_as_the_active_share_says() -> None:
    pop = replace(POP, kappa_0=1.0, iota=1e-4)
    field = mean_field(pop, STEPS)
    on = np.maximum.accumulate(2 * field.active.reshape(STEPS + 1, 4) - 1, axis=0)
    sizes = [n for pair in pop.counts for n in pair]
    ends = np.cumsum([0, *sizes])
    groups = [slice(int(a), int(b)) for a, b in pairwise(ends)]
    draws = sampled_field._draw(pop, 400, on, groups, np.random.default_rng(0))
    assert np.all(np.diff(draws.switch_step) >= 0)
    samples = 400 * pop.n
    for t in (2, 10, 50, STEPS):
        gained = np.sum(draws.switch_step <= t) / (samples * pop.m)
        expected = float(np.average(on[t] / 2, weights=sizes))
        assert gained == pytest.approx(expected, abs=5 * math.sqrt(expected / (samples * pop.m)))
    start = draws.start.mean()
    assert start == pytest.approx(1.0, abs=5 * draws.start.std() / math.sqrt(samples))


def test_scores_of_the_law_itself_are_standard_normal() -> None:
    """Rank among fresh replicates is uniform; a law 15 % off is not."""
    one, other = time_law(POP, STEPS, 512).times(1.0), time_law(POP, STEPS, 128).times(1.0)
    scores = np.array([normal_score(float(x), other) for x in one])
    assert abs(scores.mean()) < 0.35  # 128 replicates place their median to .09, with its own noise .11
    assert 0.85 < scores.std() < 1.2
    wrong = np.array([normal_score(float(x), 1.15 * other) for x in one])
    assert wrong.mean() < scores.mean() - 0.4


def test_times_beyond_the_run_count_as_its_end() -> None:
    law = time_law(POP, 45)
    assert 0.0 < law.censored(1.0) <= 1.0
    assert law.times(1.0).max() == law.end == pytest.approx(4.5)
    empty = TimeLaw((np.zeros((0, 4)), np.full((2, 4), 9.0)), 9.0)
    assert empty.censored(1.0) == 1.0


def test_the_law_is_a_function_of_the_population_alone() -> None:
    first = time_law(POP, STEPS).times(0.5)
    time_law.cache_clear()
    time_law(replace(POP, a=9.0), STEPS)
    assert np.array_equal(first, time_law(POP, STEPS).times(0.5))
