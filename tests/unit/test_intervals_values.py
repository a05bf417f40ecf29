"""Limits, plans, planned power and anytime limits at values worked out by scipy and by enumeration."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import observation
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
from verify.outcome import Decision
from verify.rules.calibration import border_cumulants, gamma_tail
from verify.rules.power import planned_power, runs_for_power, with_power
from verify.statistics.intervals import (
    MAX_RUNS,
    dkw_half_width,
    exceeds,
    mean_interval,
    rate_interval,
    rate_lower,
    rate_p,
    rate_upper,
    runs_for_event,
    runs_for_mean,
    runs_to_certify,
    runs_to_refute,
)
from verify.statistics.power import equivalence_power, rate_power
from verify.statistics.sequential import anytime_lower, anytime_upper, log_e_value

# Limits --------------------------------------------------------------------------------------------------


def test_limits_of_a_rate_by_beta_quantiles() -> None:
    assert rate_upper(3, 17, 0.02) == pytest.approx(stats.beta.ppf(0.98, 4, 14), rel=1e-12)
    assert rate_lower(3, 17, 0.02) == pytest.approx(stats.beta.ppf(0.02, 3, 15), rel=1e-12)
    found = rate_interval(3, 17, 0.02)
    assert found.value == 3 / 17
    assert (found.low, found.high) == pytest.approx(
        (stats.beta.ppf(0.01, 3, 15), stats.beta.ppf(0.99, 4, 14)), rel=1e-12
    )
    assert math.isnan(rate_interval(0, 0, 0.1).value)
    assert (rate_upper(1, 1, 0.1), rate_lower(0, 1, 0.1)) == (1.0, 0.0)


def test_binomial_tails_of_a_rate() -> None:
    for k, n, rate in ((1, 7, 0.2), (3, 7, 0.2), (6, 7, 0.9), (7, 7, 0.9)):
        above, below = rate_p(k, n, rate)
        assert above == pytest.approx(stats.binom.sf(k - 1, n, rate), rel=1e-12)
        assert below == pytest.approx(stats.binom.cdf(k, n, rate), rel=1e-12)
    assert rate_p(0, 5, 0.3)[0] == 1.0
    assert rate_p(5, 5, 0.3)[1] == 1.0
    assert rate_p(0, 0, 0.3) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("alpha", lambda v: rate_upper(1, 3, v)),
        ("alpha", lambda v: rate_lower(1, 3, v)),
        ("rate", lambda v: rate_p(1, 3, v)),
        ("alpha", lambda v: mean_interval([1.0, 2.0], v)),
        ("alpha", lambda v: dkw_half_width(4, v)),
        ("delta", lambda v: runs_to_certify(v)),
        ("delta", lambda v: runs_to_refute(v)),
        ("delta", lambda v: runs_for_event(0.2, v)),
        ("alpha", lambda v: runs_for_event(0.2, 0.1, v)),
        ("power", lambda v: runs_for_event(0.2, 0.1, 0.1, v)),
        ("alpha", lambda v: runs_for_mean(1.0, 1.0, v)),
        ("power", lambda v: runs_for_mean(1.0, 1.0, 0.1, v)),
        ("alpha", lambda v: anytime_lower(1, 3, v)),
        ("delta", lambda v: log_e_value(1, 3, v)),
    ],
)
def test_probabilities_lie_strictly_between_their_ends(name: str, call: Callable[[float], Any]) -> None:
    for bad in (0.0, 1.0, -0.1, 1.5, math.nan):
        with pytest.raises(ValueError, match=rf"^{name} must lie in \(0, 1\), was {re.escape(repr(bad))}$"):
            call(bad)
    call(0.5)


@pytest.mark.parametrize("call", [rate_upper, rate_lower, rate_p])
def test_counts_lie_between_their_ends(call: Callable[[int, int, float], Any]) -> None:
    with pytest.raises(ValueError, match=r"^trials must be at least 0, was -1$"):
        call(0, -1, 0.1)
    for bad in (-1, 4):
        with pytest.raises(ValueError, match=rf"^violations must lie in \[0, 3\], was {bad}$"):
            call(bad, 3, 0.1)
    for good in (0, 3):
        call(good, 3, 0.1)


def test_the_interval_of_a_mean_by_students_law() -> None:
    values = [1.0, 4.0, 2.5, 7.0]
    found = mean_interval(values, 0.2)
    half = stats.t.ppf(0.9, 3) * stats.sem(values)
    assert (found.value, found.low, found.high) == pytest.approx((3.625, 3.625 - half, 3.625 + half))
    two = mean_interval([1.0, 2.0], 0.2)
    assert two.high == pytest.approx(1.5 + stats.t.ppf(0.9, 1) * 0.5)
    one = mean_interval([5.0], 0.2)
    assert (one.value, one.low, one.high) == (5.0, -math.inf, math.inf)
    with pytest.raises(ValueError, match=r"^values must not be empty$"):
        mean_interval([], 0.2)
    with pytest.raises(ValueError, match=r"^values must be finite$"):
        mean_interval([1.0, math.inf], 0.2)


def test_half_widths_of_a_distribution_function() -> None:
    assert dkw_half_width(7, 0.3) == pytest.approx(math.sqrt(math.log(2 / 0.3) / 14), rel=1e-14)
    assert dkw_half_width(1, 0.3) == pytest.approx(math.sqrt(math.log(2 / 0.3) / 2), rel=1e-14)
    assert dkw_half_width(1, 0.2) == 1.0
    assert (dkw_half_width(0, 0.9), dkw_half_width(-1, 0.9)) == (1.0, 1.0)


# Plans ---------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("delta", "alpha", "runs"), [(0.3, 0.01, 4), (0.5, 0.01, 7), (0.04, 0.05, 1)])
def test_the_fewest_violations_that_refute(delta: float, alpha: float, runs: int) -> None:
    assert runs_to_refute(delta, alpha) == runs
    assert delta**runs < alpha <= delta ** (runs - 1)
    assert runs_to_refute(0.05) == 2


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
    ],
)
def test_the_fewest_runs_that_decide_an_event(rate: float, delta: float, alpha: float, power: float) -> None:
    assert runs_for_event(rate, delta, alpha, power) == fewest(rate, delta, alpha, power)


def test_defaults_and_ends_of_the_plan_for_an_event() -> None:
    assert runs_for_event(0.01, 0.1) == fewest(0.01, 0.1, 0.05, 0.8)
    assert runs_for_event(0.3, 0.1) == fewest(0.3, 0.1, 0.05, 0.8)
    assert runs_for_event(0.1, 0.1) is None
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


# Anytime limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", [(0.5, 0.5), (2.0, 3.0)])
@pytest.mark.parametrize(("k", "n"), [(0, 4), (2, 7), (7, 7)])
def test_the_e_value_by_its_formula(k: int, n: int, prior: tuple[float, float]) -> None:
    a, b = prior
    delta = 0.2
    evidence = special.beta(a + k, b + n - k) * stats.beta.sf(delta, a + k, b + n - k)
    base = special.beta(a, b) * stats.beta.sf(delta, a, b)
    expected = math.log(evidence / base) - k * math.log(delta) - (n - k) * math.log(1 - delta)
    assert log_e_value(k, n, delta, prior) == pytest.approx(expected, rel=1e-12)


def test_the_e_value_at_its_ends() -> None:
    assert log_e_value(0, 10**6, 0.5) == -math.inf
    for bad in (-1, 4):
        with pytest.raises(ValueError, match=rf"^violations must lie in \[0, 3\], was {bad}$"):
            log_e_value(bad, 3, 0.1)
    assert log_e_value(3, 3, 0.1) > 0 > log_e_value(0, 3, 0.1)


def test_anytime_limits_solve_for_one_over_alpha() -> None:
    for k, n, alpha, prior in (
        (3, 20, 0.05, (0.5, 0.5)),
        (9, 10, 0.2, (2.0, 3.0)),
        (10, 10, 0.01, (0.5, 0.5)),
    ):
        low = anytime_lower(k, n, alpha, prior)
        assert 0 < low < k / n
        assert log_e_value(k, n, low, prior) == pytest.approx(-math.log(alpha), abs=1e-9)
        assert anytime_upper(n - k, n, alpha, prior[::-1]) == 1 - low
    assert anytime_lower(0, 5, 0.1) == 0.0
    assert anytime_upper(5, 5, 0.1) == 1.0
    tiny = anytime_lower(1, 10**6, 1e-12)
    assert 0 < tiny < 1e-17
    assert log_e_value(1, 10**6, tiny) == pytest.approx(12 * math.log(10), rel=1e-3)


# Planned power -------------------------------------------------------------------------------------------


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


# Runs for a power ----------------------------------------------------------------------------------------


def test_runs_for_a_power_are_the_fewest() -> None:
    for rule, blocks in (
        (Event(0.2, 0.02), 1),
        (EventMap("x", 1.0, 0.2, 0.02), 1),
        (Band(0.0, 1.0, "test", 0.2, 0.02), 1),
        (FittedBand(8.0, "test", delta=0.2, alpha=0.02), 2),
    ):
        runs = runs_for_event(0.02, 0.2, 0.02, 0.8)
        assert runs is not None
        assert runs_for_power(rule, 5) == blocks * runs
        assert runs_for_power(rule, 999) == 1000
        assert runs_for_power(rule, 5, power=0.95) == blocks * (runs_for_event(0.02, 0.2, 0.02, 0.95) or 0)
    assert runs_for_power(Event(2e-6), 5) is None


@pytest.mark.parametrize(
    ("rule", "known"),
    [
        (Identity(), {}),
        (Law(0.1, "test"), {"spread": 0.1}),
        (SameLaw(0.3, "test"), {"quantities": 2}),
        (ZScores("test"), {}),
    ],
)
def test_runs_for_a_power_reach_it_first(rule: Any, known: dict[str, Any]) -> None:
    runs = runs_for_power(rule, 4, **known)
    assert runs is not None

    def power(n: int) -> float:
        found = planned_power(rule, n, **known)
        assert found is not None
        return found

    assert power(runs - 1) < 0.8 <= power(runs)
    assert runs_for_power(rule, runs - 1, **known) == runs
    assert runs_for_power(rule, runs, **known) == runs + 1
    assert power((runs_for_power(rule, 4, power=0.9, **known) or 0) - 1) < 0.9


def test_runs_that_reach_no_power() -> None:
    assert runs_for_power(Law(0.1, "test"), 4) is None
    assert runs_for_power(object(), 4) is None
    assert runs_for_power(Law(1e-6, "test"), 4, 1.0) is None


def test_cells_grow_in_proportion() -> None:
    rule, cells = Calibration(0.1, "test"), [(4, 0.2), (7, 0.25)]
    runs = runs_for_power(rule, 11, cells=cells)
    assert runs is not None

    def power(n: int) -> float:
        return planned_power(rule, n, cells=[(round(4 * n / 11), 0.2), (round(7 * n / 11), 0.25)]) or 0.0

    assert power(runs - 1) < 0.8 <= power(runs)
    assert runs_for_power(rule, 0, cells=[(1, 0.2)]) is not None


# Decisions with their power ------------------------------------------------------------------------------


def supported(n: int, **statistic: Any) -> Decision:
    return Decision("supported", "Seen.", 1.0, 1.0, statistic, n)


def test_a_support_that_was_luck_is_withdrawn() -> None:
    rule = Event(0.05)
    found = with_power(rule, supported(59), [observation(True)])
    power = rate_power(0.005, 59, 0.05, 0.05)
    assert power < 0.8
    assert (found.verdict, found.power, found.needed) == ("inconclusive", power, 93)
    assert found.power_basis == "true violation rate 0.005"
    assert found.reason == (
        f"Seen. But a true claim is supported by this many runs only with probability {power:.2g}"
        " (true violation rate 0.005), so this may be luck; about 93 runs would have the power 0.8."
    )
    enough = with_power(rule, supported(93), [])
    assert (enough.verdict, enough.reason) == ("supported", "Seen.")
    assert enough.power == rate_power(0.005, 93, 0.05, 0.05)
    refuted = with_power(rule, replace(supported(3), verdict="refuted"), [])
    assert (refuted.verdict, refuted.power, refuted.reason) == ("refuted", 0.0, "Seen.")
    never = with_power(Event(2e-6), supported(3), [])
    assert (never.needed, never.verdict) == (None, "inconclusive")
    assert "; no number of runs up to 100000 has the power 0.8." in never.reason


@pytest.mark.parametrize(
    ("rule", "statistic", "basis"),
    [
        (Law(0.1, "test", planned_spread=0.25), {}, "true value as claimed, planned spread 0.25"),
        (Exponent("n", 1.0), {"spread": 0.123456}, "true value as claimed, spread as observed, 0.123"),
        (Identity(), {}, "an identity that fails in a share 0.05 of the runs is found"),
        (SameLaw(0.1, "test"), {}, "equal continuous laws"),
        (ZScores("test"), {}, "standard normal scores"),
        (
            Calibration(0.1, "test"),
            {"cells": [{"runs": 9, "variance": 0.2}]},
            "right probabilities in every cell",
        ),
        (Band(0.0, 1.0, "test", delta=0.2), {}, "true violation rate 0.02"),
    ],
)
def test_the_plan_in_words(rule: Any, statistic: dict[str, Any], basis: str) -> None:
    found = with_power(rule, supported(40, **statistic), [])
    assert found.power_basis == basis
    cells = [(9, 0.2)] if "cells" in statistic else None
    assert found.power == planned_power(rule, 40, statistic.get("spread"), cells=cells)


@pytest.mark.parametrize("spread", [None, math.nan, math.inf])
def test_no_spread_no_power(spread: float | None) -> None:
    statistic = {} if spread is None else {"spread": spread}
    found = with_power(Law(0.1, "test"), supported(9, **statistic), [])
    assert (found.power, found.power_basis, found.verdict) == (None, "", "supported")
    assert with_power(object(), supported(9), []).power is None
    assert with_power(Calibration(0.1, "test"), supported(9), []).power is None
    assert with_power(Calibration(0.1, "test"), supported(9, cells=[]), []).power is None
    assert with_power(Event(), supported(93, cells=[{"runs": 1}]), []).verdict == "supported"


def test_quantities_are_read_from_the_first_run() -> None:
    rule, runs = SameLaw(0.2, "test"), 700
    seen = [observation({"x": 1.0, "y": 2.0, "z": 3.0}), observation({"x": 1.0})]
    assert with_power(rule, supported(runs), seen).power == planned_power(rule, runs, quantities=3)
    assert with_power(rule, supported(runs), []).power == planned_power(rule, runs, quantities=1)
    few = with_power(rule, supported(400), seen)
    assert few.needed == runs_for_power(rule, 400, quantities=3)
    law = with_power(Law(0.1, "test"), supported(4, spread=0.1), [])
    assert law.needed == runs_for_power(Law(0.1, "test"), 4, 0.1)
    table = [{"runs": 4, "variance": 0.2}, {"runs": 7, "variance": 0.25}]
    cell = with_power(Calibration(0.1, "test"), supported(11, cells=table), [])
    assert cell.needed == runs_for_power(Calibration(0.1, "test"), 11, cells=[(4, 0.2), (7, 0.25)])
