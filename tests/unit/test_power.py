"""Planned power against enumeration and simulation of the deciders themselves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from decide_cases import observations
from scipy import special, stats

from theory.rules import (
    Band,
    Calibration,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    Ordering,
    SameLaw,
    ZScores,
)
from verify.rules.calibration import border_cumulants, gamma_tail
from verify.rules.power import planned_power
from verify.rules.registry import decide
from verify.statistics.equivalence import equivalence
from verify.statistics.median import median_equivalence
from verify.statistics.power import equivalence_power, rate_power


def supported(rule: Event, violations: int, runs: int) -> bool:
    values = [False] * violations + [True] * (runs - violations)
    return decide(rule, observations(values)).verdict == "supported"


@pytest.mark.parametrize("runs", [1, 58, 59, 60, 100, 153])
def test_event_power_is_the_probability_of_the_supporting_counts(runs: int) -> None:
    rule = Event(delta=0.05)
    counts = [k for k in range(min(runs, 15) + 1) if supported(rule, k, runs)]
    expected = stats.binom.pmf(counts, runs, 0.005).sum() if counts else 0.0
    assert planned_power(rule, runs) == pytest.approx(expected, abs=1e-12)
    assert planned_power(Ordering(), runs) == planned_power(rule, runs)
    assert planned_power(Band(0.0, 1.0, reason="test"), runs) == planned_power(rule, runs)


@pytest.mark.parametrize(("replicates", "spread"), [(3, 0.01), (5, 0.03), (10, 0.05), (20, 0.08)])
def test_equivalence_power_agrees_with_the_decider(replicates: int, spread: float) -> None:
    suites = 2000
    x = np.random.default_rng(7).normal(0, spread, size=(suites, replicates))
    hits = sum(equivalence(list(row), 0.0, 0.05, 0.05).verdict == "supported" for row in x)
    power = planned_power(Exponent("eta", -1.0, margin=0.05), replicates, spread)
    assert power is not None
    assert stats.binomtest(hits, suites, power).pvalue > 1e-4
    law = planned_power(Law(math.expm1(0.05), "test", of="mean", bound=1.0), 30, spread)
    assert law == pytest.approx(planned_power(Exponent("eta", -1.0, margin=0.05), 30, spread), rel=1e-9)
    median = planned_power(Law(math.expm1(0.05), "test"), replicates, spread)
    assert median is not None
    found = sum(median_equivalence(list(row), 0.0, 0.05, 0.05).verdict == "supported" for row in x[:800])
    assert stats.binomtest(found, 800, median).pvalue > 1e-4


def test_equivalence_power_at_the_ends() -> None:
    rule = Exponent("eta", -1.0)
    assert planned_power(rule, 2, 0.0) == 0.0
    assert planned_power(rule, 3, 0.0) == 1.0
    assert planned_power(rule, 3, 10.0) == pytest.approx(0.0, abs=1e-3)


def test_same_law_power_bounds_the_simulated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # statsmodels collects garbage at every correction, which takes longer than the whole decision.
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    rule, runs, suites = SameLaw(margin=0.2, reason="test"), 600, 200
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(suites):
        seen = [
            o
            for k, engine in enumerate(("law", "cnn"))
            for o in observations([{"x": float(v)} for v in rng.uniform(size=runs)], engine=engine)
        ]
        hits += decide(rule, seen).verdict == "supported"
    power = planned_power(rule, runs)
    assert power is not None
    assert 0.1 < power < 0.95
    assert stats.binom.cdf(hits, suites, power) > 1e-4
    assert stats.binom.sf(hits - 1, suites, min(1.0, power + 0.05)) > 1e-4
    several = planned_power(rule, runs, quantities=3)
    assert several is not None
    assert several < power
    assert planned_power(rule, 0) == 0.0
    assert planned_power(rule, 50) == 0.0


def upper_counts(n: int, delta: float, alpha: float) -> list[int]:
    return [k for k in range(n + 1) if stats.binom.cdf(k, n, delta) < alpha]


@pytest.mark.parametrize(
    ("n", "delta", "alpha"), [(0, 0.1, 0.1), (1, 0.95, 0.1), (28, 0.1, 0.05), (80, 0.1, 0.02)]
)
def test_power_for_a_rate_by_enumeration(n: int, delta: float, alpha: float) -> None:
    counts = upper_counts(n, delta, alpha)
    expected = float(stats.binom.pmf(counts, n, 0.03).sum()) if counts else 0.0
    assert rate_power(0.03, n, delta, alpha) == pytest.approx(expected, abs=1e-14)


def test_power_of_each_rule() -> None:
    for rule in (
        Event(0.2, 0.02),
        Ordering(0.2, 0.02),
        EventMap("x", 1.0, 0.2, 0.02),
        Band(0.0, 1.0, "test", 0.2, 0.02),
    ):
        assert planned_power(rule, 31) == rate_power(0.02, 31, 0.2, 0.02)
    fitted = FittedBand(8.0, "test", delta=0.2, alpha=0.02)
    assert planned_power(fitted, 63) == rate_power(0.02, 31, 0.2, 0.02)
    assert planned_power(fitted, 62) == planned_power(fitted, 63)
    assert planned_power(Identity(), 3) == pytest.approx(1 - 0.95**3, rel=1e-14)
    assert planned_power(Identity(), 0) == 0.0
    margin, law_margin = 0.3, math.log1p(0.3)
    exponent, law = Exponent("n", 1.0, margin=0.3, alpha=0.02), Law(0.3, "test", alpha=0.02)
    assert planned_power(exponent, 9, 0.25) == equivalence_power(9, 0.25, margin, 0.02)
    of_mean = equivalence_power(9, 0.25, law_margin, 0.02)
    assert of_mean is not None
    assert 0 < planned_power(law, 9, 0.25) < of_mean  # a median needs more runs than a mean
    assert planned_power(replace(exponent, planned_spread=0.4), 9, 0.25) == equivalence_power(
        9, 0.4, margin, 0.02
    )
    assert planned_power(exponent, 9) is None
    assert planned_power(object(), 9, 0.1, cells=[(9, 0.1)]) is None
    assert planned_power(Calibration(0.1, "test"), 9) is None


def test_arguments_of_the_power_are_checked() -> None:
    assert planned_power(Event(), 0, 0.0, quantities=1) == 0.0
    with pytest.raises(ValueError, match=r"^n_trials must be at least 0, was -1$"):
        planned_power(Event(), -1)
    for bad in (-0.1, math.nan):
        with pytest.raises(ValueError, match=rf"^spread must be at least 0, was {bad!r}$"):
            planned_power(Event(), 1, bad)
    with pytest.raises(ValueError, match=r"^quantities must be at least 1, was 0$"):
        planned_power(Event(), 1, quantities=0)


@pytest.mark.parametrize(("runs", "spread", "margin", "alpha"), [(3, 0.1, 0.3, 0.05), (8, 0.3, 0.4, 0.1)])
def test_power_of_two_one_sided_tests_by_integration(
    runs: int, spread: float, margin: float, alpha: float
) -> None:
    """Average over the chi law of the sample's standard deviation by quadrature."""
    from scipy.integrate import quad

    df, t = runs - 1, float(stats.t.ppf(1 - alpha, runs - 1))

    def given(x: float) -> float:
        room = margin - t * spread * math.sqrt(x / df / runs)
        inside = 2 * stats.norm.cdf(room * math.sqrt(runs) / spread) - 1 if room > 0 else 0.0
        return float(inside * stats.chi2.pdf(x, df))

    edge = df * runs * (margin / (t * spread)) ** 2
    expected = quad(given, 0, edge, limit=200)[0]
    found = equivalence_power(runs, spread, margin, alpha)
    assert found == pytest.approx(expected, abs=3e-5)  # 4000 values: the rule's own error is below 1e-5


