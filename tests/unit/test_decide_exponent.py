"""Exponents: equivalence, not mere compatibility."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from decide_cases import BASE, observation, sweep, well_formed
from scipy import stats

from theory.rules import Exponent
from verify.rules.exponent import curvature, fit_slope
from verify.rules.registry import decide
from verify.statistics.intervals import mean_interval

RULE = Exponent("eta", -1.0)


def test_a_sharp_true_exponent_is_supported() -> None:
    slopes = [-1.0, -1.02, -0.98, -1.01, -0.99]
    decision = well_formed(decide(RULE, sweep(slopes)))
    assert decision.verdict == "supported"
    assert decision.n_trials == 5
    assert decision.measured == pytest.approx(-1.0)
    assert decision.statistic["slopes"] == pytest.approx(slopes)
    ci = mean_interval(slopes, 0.1)
    assert decision.statistic["interval"] == pytest.approx([ci.low, ci.high])
    assert decision.statistic["level"] == pytest.approx(0.9)
    ci = mean_interval(slopes, 0.05)
    assert decision.statistic["outer_interval"] == pytest.approx([ci.low, ci.high])
    assert decision.statistic["outer_level"] == pytest.approx(0.95)


def test_an_interval_that_contains_the_value_but_is_wide_is_inconclusive() -> None:
    """Compatibility is no support: this interval contains -1, and -0.5 as well."""
    decision = well_formed(decide(RULE, sweep([-1.6, -0.4, -1.3, -0.8])))
    low, high = decision.statistic["interval"]
    assert low < -1 < high
    assert decision.verdict == "inconclusive"
    assert decision.needed is not None
    assert decision.needed > 4
    assert "neither inside nor outside" in decision.reason


def test_a_sharp_wrong_exponent_is_refuted_though_close() -> None:
    """-0.9 measured sharply lies outside -1 +- 0.05; at margin 0.2 the same data support -1."""
    slopes = [-0.9, -0.905, -0.895, -0.9]
    decision = well_formed(decide(RULE, sweep(slopes)))
    assert decision.verdict == "refuted"
    assert decision.statistic["outer_interval"][0] > -0.95
    assert decide(replace(RULE, margin=0.2), sweep(slopes)).verdict == "supported"


def test_refutation_needs_the_wider_interval() -> None:
    """The 90 % interval lies outside the margin and the 95 % interval reaches into it."""
    decision = well_formed(decide(RULE, sweep([-0.85 - 0.05, -0.85, -0.85 + 0.05])))
    assert decision.statistic["interval"][0] > -0.95 > decision.statistic["outer_interval"][0]
    assert decision.verdict == "inconclusive"


def test_equal_slopes_degenerate_gracefully() -> None:
    decision = well_formed(decide(RULE, sweep([-1.0] * 3)))
    assert decision.verdict == "supported"
    assert decision.statistic["spread"] < 1e-14
    assert decide(RULE, sweep([-0.9] * 3)).verdict == "refuted"
    # The end of the margin belongs to it, whatever the last bit of the slopes.
    for value in (-0.95, -1.05):
        assert decide(RULE, sweep([value] * 3)).verdict == "supported"
    for value in (-0.95 + 1e-9, -1.05 - 1e-9):
        assert decide(RULE, sweep([value] * 3)).verdict == "refuted"


@pytest.mark.parametrize("replicates", [1, 2])
def test_fewer_than_three_replicates_decide_nothing(replicates: int) -> None:
    decision = well_formed(decide(RULE, sweep([-1.0] * replicates)))
    assert (decision.verdict, decision.needed) == ("inconclusive", 3)
    assert decision.measured == pytest.approx(-1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 0.0, -3.0])
def test_replicates_with_a_bad_value_are_left_out_and_counted(bad: float) -> None:
    seen = sweep([-1.0, -1.01, -0.99, -1.0])
    seen[5] = replace(seen[5], value=bad)
    decision = well_formed(decide(RULE, seen))
    assert decision.verdict == "supported"
    assert (decision.n_trials, decision.statistic["dropped_replicates"]) == (3, 1)
    assert "1 more left out" in decision.reason


def test_a_selection_of_survivors_supports_nothing() -> None:
    seen = sweep([-1.0] * 8)
    for replicate in range(5):
        seen[4 * replicate] = replace(seen[4 * replicate], value=math.inf)
    decision = well_formed(decide(RULE, seen))
    assert (decision.verdict, decision.n_trials) == ("inconclusive", 3)
    assert "more replicates are left out than judged" in decision.reason
    all_bad = well_formed(decide(RULE, [replace(o, value=math.nan) for o in seen]))
    assert (all_bad.verdict, all_bad.measured, all_bad.n_trials) == ("inconclusive", None, 0)


def test_a_slope_needs_three_points() -> None:
    assert decide(RULE, sweep([-1.0] * 5, factors=(1.0, 2.0))).verdict == "inconclusive"
    assert decide(RULE, sweep([-1.0] * 5, factors=(1.0, 2.0, 2.0))).verdict == "inconclusive"
    assert decide(RULE, sweep([-1.0] * 5, factors=(1.0, 2.0, 3.0))).verdict == "supported"


def test_the_parameter_is_read_from_the_setting() -> None:
    rule = Exponent("n", 2.0)
    assert decide(rule, sweep([2.0] * 3, parameter="n", factors=(1, 2, 3))).verdict == "supported"
    with pytest.raises(ValueError, match="rule parameter"):
        decide(Exponent("nonsense", 1.0), sweep([1.0] * 3))
    with pytest.raises(ValueError, match="rule parameter"):
        decide(Exponent("with_", 1.0), sweep([1.0] * 3))


def test_a_curve_shows_as_curvature() -> None:
    """`x + x^2` has mean slope 1.5 over the sweep and is no power law."""
    factors = (0.1, 0.5, 1.0, 2.0, 10.0)
    seen = []
    for r in range(4):
        for f in factors:
            value = (1 + 0.001 * r) * (f + f * f)
            setting = BASE.with_(eta=BASE.eta * f)
            seen.append(observation(value, len(seen), replicate=r, seed=r, setting=setting))
    curve = well_formed(decide(Exponent("eta", 1.5), seen))
    line = well_formed(decide(Exponent("eta", 1.5), sweep([1.5] * 4, factors=factors)))
    assert curve.verdict == "supported"
    assert curve.statistic["curvature"] > 0.2
    assert min(abs(curve.statistic["curvature_at"] / BASE.eta - f) for f in (0.1, 10)) < 1e-9
    assert line.statistic["curvature"] < 1e-12
    x = np.log(factors)
    y = np.log([f + f * f for f in factors])
    worst = np.abs(y - np.polyval(np.polyfit(x, y, 1), x)).max()
    assert curve.statistic["curvature"] == pytest.approx(worst, rel=1e-9)


def test_engines_of_one_replicate_are_averaged() -> None:
    first = sweep([-1.0, -1.02, -0.98])
    second = [replace(o, engine="cnn", index=o.index + 100) for o in sweep([-1.01, -1.0, -0.99])]
    decision = well_formed(decide(RULE, first + second))
    assert decision.n_trials == 3
    assert decision.statistic["slopes"] == pytest.approx([-1.005, -1.01, -0.985])


def t_interval(values: list[float], alpha: float) -> tuple[float, float]:
    """`1 - alpha` interval of the mean."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = float(stats.t.ppf(1 - alpha / 2, len(values) - 1)) * error
    return mean - half, mean + half


