"""Confidence limits against independent implementations, and plans against brute force."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulation.two_stage.test_error import binomial_interval
from verify.statistics.intervals import (
    dkw_half_width,
    mean_interval,
    rate_interval,
    rate_lower,
    rate_p,
    rate_upper,
    runs_for_event,
    runs_for_mean,
    runs_to_certify,
)
from verify.statistics.power import equivalence_power
from verify.statistics.quantiles import quantile_interval
from verify.statistics.sequential import anytime_lower, log_e_value

ALPHAS = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3])


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 400))
    return draw(st.integers(0, trials)), trials


@given(counts(), ALPHAS)
def test_rate_limits_agree_with_binomtest(case: tuple[int, int], alpha: float) -> None:
    violations, trials = case
    test = stats.binomtest(violations, trials)
    reference = test.proportion_ci(confidence_level=1 - alpha, method="exact")
    ci = rate_interval(violations, trials, alpha)
    assert ci.low == pytest.approx(reference.low, rel=1e-9, abs=1e-12)
    assert ci.high == pytest.approx(reference.high, rel=1e-9, abs=1e-12)
    one_sided = stats.binomtest(violations, trials, alternative="less")
    high = one_sided.proportion_ci(confidence_level=1 - alpha, method="exact").high
    assert rate_upper(violations, trials, alpha) == pytest.approx(high, rel=1e-9)


@settings(max_examples=50)
@given(st.integers(1, 80), st.floats(0.001, 0.999), ALPHAS)
def test_rate_limits_cover_at_least_at_their_level(trials: int, rate: float, alpha: float) -> None:
    """Exact coverage: the probability of all counts whose limit misses the true rate is at most alpha."""
    k = np.arange(trials + 1)
    pmf = stats.binom.pmf(k, trials, rate)
    below = [rate_upper(int(i), trials, alpha) < rate for i in k]
    above = [rate_lower(int(i), trials, alpha) > rate for i in k]
    assert pmf[below].sum() <= alpha * (1 + 1e-9)
    assert pmf[above].sum() <= alpha * (1 + 1e-9)


def test_coverage_check_catches_the_normal_approximation() -> None:
    """The exact coverage of `p + z sqrt(p(1-p)/n)` is far below its level, so the check above can fail."""
    trials, rate, alpha = 40, 0.02, 0.05
    k = np.arange(trials + 1)
    p = k / trials
    wald = p + stats.norm.ppf(1 - alpha) * np.sqrt(p * (1 - p) / trials)
    assert stats.binom.pmf(k, trials, rate)[wald < rate].sum() > 5 * alpha


def test_rate_limits_at_the_ends() -> None:
    assert rate_lower(0, 7, 0.05) == 0.0
    assert rate_upper(7, 7, 0.05) == 1.0
    assert (rate_lower(0, 0, 0.05), rate_upper(0, 0, 0.05)) == (0.0, 1.0)


@pytest.mark.parametrize("alpha", [0.05, 1e-9, 1e-16, 1e-17, 1e-40, 1e-200])
def test_limits_at_tiny_levels(alpha: float) -> None:
    """By closed forms: a level below the spacing of floats at 1 is still a level."""
    for trials in (1, 20, 3000):
        root = math.log(alpha) / trials
        assert rate_upper(0, trials, alpha) == pytest.approx(-math.expm1(root), rel=1e-13)
        assert rate_lower(trials, trials, alpha) == pytest.approx(math.exp(root), rel=1e-13)
        assert rate_interval(0, trials, 2 * alpha).high == rate_upper(0, trials, alpha)
        low, high = binomial_interval(0, trials, 1 - 2 * alpha)
        assert low == 0.0
        if alpha > 1e-10:
            assert high == pytest.approx(-math.expm1(root), rel=1e-6)
    # Student's law with 2 degrees of freedom: t = (1 - 2 p) sqrt(2 / (4 p (1 - p))) beyond which lies p.
    half = (1 - alpha) / math.sqrt(alpha * (1 - alpha / 2))
    found = mean_interval([-1.0, 0.0, 1.0], alpha)
    assert found.high == pytest.approx(half / math.sqrt(3), rel=1e-12)
    assert found.low == -found.high


def test_a_limit_keeps_falling_with_its_level() -> None:
    levels = 10.0 ** -np.arange(1, 60)
    for violations in (0, 3, 15):
        limits = [rate_upper(violations, 20, float(a)) for a in levels]
        assert max(limits) < 1.0 or violations == 15
        assert np.all(np.diff(limits) > 0) or violations == 15
    assert [round(rate_upper(0, 20, a), 5) for a in (1e-16, 1e-17)] == [0.84151, 0.85875]


def test_plans_at_tiny_levels_are_plans() -> None:
    assert runs_for_mean(0.01, 0.05, 1e-17) is not None
    assert runs_for_event(0.0, 0.5, 1e-17) == 57  # 2^-57 < 1e-17 < 2^-56
    assert equivalence_power(200, 0.01, 0.05, 1e-17) == pytest.approx(1.0)


@pytest.mark.parametrize(("delta", "runs"), [(0.10, 29), (0.05, 59), (0.01, 299)])
def test_runs_to_certify_without_violations(delta: float, runs: int) -> None:
    assert runs_to_certify(delta) == runs
    assert rate_upper(0, runs, 0.05) < delta <= rate_upper(0, runs - 1, 0.05)


@given(st.floats(0.01, 0.5), ALPHAS, st.integers(0, 5))
def test_runs_to_certify_is_the_fewest(delta: float, alpha: float, violations: int) -> None:
    runs = runs_to_certify(delta, alpha, violations)
    assert stats.binom.cdf(violations, runs, delta) <= alpha * (1 + 1e-9)
    assert stats.binom.cdf(violations, runs - 1, delta) >= alpha * (1 - 1e-9)


def test_runs_for_mean_reaches_its_power() -> None:
    """With the planned runs the one-sided limit stays within the gap about as often as planned."""
    spread, gap, alpha, power = 1.0, 0.5, 0.05, 0.8
    runs = runs_for_mean(spread, gap, alpha, power)
    assert runs is not None
    x = np.random.default_rng(1).normal(0, spread, size=(4000, runs))
    limit = x.mean(axis=1) + stats.t.ppf(1 - alpha, runs - 1) * x.std(axis=1, ddof=1) / math.sqrt(runs)
    reached = int((limit <= gap).sum())
    # The formula is an approximation: .03 covers its error, 4 sd the sampling of 4000 suites.
    assert abs(reached / 4000 - power) <= 0.03 + 4 * math.sqrt(power * (1 - power) / 4000)


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
    for bad in (math.inf, math.nan):
        with pytest.raises(ValueError, match=r"^values must be finite$"):
            mean_interval([1.0, bad], 0.2)
    assert mean_interval([0.5] * 4, 0.05).high == 0.5


def test_half_widths_of_a_distribution_function() -> None:
    assert dkw_half_width(7, 0.3) == pytest.approx(math.sqrt(math.log(2 / 0.3) / 14), rel=1e-14)
    assert dkw_half_width(1, 0.3) == pytest.approx(math.sqrt(math.log(2 / 0.3) / 2), rel=1e-14)
    assert dkw_half_width(1, 0.2) == 1.0
    assert (dkw_half_width(0, 0.9), dkw_half_width(-1, 0.9)) == (1.0, 1.0)


def test_order_statistics_limits_hold_for_any_law() -> None:
    rng = np.random.default_rng(11)
    missed = sum(
        not (e := quantile_interval(rng.standard_cauchy(50).tolist(), 0.5, 0.1)).low <= 0 <= e.high
        for _ in range(2000)
    )
    assert missed <= stats.binom.isf(1e-4, 2000, 0.1)
    for bad in ([], [math.nan]):
        with pytest.raises(ValueError, match="values"):
            quantile_interval(bad, 0.5, 0.1)
    with pytest.raises(ValueError, match="share"):
        quantile_interval([1.0], 1.0, 0.1)