def test_ends_of_the_power_of_a_mean() -> None:
    assert equivalence_power(9, None, 0.1, 0.05) is None
    assert equivalence_power(2, 0.0, 0.1, 0.05) == 0.0
    assert equivalence_power(3, 0.0, 0.1, 0.05) == 1.0
    far = equivalence_power(3, 0.001, 0.1, 0.05)
    assert far == pytest.approx(1.0)


def test_power_for_two_engines_by_kolmogorovs_law() -> None:
    rule, runs, names = SameLaw(0.2, "test", alpha=0.04), 700, 3
    width = 2 * math.sqrt(math.log(2 * 2 * names / 0.04) / (2 * runs))
    room = (0.2 - width) * math.sqrt(runs / 2)
    assert room < special.kolmogi(0.04 / names)
    expected = 1 - names * special.kolmogorov(room)
    assert expected > 0
    assert planned_power(rule, runs, quantities=names) == pytest.approx(expected, rel=1e-12)
    # With so many runs only a false rejection stands in the way.
    assert planned_power(rule, 10_000, quantities=names) == pytest.approx(1 - 0.04, rel=1e-9)
    assert planned_power(rule, 0) == 0.0
    assert planned_power(rule, 1) == 0.0
    assert planned_power(rule, 300, quantities=names) == 0.0


def test_power_for_scores_by_its_three_parts() -> None:
    rule = ZScores("test", sds=3.0, delta=0.05, bias=0.4, spread=(0.8, 1.3), alpha=0.04)
    runs = 200
    outliers = rate_power(2 * float(stats.norm.sf(3)), runs, 0.05, 0.04)
    bias = equivalence_power(runs, 1.0, 0.4, 0.04)
    low = 0.64 * stats.chi2.ppf(0.96, 199)
    high = 1.69 * stats.chi2.ppf(0.04, 199)
    spread = stats.chi2.cdf(high, 199) - stats.chi2.cdf(low, 199)
    assert bias is not None
    assert 0.5 < outliers < 1
    assert 0.9 < spread < 1
    assert planned_power(rule, runs) == pytest.approx(outliers + bias + spread - 2, rel=1e-12)
    assert planned_power(rule, 2) == 0.0
    loose = replace(rule, delta=0.9, alpha=0.4, bias=50.0, spread=(0.01, 100.0))
    assert planned_power(loose, 3) == pytest.approx(1.0, abs=1e-4)
    assert planned_power(loose, 2) == 0.0
    assert planned_power(rule, 20) == 0.0


def test_power_for_cells_by_the_gamma_law() -> None:
    rule = Calibration(0.2, "test", alpha=0.04)
    cells = [(3, 0.1), (8, 0.25), (2, 0.2), (20, 0.05)]
    used = [(3, 0.1), (8, 0.25), (20, 0.05)]
    variance = sum(2 * v * v / (r * (r - 1)) for r, v in used) / 9
    third = sum(8 * (v / r) ** 3 for r, v in used) / 27
    spread, skew = border_cumulants(0.2, [v / r for r, v in used])
    shape, scale = 4 * spread**3 / skew**2, skew / (2 * spread)
    most = 0.04 + scale * (float(special.gammaincinv(shape, 0.04)) - shape)
    expected = 1 - gamma_tail(most, variance, third)
    assert 0.01 < expected < 0.99
    assert planned_power(rule, 9, cells=cells) == pytest.approx(expected, rel=1e-12)
    assert planned_power(rule, 9, cells=[(2, 0.1)]) == 0.0
    assert planned_power(rule, 9, cells=[(5, 0.0)]) == 1.0
