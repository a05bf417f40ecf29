"""How often the verdicts are wrong, over thousands of simulated suites whose truth is known.

A claim that is true by construction must not be refuted more often than alpha, and one that is false by
construction must not be supported more often than alpha; planted errors must be found as often as the
theory of the test says. Counts are compared with exact binomials at error level 1e-4 on fixed seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy import stats

from theory.rules import Band, Event, Exponent, FittedBand, Law, SameLaw
from theory.two_stage.setting import Setting
from verify.outcome import Observation
from verify.rules.registry import decide

SUITES = 2000
LEVEL = 1e-4
BASE = Setting(
    n=100, d=10_000, m=20, sigma_xi=1.0, signal_norm=20.0, tau_plus=0.1, tau_minus=0.1, sigma_0=1e-3, eta=0.01
)
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
SWEEP = tuple(BASE.with_(eta=BASE.eta * f) for f in FACTORS)


def seen(value: object, index: int, seed: int, setting: Setting = BASE, engine: str = "law") -> Observation:
    return Observation("suite", index, seed, setting, seed, engine, {}, value, None, 100, "float64")


def too_often(count: int, rate: float, suites: int = SUITES) -> bool:
    """Whether this many of the suites is beyond chance for a probability of at most `rate`."""
    return bool(stats.binom.sf(count - 1, suites, rate) < LEVEL)


def too_rarely(count: int, rate: float, suites: int = SUITES) -> bool:
    """Whether so few is beyond chance for a probability of at least `rate`."""
    return bool(stats.binom.cdf(count, suites, rate) < LEVEL)


def verdicts(rule: object, suites: Iterator[list[Observation]]) -> Counter[str]:
    return Counter(decide(rule, suite).verdict for suite in suites)


# Events -------------------------------------------------------------------------------------------------


def events(rate: float, runs: int, seed: int) -> Iterator[list[Observation]]:
    rng = np.random.default_rng(seed)
    for holds in rng.random((SUITES, runs)) >= rate:
        yield [seen(bool(h), i, i) for i, h in enumerate(holds)]


@pytest.mark.parametrize("runs", [5, 60, 120])
def test_events_at_exactly_delta_are_rarely_decided(runs: int) -> None:
    """The worst case of both errors: a violation rate of delta itself is neither below nor above."""
    rule = Event(delta=0.1)
    found = verdicts(rule, events(0.1, runs, seed=runs))
    assert not too_often(found["refuted"], rule.alpha)
    assert not too_often(found["supported"], rule.alpha)


def test_a_point_estimate_would_raise_false_alarms() -> None:
    """The check can fail: `observed rate > delta` refutes true claims far more often than alpha."""
    alarms = sum(np.mean([not o.value for o in suite]) > 0.1 for suite in events(0.1, 60, seed=60))
    assert too_often(alarms, 0.05)


def test_a_violation_rate_three_times_delta_is_found() -> None:
    rule, runs = Event(delta=0.05), 100
    critical = next(k for k in range(runs) if stats.binom.sf(k - 1, runs, 0.05) < rule.alpha)
    power = stats.binom.sf(critical - 1, runs, 0.15)
    found = verdicts(rule, events(0.15, runs, seed=1))
    assert power > 0.9
    assert not too_rarely(found["refuted"], power)
    assert not too_often(found["refuted"], power)
    assert found["supported"] == 0


# Bands --------------------------------------------------------------------------------------------------


def normals(
    runs: int, seed: int, mean: float = 0.0, spread: float = 1.0, suites: int = SUITES
) -> Iterator[list[Observation]]:
    rng = np.random.default_rng(seed)
    for row in rng.normal(mean, spread, size=(suites, runs)):
        yield [seen(float(v), i, i) for i, v in enumerate(row)]


def test_bands_that_hold_at_exactly_delta_are_rarely_decided() -> None:
    end = float(stats.norm.ppf(1 - 0.05))  # 10 % of the runs leave the band
    rule = Band(-end, end, reason="test", delta=0.1)
    found = verdicts(rule, normals(100, seed=2))
    assert not too_often(found["refuted"], rule.alpha)
    assert not too_often(found["supported"], rule.alpha)
    narrow = Band(-end / 2, end / 2, reason="test", delta=0.1)
    assert verdicts(narrow, normals(100, seed=3))["refuted"] == SUITES


def fitted(runs: int, drift: float, seed: int, suites: int) -> Iterator[list[Observation]]:
    """Ratios to a scale, log-normal; with a drift, the scale is wrong for half of the judging runs."""
    rng = np.random.default_rng(seed)
    for row in np.exp(rng.normal(0, 0.1, size=(suites, runs))):
        row[1::4] *= math.exp(drift)
        yield [seen(float(v), i, i) for i, v in enumerate(row)]


def test_fitted_bands_accept_a_true_scale_and_find_one_that_drifts() -> None:
    rule = FittedBand(max_ratio=8.0, reason="test", powers=())
    true = verdicts(rule, fitted(200, 0.0, seed=4, suites=500))
    assert not too_often(true["refuted"], rule.alpha, 500)
    assert true["supported"] == 500
    drifting = verdicts(rule, fitted(200, 1.0, seed=5, suites=500))
    assert drifting["refuted"] == 500


# Exponents ----------------------------------------------------------------------------------------------


def sweeps(exponent: float, spread: float, replicates: int, seed: int) -> Iterator[list[Observation]]:
    """Power laws with log-normal noise such that a replicate's slope has standard deviation `spread`."""
    rng = np.random.default_rng(seed)
    x = np.log([s.eta for s in SWEEP])
    noise = spread * float(np.linalg.norm(x - x.mean()))
    for suite in rng.normal(0, noise, size=(SUITES, replicates, len(SWEEP))):
        yield [
            seen(math.exp(exponent * x[k] + e), r * len(SWEEP) + k, r, SWEEP[k])
            for r, errors in enumerate(suite)
            for k, e in enumerate(errors)
        ]


