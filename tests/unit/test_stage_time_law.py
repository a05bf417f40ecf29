"""The law of stage times: its limits, its draws, its scores, and what it says where little is random."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from theory.two_stage.mean_field import sampled_field
from theory.two_stage.mean_field.mean_field import Population, last_crossing, mean_field, share_response
from theory.two_stage.mean_field.sampled_field import TimeLaw, normal_score, time_law
from theory.two_stage.mean_field.time_errors import (
    CrossingLaw,
    crossing_law,
    order_statistic,
    share_variance,
    stage_time,
)

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


# Crossing times written out ---------------------------------------------------------------------------


def g(z: float) -> float:
    return 1 / (1 + math.exp(z))


def head(rho: float, iota: float) -> float:
    """`iota/sqrt(2 pi) - E (iota N - rho)_+`."""
    x = rho / iota
    return iota / math.sqrt(2 * math.pi) - (iota * stats.norm.pdf(x) - rho * stats.norm.sf(x))


POP_BY_HAND = Population(8.0, ((45, 8), (40, 12)), iota=0.05, kappa_0=2.0, clock_step=0.1, m=30, d=3000)


def variance_written_out(c: int, crossing: float) -> tuple[float, float, float]:
    """v, sd and Psi by loops over steps, with the last one in part."""
    steps = 150
    f = mean_field(POP_BY_HAND, steps)
    h = POP_BY_HAND.clock_step
    last = math.floor(crossing / h)
    weight = [h] * last + [crossing - last * h]
    M, p = f.margins[:, c, 1], f.active[:, c, 1]
    E = []
    for t in range(last + 1):
        product = weight[t]
        for later in range(t + 1, last + 1):
            product *= 1 - weight[later] * p[later] * g(M[later]) * (1 - g(M[later]))
        E.append(product)
    first = math.prod(1 - weight[t] * p[t] * g(M[t]) * (1 - g(M[t])) for t in range(last + 1))
    psi = sum(E[t] * g(M[t]) for t in range(last + 1))
    share = f.mass[last + 1, c, 1] / f.rho[last + 1, c, 1]
    cross = 0.0
    for y, kind in ((1 - c, 0), (c, 1)):
        integral = sum(E[t] * g(f.margins[t, y, kind]) for t in range(last + 1))
        cross += POP_BY_HAND.counts[y][kind] / 105 * integral**2
    D = sum(E[t] * (f.gamma[t + 1, 1 - c] - f.gamma[t, 1 - c]) / h for t in range(last + 1))
    start = first * 0.05 / psi
    own = share * (1 - share) + start / math.sqrt(2 * math.pi) + start**2 * (0.5 - 0.5 / math.pi)
    v = own / 30 + 2 * share**2 / 3000 + 105 / 3000 * (share / psi) ** 2 * (share**2 * cross + D**2 / 8)
    growth = (M[last + 1] - M[last]) / h
    return v, psi * math.sqrt(v) / growth, psi


@pytest.mark.parametrize(("c", "crossing"), [(0, 3.27), (1, 4.0321), (1, 0.05)])
def test_the_variance_of_a_share_written_out(c: int, crossing: float) -> None:
    field = mean_field(POP_BY_HAND, 150)
    assert share_variance(field, c, crossing) == pytest.approx(variance_written_out(c, crossing), rel=1e-10)


def test_the_variance_at_the_end_of_the_field() -> None:
    """A crossing in the last step is told from that step."""
    short = mean_field(POP_BY_HAND, 40)
    long = mean_field(POP_BY_HAND, 150)
    for crossing in (3.95, 3.85):
        assert share_variance(short, 0, crossing) == pytest.approx(
            share_variance(long, 0, crossing), rel=1e-12
        )


def crossing_of(margins: list[float], h: float) -> float:
    """Last upward crossing by linear interpolation."""
    if margins[-1] <= 0:
        return math.inf
    below = [t for t, v in enumerate(margins) if v < 0]
    if not below:
        return 0.0
    t = below[-1]
    return h * (t - margins[t] / (margins[t + 1] - margins[t]))


STEPS_BY_HAND = 150


def test_the_crossing_law_written_out() -> None:
    law = crossing_law(POP_BY_HAND, STEPS_BY_HAND)
    f = mean_field(POP_BY_HAND, STEPS_BY_HAND)
    responses = share_response(POP_BY_HAND, STEPS_BY_HAND)
    assert (law.scores[0], law.scores[-1], len(law.scores)) == (-4.5, 4.5, 37)
    for c in (0, 1):
        clock = crossing_of(list(f.margins[:, c, 1]), 0.1)
        assert law.clock[c] == pytest.approx(clock, rel=1e-12)
        v, sd, psi = variance_written_out(c, clock)
        assert law.sd[c] == pytest.approx(sd, rel=1e-9)
        at = round(clock / 0.1)
        for kind in (0, 1):
            shared = ((psi if kind else 0.0) - responses[kind].margins[at, c, 1]) / psi
            assert law.shared[c, kind] == pytest.approx(shared, rel=1e-9)
        for k in (0, 7, 18, 30, 36):
            offset = law.scores[k] * math.sqrt(v)
            mass, margins = 0.0, []
            for t in range(STEPS_BY_HAND + 1):
                margins.append(mass - f.gamma[t, c] + head(f.rho[t, c, 1], 0.05))
                mass += 0.1 * min(max(f.active[t, c, 1] + offset, 0.0), 1.0) * g(margins[-1])
            expected = crossing_of(margins, 0.1)
            assert law.at_score[k, c] == (
                expected if math.isinf(expected) else pytest.approx(expected, rel=1e-9)
            )


def test_a_class_that_does_not_cross_has_no_deviation() -> None:
    law = crossing_law(POP_BY_HAND, 10)
    assert np.all(np.isinf(law.clock))
    assert np.all(np.isnan(law.sd))
    assert np.all(law.shared == 0.0)
    assert np.all(np.isinf(law.at_score))
    assert np.all(law.fit_probability(np.array([0.5])) == 0.0)


def test_shares_are_clipped_at_0_and_1() -> None:
    """Three filters: at 4.5 standard deviations a share would be 1.8, or negative."""
    few = replace(POP_BY_HAND, m=3)
    law, f = crossing_law(few, STEPS_BY_HAND), mean_field(few, STEPS_BY_HAND)
    mass, margins = 0.0, []
    for t in range(STEPS_BY_HAND + 1):
        margins.append(mass - f.gamma[t, 0] + head(f.rho[t, 0, 1], 0.05))
        mass += 0.1 * g(margins[-1])
    assert law.at_score[-1, 0] == pytest.approx(crossing_of(margins, 0.1), rel=1e-9)
    assert math.isinf(law.at_score[0, 0])


def test_probabilities_between_the_scores() -> None:
    scores = np.array([-2.0, -1.0, 0.0, 1.0])
    at = np.array([[math.inf, math.inf], [5.0, math.inf], [3.0, math.inf], [2.0, math.inf]])
    law = CrossingLaw(np.zeros(2), np.zeros(2), scores, at, np.zeros((2, 2)))
    found = law.fit_probability(np.array([1.9, 2.0, 2.5, 4.0, 5.0, 9.0]))
    wanted = [0.0, *stats.norm.cdf([-1.0, -0.5, 0.5, 1.0, 1.0])]
    assert found[:, 0] == pytest.approx(wanted)
    assert np.all(found[:, 1] == 0.0)


@pytest.mark.parametrize("counts", [(2, 3), (0, 2), (3, 0), (1, 1)])
def test_order_statistics_by_enumeration(counts: tuple[int, int]) -> None:
    p = np.array([[0.3, 0.8], [0.0, 0.5], [1.0, 0.1]])
    total = sum(counts)
    for rank in range(1, total + 1):
        expected = []
        for first, second in p:
            chances = [first] * counts[0] + [second] * counts[1]
            hit = 0.0
            for outcome in itertools.product((0, 1), repeat=total):
                if sum(outcome) >= rank:
                    hit += math.prod(c if o else 1 - c for c, o in zip(chances, outcome, strict=True))
            expected.append(hit)
        assert order_statistic(np.zeros(3), p, counts, rank) == pytest.approx(expected, abs=1e-12)


def time_written_out(pop: Population, share: float) -> tuple[float, float]:
    """Mean and deviation of the time from the law's scores, the binomials by enumeration of counts."""
    law = crossing_law(pop, STEPS_BY_HAND)
    counts = [pop.counts[0][1], pop.counts[1][1]]
    rank = max(1, math.ceil(share * sum(counts)))
    present = [c for c in (0, 1) if counts[c]]
    known = law.at_score[:, present]
    low, high = (
        float(known.min()),
        min(pop.clock_step * STEPS_BY_HAND, float(known[np.isfinite(known)].max())),
    )
    clock = np.linspace(low, high, 401)

    def mean_of(delay: list[float]) -> tuple[float, float]:
        fit = [law.fit_probability(clock - delay[c])[:, c] for c in (0, 1)]
        late = np.zeros(401)
        for one in range(counts[0] + 1):
            for two in range(counts[1] + 1):
                if one + two < rank:
                    late += stats.binom.pmf(one, counts[0], fit[0]) * stats.binom.pmf(two, counts[1], fit[1])
        final = 1 - late[-1]
        late = 1 - (1 - late) / final
        mean = integrate.trapezoid(late, clock)
        second = 2 * (clock[1] - clock[0]) * float(((clock - low) * late).sum())
        return low + mean, second - mean**2

    mean, variance = mean_of([0.0, 0.0])
    for c in present:
        e = 0.1 * law.sd[c]
        delay = [0.0, 0.0]
        delay[c] = e
        slope = (mean_of(delay)[0] - mean) / e
        clean, noisy = pop.counts[c]
        on_clean, on_noisy = law.shared[c]
        own = law.sd[c] ** 2
        variance += slope**2 * own * ((on_noisy**2 - 2 * on_noisy) / noisy + on_clean**2 / max(1, clean))
    return float(mean), math.sqrt(variance)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.52, 1.0])
def test_stage_times_written_out(share: float) -> None:
    wide = replace(POP_BY_HAND, m=3000, d=10**7, iota=1e-3)
    found = stage_time(wide, STEPS_BY_HAND, share)
    assert found is not None
    assert (found.clock, found.sd) == pytest.approx(time_written_out(wide, share), rel=1e-8)


def test_stage_times_of_one_class_and_of_none() -> None:
    wide = replace(POP_BY_HAND, m=3000, d=10**7, iota=1e-3)
    for counts in (((45, 8), (52, 0)), ((53, 0), (40, 12)), ((50, 1), (50, 0))):
        one = replace(wide, counts=counts)
        found = stage_time(one, STEPS_BY_HAND, 0.5)
        assert found is not None
        assert (found.clock, found.sd) == pytest.approx(time_written_out(one, 0.5), rel=1e-8)
    assert stage_time(replace(wide, counts=((53, 0), (52, 0))), STEPS_BY_HAND, 0.5) is None
    assert stage_time(wide, 10, 0.5) is None
    assert stage_time(POP_BY_HAND, 38, 1.0) is None  # t_all lies beyond the run for some networks
