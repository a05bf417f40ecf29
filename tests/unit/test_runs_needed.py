"""How many runs an interval needs, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from verify.statistics.intervals import (
    MAX_RUNS,
    exceeds,
    rate_upper,
    runs_for_event,
    runs_for_mean,
    runs_to_certify,
)


def test_a_limit_is_exceeded_beyond_rounding_only() -> None:
    assert not exceeds(0.05 * (1 + 0.9e-10), 0.05)
    assert exceeds(0.05 * (1 + 1.1e-10), 0.05)
    assert not exceeds(0.05 * (1 + 1e-10), 0.05)


@pytest.mark.parametrize("violations", [0, 1, 2, 5])
@pytest.mark.parametrize(("delta", "alpha"), [(0.05, 0.05), (0.3, 0.01), (0.7, 0.2)])
def test_the_fewest_runs_that_certify_by_search(violations: int, delta: float, alpha: float) -> None:
    runs = violations + 1
    while stats.binom.cdf(violations, runs, delta) >= alpha:
        runs += 1
    assert runs_to_certify(delta, alpha, violations) == runs
    if violations == 0:
        assert runs_to_certify(delta, alpha) == runs
    if (violations, alpha) == (0, 0.05):
        assert runs_to_certify(delta) == runs


def test_the_limit_must_lie_below_delta_not_at_it() -> None:
    """`1 - alpha = 1/2`: two runs without a violation have the upper limit 1 - sqrt(1/2)."""
    limit = rate_upper(0, 2, 0.5)
    assert runs_to_certify(limit, 0.5) == 3
    assert runs_to_certify(float(np.nextafter(limit, 1)), 0.5) == 2


def fewest(rate: float, delta: float, alpha: float, power: float) -> int:
    """By enumeration of every count at every number of runs."""
    for runs in range(1, 4000):
        k = np.arange(runs + 1)
        if rate < delta:
            decides = stats.binom.cdf(k, runs, delta) < alpha
        else:
            decides = stats.binom.sf(k - 1, runs, delta) < alpha * (1 - 1e-9)
        if stats.binom.pmf(k, runs, rate)[decides].sum() >= power:
            return runs
    raise AssertionError


@pytest.mark.parametrize(
    ("rate", "delta", "alpha", "power"),
    [
        (0.0, 0.3, 0.1, 0.9),
        (0.1, 0.3, 0.1, 0.9),
        (0.2, 0.3, 0.05, 0.5),
        (0.5, 0.3, 0.1, 0.9),
        (0.4, 0.3, 0.02, 0.6),
        (1.0, 0.3, 0.1, 0.9),
        (1.0, 0.05, 0.05, 0.8),
        (0.9, 0.5, 0.1, 0.99),
        (0.005, 0.05, 0.05, 0.8),
        (0.15, 0.05, 0.05, 0.8),
    ],
)
def test_the_fewest_runs_that_decide_an_event(rate: float, delta: float, alpha: float, power: float) -> None:
    assert runs_for_event(rate, delta, alpha, power) == fewest(rate, delta, alpha, power)


def test_defaults_and_ends_of_the_plan_for_an_event() -> None:
    assert runs_for_event(0.01, 0.1) == fewest(0.01, 0.1, 0.05, 0.8)
    assert runs_for_event(0.3, 0.1) == fewest(0.3, 0.1, 0.05, 0.8)
    assert runs_for_event(0.1, 0.1) is None
    assert runs_for_event(0.0499, 0.05) is None
    for bad in (-0.01, 1.01, math.nan):
        with pytest.raises(ValueError, match=rf"^rate must lie in \[0, 1\], was {bad!r}$"):
            runs_for_event(bad, 0.1)
    # No count is probable enough below the cap: 0 violations at a delta of 2e-5 need 149786 runs.
    assert runs_for_event(0.0, 2e-5) is None
    # A difference that would take far more than the cap is refused before the search.
    assert runs_for_event(0.5, 0.501) is None
    assert runs_for_event(0.502, 0.501) is None


def test_plans_beyond_one_and_a_half_caps_are_refused_unsearched() -> None:
    """At rate 0 the normal approximation reads `(z_alpha + z_power)^2 (1 - delta)/delta`."""
    z2 = float(special.ndtri(0.95) + special.ndtri(0.8)) ** 2
    edge = z2 / (1.5 * MAX_RUNS)
    assert runs_for_event(0.0, edge * 0.999) is None
    delta = edge * 1.001
    assert runs_for_event(0.0, delta) == math.ceil(math.log(0.05) / math.log1p(-delta))


@pytest.mark.parametrize(
    ("spread", "gap", "alpha", "power"),
    [(0.1, 0.05, 0.05, 0.8), (0.7, 0.3, 0.01, 0.9), (3.0, 1.0, 0.2, 0.6), (0.0, 1.0, 0.05, 0.8)],
)
def test_the_fewest_replicates_by_search(spread: float, gap: float, alpha: float, power: float) -> None:
    runs = 3
    while (stats.t.ppf(1 - alpha, runs - 1) + stats.t.ppf(power, runs - 1)) * spread > gap * math.sqrt(runs):
        runs += 1
    assert runs_for_mean(spread, gap, alpha, power) == runs
    if (alpha, power) == (0.05, 0.8):
        assert runs_for_mean(spread, gap) == runs


def test_the_ends_of_the_plan_for_a_mean() -> None:
    assert runs_for_mean(0.0, 1e-9) == 3
    for gap in (0.0, -1.0, math.nan):
        assert runs_for_mean(0.1, gap) is None
    for bad in (-1e-9, math.nan):
        with pytest.raises(ValueError, match=rf"^spread must be at least 0, was {bad!r}$"):
            runs_for_mean(bad, 1.0)
    t = float(stats.t.ppf(0.95, MAX_RUNS - 1) + stats.t.ppf(0.8, MAX_RUNS - 1))
    edge = t / math.sqrt(MAX_RUNS)
    assert runs_for_mean(1.0, edge * (1 + 1e-9)) == MAX_RUNS
    assert runs_for_mean(1.0, edge * (1 - 1e-6)) is None