RULE = Exponent("eta", -1.0)


@pytest.mark.parametrize(("spread", "replicates"), [(0.03, 6), (0.2, 4)])
def test_true_exponents_are_rarely_refuted(spread: float, replicates: int) -> None:
    found = verdicts(RULE, sweeps(-1.0, spread, replicates, seed=replicates))
    assert not too_often(found["refuted"], RULE.alpha)
    if spread > 0.1:
        # Nearly every interval contains -1, and nearly none is narrow enough to support it.
        assert found["inconclusive"] > 0.95 * SUITES


def test_exponents_at_the_end_of_the_margin_are_rarely_decided() -> None:
    found = verdicts(RULE, sweeps(-0.95, 0.02, 6, seed=6))
    assert not too_often(found["supported"], RULE.alpha)
    assert not too_often(found["refuted"], RULE.alpha)


def test_an_interval_that_must_contain_the_value_would_refute_true_claims() -> None:
    """The check can fail: an exponent -0.97 is within the margin, and `-1 outside the interval` refutes."""
    alarms = 0
    for suite in sweeps(-0.97, 0.02, 6, seed=7):
        low, high = decide(RULE, suite).statistic["outer_interval"]
        alarms += not low <= -1.0 <= high
    assert too_often(alarms, RULE.alpha)
    found = verdicts(RULE, sweeps(-0.97, 0.02, 6, seed=7))
    assert not too_often(found["refuted"], RULE.alpha)


def test_an_interval_that_contains_the_value_would_support_false_claims() -> None:
    """The other direction: at -0.9 and a large spread, compatibility with -1 is common, support is rare."""
    contains = 0
    for suite in sweeps(-0.9, 0.2, 4, seed=8):
        low, high = decide(RULE, suite).statistic["interval"]
        contains += low <= -1.0 <= high
    assert too_often(contains, RULE.alpha)
    assert not too_often(verdicts(RULE, sweeps(-0.9, 0.2, 4, seed=8))["supported"], RULE.alpha)


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_wrong_exponents_are_found(error: float) -> None:
    """Refuted when the t-statistic of the nearer end of the margin exceeds its quantile (noncentral t)."""
    spread, replicates = 0.03, 6
    shift = (error - RULE.margin) * math.sqrt(replicates) / spread
    power = stats.nct.sf(stats.t.ppf(1 - RULE.alpha / 2, replicates - 1), replicates - 1, shift)
    for sign in (-1, 1):
        found = verdicts(RULE, sweeps(-1.0 + sign * error, spread, replicates, seed=9))
        assert power > 0.85
        assert not too_rarely(found["refuted"], power)
        assert not too_often(found["refuted"], power)
        assert found["supported"] == 0