def test_the_bend_is_the_largest_mean_residual() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    bent = [fit_slope(x, x**-1.0 * np.array([1.0, c, 1.0, 1.0])) for c in (2.0, 2.5, 2.2)]
    fits = [f for f in bent if f is not None]
    size, where, error = curvature(fits)
    at = np.array([f.residual[1] for f in fits])
    assert where == 2.0
    assert size == pytest.approx(abs(at.mean()))
    assert error == pytest.approx(stats.sem(at))
    assert curvature(fits[:2])[2] == pytest.approx(stats.sem(at[:2]))
    assert curvature(fits[:1])[2] == math.inf
    straight = fit_slope(x, np.ones(4))
    assert straight is not None
    assert curvature([straight, straight]) == (0.0, 8.0, 0.0)


@pytest.mark.parametrize(
    ("slopes", "verdict", "level"),
    [
        ([-1.0, -1.01, -0.99, -1.02], "supported", "90 % interval"),
        ([-1.2, -1.21, -1.19, -1.22], "refuted", "95 % interval"),
        ([-1.0, -1.2, -0.8, -1.1], "inconclusive", "90 % interval"),
    ],
)
def test_the_reason_names_the_interval_that_decided(slopes: list[float], verdict: str, level: str) -> None:
    decision = well_formed(decide(Exponent("eta", -1.0), sweep(slopes)))
    low, high = t_interval(slopes, 0.05 if verdict == "refuted" else 0.1)
    assert decision.verdict == verdict
    assert f"{level} [{low:.4g}, {high:.4g}]" in decision.reason
    side = {"supported": " inside ", "refuted": " outside ", "inconclusive": " neither inside nor outside "}
    assert f"{side[verdict]}-1 +- 0.05" in decision.reason
    assert ("replicates would decide" in decision.reason) == (verdict == "inconclusive")
    assert decision.predicted == -1.0
    assert decision.measured == pytest.approx(np.mean(slopes))


def test_replicates_left_out_are_counted() -> None:
    runs = sweep([-1.0, -1.01, -0.99])
    bad = [
        observation(-1.0, 50 + k, replicate=9 + k // 4, seed=9 + k // 4, setting=runs[k % 4].setting)
        for k in range(8)
    ]
    as_many = decide(Exponent("eta", -1.0), runs + bad + bad[:0])
    assert as_many.verdict == "supported"
    assert as_many.statistic["dropped_replicates"] == 2
    assert "2 more left out" in as_many.reason
    third = [observation(-1.0, 70 + k, replicate=20, seed=20, setting=runs[k].setting) for k in range(4)]
    assert decide(Exponent("eta", -1.0), runs + bad + third).verdict == "supported"
    fourth = [observation(-1.0, 80 + k, replicate=21, seed=21, setting=runs[k].setting) for k in range(4)]
    more = decide(Exponent("eta", -1.0), runs + bad + third + fourth)
    assert (more.verdict, more.needed) == ("inconclusive", None)
