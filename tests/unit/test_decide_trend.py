"""Trends: a wrong power that a mean or a fitted constant absorbs is found, and a true claim hardly ever
accused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from decide_cases import observation
from scipy import stats

from theory.rules import FittedBand, Law
from theory.two_stage.setting import Setting
from verify.outcome import Observation
from verify.rules.registry import decide
from verify.rules.trend import bounded_slope, residual_powers, steepest

LAW = Law(margin=0.1, reason="test")
#: Over this narrow box powers are known to about .15.
BAND = FittedBand(max_ratio=60.0, reason="test", power=0.25)
RUNS = 200


def settings(rng: np.random.Generator, runs: int = RUNS) -> list[Setting]:
    columns = {
        "n": rng.integers(40, 100, runs),
        "d": (10 ** rng.uniform(4, 6, runs)).astype(int),
        "m": rng.integers(10, 24, runs),
        "sigma_xi": 10 ** rng.uniform(-1, 1, runs),
        "n_snr2": rng.uniform(8, 20, runs),
        "tau_plus": rng.uniform(0.05, 0.15, runs),
        "tau_minus": rng.uniform(0.05, 0.15, runs),
        "kappa_0": rng.uniform(0.01, 0.3, runs),
        "clock_step": rng.uniform(0.02, 0.06, runs),
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [Setting.from_n_snr2(**dict(zip(columns, row, strict=True))) for row in rows]


def drawn(
    seed: int,
    factor: Callable[[Setting], float] = lambda s: 1.0,
    spread: float = 0.2,
    pair: bool = False,
    runs: int = RUNS,
) -> list[Observation]:
    rng = np.random.default_rng(seed)
    values = [(s, factor(s) * math.exp(spread * rng.standard_normal())) for s in settings(rng, runs)]
    return [observation((x, 1.0) if pair else x, k, setting=s) for k, (s, x) in enumerate(values)]


@pytest.mark.parametrize("error", [0.2, -0.2, 0.5, -0.5])
def test_a_law_right_on_average_and_wrong_at_both_ends_is_refuted(error: float) -> None:
    wrong = decide(LAW, drawn(0, lambda s: s.sigma_xi**error, pair=True))
    assert wrong.verdict == "refuted"
    assert "sigma_xi^" in wrong.reason
    slope, deviation = wrong.statistic["trends"]["sigma_xi"]
    assert abs(slope - error) < 4 * deviation


@pytest.mark.parametrize("name", ["n", "m", "d", "sigma_xi"])
@pytest.mark.parametrize("power", [1.0, -1.0])
def test_a_factor_that_a_fitted_constant_absorbs_is_refuted(name: str, power: float) -> None:
    small = name in ("n", "m")  # varies by less than the width of the band
    found = decide(BAND, drawn(1, lambda s: getattr(s, name) ** power))
    assert found.verdict == "refuted"
    assert (f"{name}^" in found.reason) or not small


def test_a_power_of_eta_shows_through_the_other_parameters() -> None:
    powers = {t.parameter: t.slope for t in residual_powers(*_logs(lambda s: s.eta), 0.25)}
    assert powers["sigma_xi"] == pytest.approx(-2, abs=0.1)
    assert powers["d"] == pytest.approx(-1, abs=0.1)


def _logs(factor: Callable[[Setting], float]) -> tuple[list[Setting], list[float]]:
    seen = drawn(2, factor)
    return [o.setting for o in seen], [math.log(o.value) for o in seen]


def test_a_constant_may_depend_on_the_dimensionless_groups() -> None:
    factor = lambda s: s.n_snr2**1.5 * (1 - 2 * s.tau_max) * s.kappa_0**0.3  # noqa: E731
    assert decide(BAND, drawn(3, factor)).verdict == "supported"


def test_a_one_sided_bound_may_be_loose() -> None:
    rule = FittedBand(max_ratio=1e6, reason="test", two_sided=False, power=0.25)
    found = decide(rule, drawn(4, lambda s: 1 / s.n))
    assert found.verdict == "supported"
    assert found.statistic["powers"]["n"]["power"] < -0.5


@pytest.mark.parametrize(("rule", "pair", "runs"), [(LAW, True, RUNS), (LAW, True, 12), (BAND, False, RUNS)])
def test_a_true_claim_is_rarely_accused(rule: Law | FittedBand, pair: bool, runs: int) -> None:
    """At a tenth of alpha; the rule's own test, which has the rest, is far from refuting these."""
    suites = 300
    spread = 0.1 if runs < RUNS else 0.2
    refuted = sum(
        decide(rule, drawn(100 + k, spread=spread, pair=pair, runs=runs)).verdict == "refuted"
        for k in range(suites)
    )
    assert refuted <= stats.binom.isf(1e-4, suites, 0.1 * rule.alpha)


def test_a_slope_at_the_end_of_what_is_allowed_is_rarely_accused() -> None:
    """Powers of exactly +-0.25, the worst case, by the p-value itself."""
    suites = 300
    below = 0
    for k in range(suites):
        seen = drawn(1000 + k, lambda s: s.d**0.25)
        found = residual_powers([o.setting for o in seen], [math.log(o.value) for o in seen], 0.25)
        (trend,) = (t for t in found if t.parameter == "d")
        below += trend.p_value < 0.05
    assert below <= stats.binom.isf(1e-4, suites, 0.05)
    assert below > 0  # half of the two-sided level: about 7 of 300, none with probability .001


def test_errors_within_the_margin_have_no_steeper_slope() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 3, 50)
    worst = 0.1 * np.sign(x - x.mean())
    slope = float((x - x.mean()) @ worst / ((x - x.mean()) @ (x - x.mean())))
    assert slope == pytest.approx(bounded_slope(x, 0.1))


def test_too_few_runs_and_a_single_setting_have_no_trend() -> None:
    rng = np.random.default_rng(6)
    few = settings(rng, 11)
    assert steepest(few, [0.0] * 11, 0.1) == []
    assert residual_powers(few, [0.0] * 11, 0.25) == []
    one = settings(rng, 1) * 50
    assert steepest(one, [0.0] * 50, 0.1) == []
    assert residual_powers(one, [0.0] * 50, 0.25) == []


def test_a_level_kept_for_trends_is_told() -> None:
    """A p-value of the median between nine tenths of alpha and alpha."""
    seen = drawn(1, lambda s: 1.25, spread=0.4, pair=True)
    for alpha in np.linspace(0.001, 0.2, 400):
        found = decide(replace(LAW, alpha=float(alpha)), seen)
        if found.verdict == "inconclusive" and "kept for trends" in found.reason:
            assert found.p_value is not None
            assert found.p_value >= alpha
            assert found.needed is None or found.needed > RUNS
            return
    pytest.fail("no alpha lies in between")