# Laws ---------------------------------------------------------------------------------------------------


def laws(factor: float, spread: float, runs: int, seed: int) -> Iterator[list[Observation]]:
    rng = np.random.default_rng(seed)
    for row in rng.normal(math.log(factor), spread, size=(SUITES, runs)):
        yield [seen((3 * math.exp(v), 3.0), i, i) for i, v in enumerate(row)]


LAW = Law(margin=0.05, reason="test")


def test_true_laws_are_rarely_refuted_and_border_ones_rarely_decided() -> None:
    assert not too_often(verdicts(LAW, laws(1.0, 0.1, 10, seed=10))["refuted"], LAW.alpha)
    border = verdicts(LAW, laws(1.05, 0.1, 10, seed=11))
    assert not too_often(border["refuted"], LAW.alpha)
    assert not too_often(border["supported"], LAW.alpha)


def test_a_constant_wrong_by_fifteen_percent_is_found() -> None:
    spread, runs = 0.08, 40
    beyond = stats.norm.cdf((math.log(1.15) - math.log(1.05)) / spread)
    enough = next(k for k in range(runs) if 2 * stats.binom.sf(k - 1, runs, 0.5) <= LAW.alpha)
    power = stats.binom.sf(enough - 1, runs, beyond)
    found = verdicts(LAW, laws(1.15, spread, runs, seed=12))
    assert power > 0.99
    assert not too_rarely(found["refuted"], power)
    assert found["supported"] == 0


# Two engines --------------------------------------------------------------------------------------------


def engines(
    draw: Callable[[np.random.Generator, int], np.ndarray], runs: int, seed: int, suites: int
) -> Iterator[list[Observation]]:
    """Three quantities of `runs` runs of each engine; `draw(rng, engine)` gives (runs, 3)."""
    rng = np.random.default_rng(seed)
    for _ in range(suites):
        yield [
            seen(dict(zip("xyz", map(float, row), strict=True)), k * runs + i, k * runs + i, engine=name)
            for k, name in enumerate(("law", "cnn"))
            for i, row in enumerate(draw(rng, k))
        ]


@pytest.fixture
def no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """statsmodels collects garbage at every correction, which takes longer than the whole decision."""
    monkeypatch.setattr("gc.collect", lambda *_: 0)


@pytest.mark.usefixtures("no_collection")
def test_equal_laws_are_rarely_refuted() -> None:
    """At alpha for all three quantities together; a test at alpha for each would exceed it."""
    rule, suites = SameLaw(margin=0.3, reason="test", alpha=0.05), 1000
    uncorrected = refuted = 0
    for suite in engines(lambda rng, _: rng.normal(size=(80, 3)), 80, 13, suites):
        decision = decide(rule, suite)
        refuted += decision.verdict == "refuted"
        uncorrected += min(decision.statistic["p_value"].values()) < rule.alpha
    assert not too_often(refuted, rule.alpha, suites)
    assert too_often(uncorrected, rule.alpha, suites)


@pytest.mark.usefixtures("no_collection")
def test_different_laws_are_never_certified_equal() -> None:
    """A shift whose true distance equals the margin: support would need an error of the DKW bound."""
    rule, suites = SameLaw(margin=0.3, reason="test", alpha=0.05), 500
    shift = 2 * float(stats.norm.ppf(0.5 + rule.margin / 2))
    columns = np.array([1.0, 0.0, 0.0])

    def draw(rng: np.random.Generator, engine: int) -> np.ndarray:
        return rng.normal(size=(150, 3)) + engine * shift * columns

    found = verdicts(rule, engines(draw, 150, 14, suites))
    assert not too_often(found["supported"], rule.alpha, suites)
    assert found["refuted"] > 0.9 * suites
