"""Planned power against enumeration and simulation of the deciders themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import observations
from scipy import stats

from theory.rules import Band, Event, Exponent, FittedBand, Identity, Law, Ordering, SameLaw
from verify.rules.power import planned_power
from verify.rules.registry import decide
from verify.statistics.equivalence import equivalence
from verify.statistics.median import median_equivalence


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


def test_a_fitted_band_has_the_power_of_its_judging_block() -> None:
    rule = FittedBand(max_ratio=4.0, reason="test")
    assert planned_power(rule, 117) == 0.0
    assert planned_power(rule, 118) == planned_power(Event(), 59)


def test_identity_power() -> None:
    assert planned_power(Identity(), 0) == 0.0
    assert planned_power(Identity(), 59) == pytest.approx(1 - 0.95**59)


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
    assert planned_power(rule, 10) is None
    assert planned_power(rule, 2, 0.0) == 0.0
    assert planned_power(rule, 3, 0.0) == 1.0
    assert planned_power(rule, 3, 10.0) == pytest.approx(0.0, abs=1e-3)


def test_same_law_power_bounds_the_simulated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # statsmodels collects garbage at every correction, which takes longer than the whole decision.
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    rule, runs, suites = SameLaw(margin=0.2, reason="test"), 600, 300
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


def test_unknown_rules_and_wrong_arguments() -> None:
    assert planned_power(object(), 10) is None
    with pytest.raises(ValueError, match="n_trials"):
        planned_power(Event(), -1)
    with pytest.raises(ValueError, match="spread"):
        planned_power(Event(), 1, -0.1)
    with pytest.raises(ValueError, match="quantities"):
        planned_power(Event(), 1, quantities=0)
