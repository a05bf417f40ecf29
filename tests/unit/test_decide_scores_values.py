"""Decisions on scores, cells, two engines and the error budget, word by word and number by number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, observation, observations
from scipy import integrate, stats

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.rules import Calibration, Event, Identity, SameLaw, ZScores
from theory.source import Source
from theory.two_stage.box import Fixed
from verify.outcome import Decision, Judgement, Observation
from verify.rules.calibration import border_cumulants, cell_square, decide_calibration, excess_p, gamma_tail
from verify.rules.same_law import certified_width, decide_same_law, kolmogorov_smirnov, runs_for_same_law
from verify.rules.zscores import decide_zscores, is_outlier, spread_interval, z_score
from verify.statistics.equivalence import equivalence
from verify.statistics.error_budget import (
    ERROR_BUDGET,
    BudgetUse,
    budget_use,
    in_family,
    refutation_p,
    within_budget,
)
from verify.statistics.intervals import MAX_RUNS, mean_interval, runs_for_mean
from verify.statistics.power import runs_to_survive
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed, without_runs

PROOF = Proof(True, ("a step",))


def test_without_runs_only_the_proof_speaks() -> None:
    for proof in (None, PROOF):
        wanted = without_runs(proof)
        assert decide_zscores(ZScores("test"), [], proof) == wanted
        assert decide_calibration(Calibration(0.1, "test"), [], proof) == wanted
        assert decide_same_law(SameLaw(0.1, "test"), [], proof) == wanted


# Z-scores ------------------------------------------------------------------------------------------------

Z = ZScores("test", sds=3.0, delta=0.2, bias=0.4, spread=(0.6, 1.5), alpha=0.06)
#: Quantiles of a normal law, 40 of them: mean .05, standard deviation near 1.
NORMAL = [0.05 + float(x) for x in stats.norm.ppf((np.arange(40) + 0.5) / 40)]


def scored(z: list[float]) -> list[Observation]:
    """Predictions of 5 with spreads of 2 and slack .5."""
    return observations([(5.0 + 2.0 * v, 5.0, 2.0, 0.5) for v in z])


def test_a_score_and_its_outliers() -> None:
    o = observation((9.0, 5.0, 2.0, 0.5))
    assert z_score(o) == 2.0
    assert not is_outlier(Z, observation((5 + 6.5, 5.0, 2.0, 0.5)))
    assert is_outlier(Z, observation((5 + 6.5000001, 5.0, 2.0, 0.5)))
    assert is_outlier(Z, observation((5 - 6.5000001, 5.0, 2.0, 0.5)))
    assert is_outlier(Z, observation((math.nan, 5.0, 2.0, 0.5)))
    assert math.isnan(z_score(observation((math.nan, 5.0, 2.0, 0.5))))
    for bad in (
        (1.0, math.inf, 1.0, 0.0), (1.0, 1.0, 0.0, 0.0), (1.0, 1.0, math.inf, 0.0), (1.0, 1.0, 1.0, math.inf),
        (1.0, 1.0, 1.0, -1e-9), (1.0, 1.0, 1.0), 3.0,
    ):  # fmt: skip
        wanted = r"^claim value must be \(measured, predicted, sd > 0, slack >= 0\), was "
        with pytest.raises(ValueError, match=wanted):
            z_score(observation(bad))
    assert z_score(observation((1.0, 1.0, 0.5, 0.0))) == 0.0


def test_the_interval_of_a_spread() -> None:
    x = [1.0, 4.0, 2.5, 7.0]
    found = spread_interval(x, 0.2)
    s = float(np.std(x, ddof=1))
    assert found.value == pytest.approx(s)
    assert found.low == pytest.approx(s * math.sqrt(3 / stats.chi2.ppf(0.9, 3)))
    assert found.high == pytest.approx(s * math.sqrt(3 / stats.chi2.ppf(0.1, 3)))
    two = spread_interval([1.0, 2.0], 0.2)
    assert two.high == pytest.approx(math.sqrt(0.5 / stats.chi2.ppf(0.1, 1)))
    one = spread_interval([1.0], 0.2)
    assert math.isnan(one.value)
    assert (one.low, one.high) == (0.0, math.inf)


def spread_p(z: list[float]) -> tuple[float, float]:
    """p-values of "within (.6, 1.5)" and of "outside"."""
    df = len(z) - 1
    squares = df * float(np.var(z, ddof=1))
    low, high = squares / 0.36, squares / 2.25
    refute = min(1.0, 2 * min(stats.chi2.cdf(low, df), stats.chi2.sf(high, df)))
    return float(refute), float(max(stats.chi2.sf(low, df), stats.chi2.cdf(high, df)))


def in_words(inner: Any, outer: Any, verdict: str, ends: tuple[float, float]) -> str:
    shown, level = (outer, "98 %") if verdict == "refuted" else (inner, "88 %")
    lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}[
        verdict
    ]
    return (
        f"{inner.value:.3g} ({level} interval [{shown.low:.3g}, {shown.high:.3g}], {lies}"
        f" [{ends[0]:g}, {ends[1]:g}])"
    )


@pytest.mark.parametrize(
    ("z", "outliers", "bias", "spread"),
    [
        (NORMAL, "supported", "supported", "supported"),
        ([v + 1.2 for v in NORMAL], "supported", "refuted", "supported"),
        ([v - 1.2 for v in NORMAL], "supported", "refuted", "supported"),
        ([0.2 * v for v in NORMAL], "supported", "supported", "refuted"),
        ([2.2 * v for v in NORMAL], "inconclusive", "inconclusive", "refuted"),
        ([v + 0.3 for v in NORMAL], "supported", "inconclusive", "supported"),
        ([1.35 * v for v in NORMAL], "supported", "inconclusive", "inconclusive"),
        (NORMAL[::4], "inconclusive", "inconclusive", "inconclusive"),
        ([v / 4 for v in NORMAL[::8]], "inconclusive", "supported", "inconclusive"),
        ([*NORMAL[::2], *[8.0, -8.0] * 15], "refuted", "inconclusive", "refuted"),
        ([*NORMAL[:20], 30.0, -30.0], "inconclusive", "inconclusive", "refuted"),
    ],
)
def test_scores_word_by_word(z: list[float], outliers: str, bias: str, spread: str) -> None:
    seen = scored(z)
    found = decide_zscores(Z, seen, None)
    what = "lie more than 3 sd + slack from the prediction"
    level = 0.02 if outliers == "refuted" else 0.06
    rate = decide_rate(by_seed(seen), lambda o: is_outlier(Z, o), 0.2, level, what)
    mean, sd = mean_interval(z, 0.12), spread_interval(z, 0.12)
    outer_mean, outer_sd = mean_interval(z, 0.02), spread_interval(z, 0.02)
    wanted = [outliers, bias, spread]
    assert [found.statistic[f"{part}_verdict"] for part in ("outlier", "bias", "spread")] == wanted
    verdict = (
        "refuted" if "refuted" in wanted else "supported" if set(wanted) == {"supported"} else "inconclusive"
    )
    assert (found.verdict, found.n_trials, found.predicted) == (verdict, len(z), 1.0)
    assert found.measured == pytest.approx(sd.value)
    more = "" if found.needed is None else f" About {found.needed} runs would decide."
    assert found.reason == (
        f"{rate.reason} Over {len(z)} trials the z-scores have mean"
        f" {in_words(mean, outer_mean, bias, (-0.4, 0.4))},"
        f" and standard deviation {in_words(sd, outer_sd, spread, (0.6, 1.5))}.{more}"
    )
    extra = {k: v for k, v in found.statistic.items() if k not in rate.statistic}
    assert extra == {
        "outlier_verdict": outliers, "bias_verdict": bias, "spread_verdict": spread,
        "z_mean": pytest.approx(mean.value, abs=1e-12), "z_mean_interval": pytest.approx([mean.low,
        mean.high]),
        "z_sd": pytest.approx(sd.value), "z_sd_interval": pytest.approx([sd.low, sd.high]),
        "z_largest": pytest.approx(max(abs(v) for v in z)), "not_finite": 0,
    }  # fmt: skip
    assert {k: found.statistic[k] for k in rate.statistic} == rate.statistic
    t = equivalence(z, 0.0, 0.4, 0.05)
    s_p, s_support = spread_p(z)
    assert found.p_value == pytest.approx(min(1.0, 3 * min(rate.p_value, t.p_value, s_p)))
    assert found.support_p == pytest.approx(max(rate.support_p, t.support_p, s_support))
    plans: list[int | None] = []
    if outliers != "supported":
        plans.append(rate.needed)
    if bias != "supported":
        plans.append(runs_for_mean(sd.value, 0.4 - abs(mean.value), 0.06))
    if spread != "supported":
        gap = min(math.log(sd.value / 0.6), math.log(1.5 / sd.value)) if 0.6 < sd.value < 1.5 else 0.0
        quantiles = float(stats.norm.ppf(0.94) + stats.norm.ppf(0.8))
        plans.append(math.ceil(0.5 * (quantiles / gap) ** 2) + 1 if gap else None)
    if verdict != "inconclusive" or None in plans:
        assert found.needed is None
    else:
        assert found.needed == max([len(z) + 1, *[plan for plan in plans if plan is not None]])


def test_a_spread_just_inside_its_margin_has_no_plan() -> None:
    z = NORMAL[::4]
    sd = float(np.std(z, ddof=1))
    near = replace(Z, spread=(sd * (1 - 1e-3), 3.0))
    assert decide_zscores(near, scored(z), None).needed is None
    at = replace(Z, spread=(sd, 3.0), bias=30.0, delta=0.9)
    assert decide_zscores(at, scored(z), None).needed is None
    far = decide_zscores(replace(Z, spread=(0.1, 1e4), bias=1.0), scored(z), None)
    assert far.needed is not None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_without_a_value(bad: float) -> None:
    found = decide_zscores(Z, scored([*NORMAL, bad]), None)
    assert (found.verdict, found.needed, found.support_p) == ("inconclusive", None, 1.0)
    assert found.statistic["not_finite"] == 1
    assert found.n_trials == 41
    assert found.reason.endswith(", inside [0.6, 1.5]). 1 run without a finite value.")
    assert " Over 40 trials " in found.reason


def test_too_few_scores() -> None:
    found = decide_zscores(Z, scored([0.1, -0.2, math.nan]), None)
    rate = decide_rate(
        by_seed(scored([0.1, -0.2, math.nan])), lambda o: is_outlier(Z, o), 0.2, 0.06,
        "lie more than 3 sd + slack from the prediction",
    )  # fmt: skip
    assert found == Decision(
        "inconclusive", f"{rate.reason} Only 2 trials with a finite z-score; 3 are needed.", None, 1.0,
        rate.statistic, 3, max(3, rate.needed or 0), p_value=min(1.0, 3 * rate.p_value), support_p=1.0,
    )  # fmt: skip
    lost = decide_zscores(Z, scored([math.nan] * 5), None)
    p = 3 * 0.2**5
    assert (lost.verdict, lost.needed, lost.p_value) == ("refuted", None, pytest.approx(p))
    assert lost.reason.endswith(" Only 0 trials with a finite z-score; 3 are needed.")
    assert decide_zscores(Z, scored([0.1] * 3), None).statistic["z_sd"] == pytest.approx(0.0, abs=1e-12)


def test_outliers_refute_at_a_third_of_the_level_only() -> None:
    """Four of six: P = .017, below .06 and below .02; three of five: .058, not below .02."""
    three = decide_zscores(Z, scored([0.1, 0.2, 9.0, -9.0, 9.0]), None)
    assert three.statistic["outlier_verdict"] == "inconclusive"
    four = decide_zscores(Z, scored([0.1, 0.2, 9.0, -9.0, 9.0, -9.0]), None)
    assert four.statistic["outlier_verdict"] == "refuted"
    assert "98 % confidence, over delta = 0.2." in four.reason
    assert "(each limit at 98 %)" in three.reason


# Calibration ---------------------------------------------------------------------------------------------

CELLS = Calibration(0.2, "test", alpha=0.06)


def calibrated(table: dict[float, list[tuple[bool, float]]]) -> list[Observation]:
    rows = [(label, value) for label, values in table.items() for value in values]
    return [observation(value, k, labels={"a": label}) for k, (label, value) in enumerate(rows)]


def test_the_square_of_a_cell() -> None:
    x, v = [0.7, -0.3, 0.6, 0.9], [0.21, 0.2, 0.24, 0.09]
    pairs = [x[i] * x[k] for i in range(4) for k in range(4) if i != k]
    mean = float(np.mean(pairs))
    spread = max(float(np.var(x, ddof=1)), float(np.mean(v)))
    square, variance = cell_square(x, v)
    assert square == pytest.approx(mean)
    assert variance == pytest.approx(4 * mean * spread / 4 + 2 * spread**2 / 12)
    low = cell_square([0.5, -0.5, 0.4], [0.9, 0.9, 0.9])
    assert low[0] < 0
    assert low[1] == pytest.approx(2 * 0.81 / 6)


def test_cumulants_and_the_gamma_law() -> None:
    v = [0.1, 0.3, 0.05]
    spread, third = border_cumulants(0.2, v)
    assert spread == pytest.approx((2 * (0.01 + 0.09 + 0.0025) + 4 * 3 * 0.04 * 0.3) / 9)
    assert third == pytest.approx((8 * (0.001 + 0.027 + 0.000125) + 24 * 3 * 0.04 * 0.09) / 27)
    shape, scale = 4 * spread**3 / third**2, third / (2 * spread)
    law = stats.gamma(shape, loc=-shape * scale, scale=scale)
    assert law.mean() == pytest.approx(0.0, abs=1e-12)
    assert law.var() == pytest.approx(spread)
    assert law.stats("s") == pytest.approx(third / spread**1.5)
    for at in (-0.2, 0.0, 0.3):
        assert gamma_tail(at, spread, third) == pytest.approx(float(law.sf(at)))
    assert excess_p(0.34, 0.2, v) == pytest.approx(float(law.sf(0.3)))
    assert gamma_tail(-1e9, spread, third) == 1.0
    assert (gamma_tail(0.0, 0.0, 1.0), gamma_tail(1e-9, 0.0, 1.0), gamma_tail(-1.0, -1.0, 1.0)) == (
        1.0,
        0.0,
        1.0,
    )
    assert gamma_tail(1.5, 1.0, 2.0) == pytest.approx(
        integrate.quad(lambda x: math.exp(-x), 2.5, math.inf)[0]
    )


def variance_at(p: float) -> float:
    """`p (1 - p)` with p at least .2 from 0 and 1, the margin of these tests."""
    p = min(max(p, 0.2), 0.8)
    return p * (1 - p)


def cell_of(values: list[tuple[bool, float]]) -> tuple[float, float, float]:
    """Square, its variance, and the variance of the mean difference."""
    x = [h - p for h, p in values]
    v = [variance_at(p) for _, p in values]
    spread = max(float(np.var(x, ddof=1)), float(np.mean(v)))
    return *cell_square(x, v), spread / len(x)


T, F = True, False
GOOD = {
    1.0: [(T, 0.7)] * 70 + [(F, 0.7)] * 30,
    2.0: [(T, 0.2)] * 20 + [(F, 0.25)] * 60,
    3.0: [(T, 0.9), (F, 0.5)],
}
WRONG = {1.0: [(T, 0.2)] * 60 + [(F, 0.2)] * 10, 2.0: [(F, 0.8)] * 25 + [(T, 0.75)] * 5}
FEW = {1.0: [(T, 0.7)] * 4 + [(F, 0.7)] * 2, 2.0: [(F, 0.3)] * 3 + [(T, 0.4)]}
FAR = {1.0: [(T, 0.5)] * 4 + [(F, 0.5)], 2.0: [(T, 0.4), (T, 0.3), (F, 0.2)]}


@pytest.mark.parametrize(
    ("table", "verdict", "lies"),
    [(GOOD, "supported", "below"), (WRONG, "refuted", "above"), (FEW, "inconclusive", "around"),
     (FAR, "inconclusive", "around")],
)  # fmt: skip
def test_cells_word_by_word(table: dict[float, list[tuple[bool, float]]], verdict: str, lies: str) -> None:
    seen = calibrated(table)
    found = decide_calibration(CELLS, seen, None)
    used = [cell_of(values) for values in table.values() if len(values) >= 3]
    mean = float(np.mean([square for square, _, _ in used]))
    error = math.sqrt(sum(variance for _, variance, _ in used)) / len(used)
    half = float(stats.norm.ppf(0.94)) * error
    p = excess_p(mean, 0.2, [v for _, _, v in used])
    rows = [
        {
            "a": label, "runs": len(values), "share": float(np.mean([h for h, _ in values])),
            "predicted": float(np.mean([q for _, q in values])),
            "variance": float(np.mean([variance_at(q) for _, q in values])),
        }
        for label, values in table.items()
    ]  # fmt: skip
    misses = [abs(row["share"] - row["predicted"]) for row in rows]
    n = len(seen)
    needed = None
    if verdict == "inconclusive" and mean < 0.04:
        needed = max(n + 1, math.ceil(n * (1.5 * half / (0.04 - mean)) ** 2))
    size = "no more than its noise" if mean <= 0 else f"{math.sqrt(mean):.3g} in root mean square"
    more = "" if needed is None else f"; about {needed} runs in all would decide"
    assert found.reason == (
        f"Over {len(used)} cells the frequency misses the predicted probability by {size}; the"
        f" 88 % interval of"
        f" its square [{mean - half:.3g}, {mean + half:.3g}] lies {lies} 0.2^2"
        f" (p = {min(p, 1 - p):.2g}){more}."
    )
    assert (found.verdict, found.n_trials, found.needed) == (verdict, n, needed)
    assert found.measured == pytest.approx(np.mean([row["share"] for row in rows]))
    assert found.predicted == pytest.approx(np.mean([row["predicted"] for row in rows]))
    assert (found.p_value, found.support_p) == (pytest.approx(p), pytest.approx(1 - p))
    s = dict(found.statistic)
    assert s.pop("cells") == rows
    assert s.pop("interval") == pytest.approx([mean - half, mean + half])
    assert s == {
        "runs": n, "trials": n, "cells_used": len(used), "margin": 0.2,
        "interval_of": "mean square over cells of happened - predicted", "level": 0.88,
        "largest_difference": pytest.approx(max(misses)),
        "mean_absolute_difference": pytest.approx(np.mean(misses)), "mean_square": pytest.approx(mean),
    }  # fmt: skip


def test_no_cell_with_three_runs() -> None:
    found = decide_calibration(CELLS, calibrated({1.0: [(T, 0.5), (F, 0.5)]}), None)
    assert (found.verdict, found.reason) == ("inconclusive", "No cell has 3 independent runs.")
    assert (found.measured, found.predicted, found.n_trials) == (0.5, 0.5, 2)
    assert (found.p_value, found.support_p, found.needed) == (1.0, 1.0, None)
    assert (found.statistic["cells_used"], found.statistic["interval"]) == (0, None)


def test_the_first_run_of_a_seed_counts() -> None:
    seen = [observation((k % 2 == 0, 0.5), k, seed=k // 2, labels={"a": 1.0}) for k in range(8)]
    found = decide_calibration(CELLS, seen, None)
    assert (found.measured, found.n_trials, found.statistic["runs"]) == (1.0, 4, 8)


@pytest.mark.parametrize("good", [(True, 0.0), (False, 1.0), (np.bool_(True), 0.5), (True, 1)])
def test_probabilities_may_be_0_and_1(good: Any) -> None:
    assert decide_calibration(CELLS, observations([good]), None).measured == float(good[0])
    for bad in ((True, 1.0 + 1e-12), (True, -1e-12), (1, 0.5), (True, math.nan), (True,), 7):
        wanted = r"^claim value must be \(happened, probability\): a bool and a number in \[0, 1\], was "
        with pytest.raises(ValueError, match=wanted):
            decide_calibration(CELLS, observations([bad]), None)


def test_a_plan_beyond_the_cap_is_none() -> None:
    """The mean square just below the margin's."""
    square = cell_of(FAR[1.0])[0]
    assert square > 0
    for gap, planned in ((1e-5, False), (1e-1, True)):
        rule = Calibration(math.sqrt(square + gap), "test", alpha=0.06)
        found = decide_calibration(rule, calibrated({1.0: FAR[1.0]}), None)
        assert (found.verdict, found.needed is not None) == ("inconclusive", planned)
        assert ("would decide" in found.reason) == planned


@pytest.mark.parametrize(("predicted", "runs", "happened"), [(0.5, 21, 10), (0.2, 39, 21)])
def test_a_verdict_needs_the_interval_and_the_tail(predicted: float, runs: int, happened: int) -> None:
    """Interval below but tail not below alpha; tail below alpha but interval not above."""
    table = {1.0: [(T, predicted)] * happened + [(F, predicted)] * (runs - happened)}
    found = decide_calibration(CELLS, calibrated(table), None)
    low, high = found.statistic["interval"]
    assert found.p_value is not None
    if predicted == 0.5:
        assert high < 0.04
        assert 1 - found.p_value > 0.06
    else:
        assert low < 0.04
        assert found.p_value < 0.06
    assert found.verdict == "inconclusive"


# Two engines ---------------------------------------------------------------------------------------------

SAME = SameLaw(0.5, "test", alpha=0.04)


def engines(first: dict[str, list[float]], second: dict[str, list[float]]) -> list[Observation]:
    out: list[Observation] = []
    for engine, table in (("law", first), ("cnn", second)):
        for row in zip(*table.values(), strict=True):
            out.append(observation(dict(zip(table, row, strict=True)), len(out), engine=engine))
    return out


def uniform(n: int, shift: float = 0.0) -> list[float]:
    return [k / n + shift for k in range(n)]


def test_widths_and_plans_of_two_engines() -> None:
    width = sum(math.sqrt(math.log(2 * 2 * 3 / 0.04) / (2 * n)) for n in (50, 80))
    assert certified_width(0.04, 3, 50, 80) == pytest.approx(width)
    distance = stats.kstwobign.isf(0.2 / 3) * math.sqrt(2)
    runs = ((distance + math.sqrt(2 * math.log(4 * 3 / 0.04))) / 0.3) ** 2
    assert runs_for_same_law(0.3, 0.04, 3) == math.ceil(runs)
    assert runs_for_same_law(0.3, 0.04, 3, 0.8) == math.ceil(runs)
    assert runs_for_same_law(0.3, 0.04, 3, 0.9) > math.ceil(runs)


def test_the_two_sample_test_by_scipy() -> None:
    x, y = np.array([1.0, 2.0, 3.5, 7.0]), np.array([2.5, 3.0, 8.0, 9.0, 10.0])
    found = kolmogorov_smirnov(x, y)
    reference = stats.ks_2samp(x, y, method="exact")
    assert found == pytest.approx((reference.statistic, reference.pvalue))
    rng = np.random.default_rng(0)
    for sizes, method in (((500, 500), "exact"), ((500, 501), "asymp")):
        u, v = rng.random(sizes[0]), rng.random(sizes[1]) ** 1.1
        reference = stats.ks_2samp(u, v, method=method)
        other = stats.ks_2samp(u, v, method="asymp" if method == "exact" else "exact")
        assert kolmogorov_smirnov(u, v)[1] == pytest.approx(reference.pvalue, rel=1e-12)
        assert reference.pvalue != pytest.approx(other.pvalue, rel=1e-6)
    infinite = kolmogorov_smirnov(np.array([1.0, math.inf]), np.array([1.0, math.nan]))
    assert infinite[0] == 0.5


@pytest.mark.parametrize(
    ("n", "shift", "verdict"), [(300, 0.0, "supported"), (60, 0.6, "refuted"), (30, 0.1, "inconclusive")]
)
def test_two_engines_word_by_word(n: int, shift: float, verdict: str) -> None:
    first = {"x": uniform(n), "y": uniform(n)}
    second = {"x": [*uniform(n + 5, shift / 2)], "y": [*uniform(n + 5, shift)]}
    found = decide_same_law(SAME, engines(first, second), None)
    tests = {k: stats.ks_2samp(first[k], second[k], method="exact") for k in "xy"}
    d = {k: float(t.statistic) for k, t in tests.items()}
    p = {k: float(t.pvalue) for k, t in tests.items()}
    low = min(p, key=lambda k: p[k])
    holm = {k: min(1.0, max(2 * p[low], p[k])) for k in p}
    holm[low] = min(1.0, 2 * p[low])
    worst = max(d, key=lambda k: d[k])
    width = certified_width(0.04, 2, n, n + 5)
    bound = min(1.0, d[worst] + width)
    planned = runs_for_same_law(0.5, 0.04, 2)
    head = f"Over {n} runs of law and {n + 5} of cnn"
    certified = (
        f"{head} no test rejects (lowest corrected p = {holm[low]:.2g}), and every distance is"
        f" certified below"
        f" {bound:.3g} at 96 % confidence"
    )
    reasons = {
        "refuted": f"{head} the distributions of {low} differ: distance {d[low]:.3g}, p = {holm[low]:.2g}"
        " after Holm's correction, below alpha = 0.04.",
        "supported": f"{certified}, under the margin 0.5.",
        "inconclusive": f"{certified}, not under the margin 0.5; about {max(planned, n + 1)} runs of each"
        " engine would decide.",
    }
    assert found.reason == reasons[verdict]
    assert (found.verdict, found.measured, found.predicted) == (verdict, pytest.approx(d[worst]), 0.0)
    assert found.needed == (max(planned, n + 1) if verdict == "inconclusive" else None)
    s = dict(found.statistic)
    for name, wanted in (
        ("distance", d), ("p_value", p), ("holm_p_value", holm),
        ("certified_distance", {k: min(1.0, v + width) for k, v in d.items()}),
        ("interval", [max(0.0, d[worst] - width), bound]),
    ):  # fmt: skip
        assert s.pop(name) == pytest.approx(wanted)
    assert s == {
        "runs": 2 * n + 5, "trials": n, "runs_by_engine": {"law": n, "cnn": n + 5},
        "interval_of": "largest distance between the distributions", "level": 0.96, "margin": 0.5,
        "largest_distance_of": worst, "not_finite": {e: {"x": 0, "y": 0} for e in ("law", "cnn")},
    }  # fmt: skip
    assert found.n_trials == n
    assert found.p_value == pytest.approx(holm[low])
    room = 0.5 - d[worst]
    if room <= 0:
        assert found.support_p == 1.0
    else:
        root = room / (math.sqrt(0.5 / n) + math.sqrt(0.5 / (n + 5)))
        alpha = min(1.0, 2 * 2 * 2 * math.exp(-(root**2)))
        assert found.support_p == pytest.approx(alpha)
        if alpha < 1:
            assert certified_width(alpha, 2, n, n + 5) == pytest.approx(room)


def test_a_comparison_that_cannot_be_made() -> None:
    one = decide_same_law(SAME, observations([{"x": 1.0}] * 4), None)
    statistic = {
        "runs": 4, "trials": 0, "runs_by_engine": {"law": 4}, "interval": None,
        "interval_of": "largest distance between the distributions", "level": 0.96, "margin": 0.5,
    }  # fmt: skip
    assert one == Decision(
        "inconclusive", "Only law was judged; a comparison needs two engines.", None, 0.0, statistic, 0,
        runs_for_same_law(0.5, 0.04, 1), p_value=1.0, support_p=1.0,
    )  # fmt: skip
    seen = [observation({"x": 0.0}, k, seed=k // 2, engine="law") for k in range(4)]
    seen += [observation({"x": 0.0}, 10 + k, seed=k, engine="cnn") for k in range(9)]
    shared = decide_same_law(SAME, seen, None)
    assert shared == Decision(
        "inconclusive", "Runs of law share seeds, so they are no independent sample.", None, 0.0,
        statistic | {"runs": 13, "trials": 4, "runs_by_engine": {"law": 4, "cnn": 9}}, 4, None, 1.0, 1.0,
    )  # fmt: skip
    three = [observation({"x": 1.0}, k, engine=e) for k, e in enumerate(("law", "cnn", "gd"))]
    with pytest.raises(ValueError, match=r"^engines must be two to be compared, was \['cnn', 'gd', 'law'\]$"):
        decide_same_law(SAME, three, None)
    for bad in (3.0, {}, {"x": "?"}):
        with pytest.raises(ValueError, match=r"^claim value must be a mapping of names to numbers, was "):
            decide_same_law(SAME, [observation(bad)], None)
    with pytest.raises(
        ValueError, match=r"^claim value must be a mapping with the names \['x'\] as in the other"
    ):
        decide_same_law(SAME, [observation({"x": 1.0}), observation({"y": 1.0}, 1)], None)


def test_values_that_are_not_finite_are_counted_by_engine_and_name() -> None:
    found = decide_same_law(
        SAME,
        engines(
            {"x": [1.0, math.nan, 3.0], "y": [1.0] * 3}, {"x": [1.0] * 3, "y": [math.inf, -math.inf, 0.0]}
        ),
        None,
    )
    assert found.statistic["not_finite"] == {"law": {"x": 1, "y": 0}, "cnn": {"x": 0, "y": 2}}


def test_a_distance_of_the_margin_has_no_room() -> None:
    wide = decide_same_law(replace(SAME, margin=1 / 3), engines({"x": [0.0, 1, 2]}, {"x": [0.0, 1, 9]}), None)
    assert wide.measured == pytest.approx(1 / 3)
    far = decide_same_law(replace(SAME, margin=0.2), engines({"x": [0.0, 1, 2]}, {"x": [0.0, 1, 9]}), None)
    assert far.support_p == 1.0


def test_the_rule_s_level_rejects() -> None:
    """p = .0443: above .04."""
    seen = engines({"x": uniform(13)}, {"x": uniform(13, 6 / 13)})
    found = decide_same_law(SAME, seen, None)
    assert found.p_value == pytest.approx(0.04427, abs=1e-5)
    assert found.verdict == "inconclusive"
    assert decide_same_law(replace(SAME, alpha=0.045), seen, None).verdict == "refuted"


# The error budget ----------------------------------------------------------------------------------------

EXPERIMENT = Experiment("budget", place=Fixed(BASE), clock=0.01, runs={"quick": 100})


def judged(
    p: float | None, verdict: str, rule: Any = None, support: float | None = None, runs: int = 100
) -> Judgement:
    claim = Claim(
        id="budget.x", source=Source("example", "1"), provenance="derived", statement="example",
        rule=rule or Event(), measure=lambda run: True, experiment=EXPERIMENT,
    )  # fmt: skip
    decision = Decision(verdict, "Seen.", 1.0, 1.0, {}, runs, None, p, support)  # type: ignore[arg-type]
    return Judgement(claim, decision, tuple(observations([True])), ("a link",))


def test_the_budget_is_one_in_a_hundred() -> None:
    assert ERROR_BUDGET == 0.01
    for bad in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=rf"^error_budget must lie in \(0, 1\), was {bad!r}$"):
            within_budget([], bad)
    assert within_budget([], 0.5) == []


def test_holm_by_hand() -> None:
    """p = .001, .004, .03 among five: times 5, 4, 3, then the maximum so far."""
    family = [judged(p, v) for p, v in ((0.03, "refuted"), (0.001, "refuted"), (0.4, "supported"),
                                        (0.004, "refuted"), (0.5, "inconclusive"))]  # fmt: skip
    outside = judged(0.0, "refuted", Identity())
    found = within_budget([*family, outside], 0.016)
    adjusted = [j.decision.adjusted_p for j in found]
    assert adjusted == [pytest.approx(0.09), pytest.approx(0.005), pytest.approx(0.8), pytest.approx(0.016),
                        pytest.approx(0.8), None]  # fmt: skip
    assert [j.verdict for j in found] == [
        "inconclusive", "refuted", "supported", "refuted", "inconclusive", "refuted",
    ]  # fmt: skip
    needed = runs_to_survive(100, 0.03, 0.016 / 5)
    text = (
        "Alone this refutes (p = 0.03), but not within the error budget 0.016 of the whole verification: of 5"
        f" claims that chance could refute, p = 0.09 after Holm's correction; about {needed}"
        f" runs would decide"
        " if the effect is as large as it looks."
    )
    assert found[0].decision.reason == f"Seen. {text}"
    assert found[0].chain == ("a link", text)
    assert found[0].decision.needed == needed
    assert found[1] == replace(family[1], decision=replace(family[1].decision, adjusted_p=adjusted[1]))
    assert found[5] == outside


def test_a_refutation_without_an_effect_names_no_runs() -> None:
    (found,) = within_budget([judged(0.6, "refuted")], 0.01)
    assert (found.decision.needed, found.verdict) == (None, "inconclusive")
    assert found.decision.reason.endswith("p = 0.6 after Holm's correction.")


def test_p_values_of_deciders_that_give_none() -> None:
    assert refutation_p(judged(0.3, "refuted")) == 0.3
    assert refutation_p(judged(None, "supported", Event(alpha=0.02))) == 1.0
    assert not in_family(judged(None, "refuted"))
    assert in_family(judged(None, "supported"))
    assert in_family(judged(1.0, "supported"))
    assert not in_family(judged(1.0, "supported", Identity()))
    assert not in_family(replace(judged(1.0, "supported"), observations=()))


@pytest.mark.parametrize(("p", "level", "power"), [(0.01, 1e-4, 0.8), (0.2, 1e-3, 0.9), (0.04, 0.03, 0.55)])
def test_runs_that_survive(p: float, level: float, power: float) -> None:
    ratio = (stats.norm.isf(level) + stats.norm.ppf(power)) / stats.norm.isf(p)
    assert runs_to_survive(70, p, level, power) == max(71, math.ceil(70 * ratio**2))
    if power == 0.8:
        assert runs_to_survive(70, p, level) == math.ceil(70 * ratio**2)


def test_ends_of_the_runs_that_survive() -> None:
    assert runs_to_survive(70, 0.5, 1e-4) is None
    assert runs_to_survive(70, 0.9, 1e-4) is None
    assert runs_to_survive(70, 0.0, 1e-4) == 71
    assert runs_to_survive(70, 1e-9, 1e-4) == 71
    assert runs_to_survive(70, 0.45, 1e-4) == math.ceil(
        70 * ((stats.norm.isf(1e-4) + stats.norm.ppf(0.8)) / stats.norm.isf(0.45)) ** 2
    )
    assert runs_to_survive(MAX_RUNS, 1e-2, 1e-4) is None
    # Power and level of 1/2 each: exactly as many runs as made, one more is named.
    assert runs_to_survive(70, 0.01, 0.01, 0.5) == 71
    assert runs_to_survive(MAX_RUNS, 1e-5, 1e-4, 0.5) == MAX_RUNS + 1


def test_what_the_budget_did() -> None:
    """Supports .001, .004, .2 and none (1) among five, at .016: two of three survive together."""
    judgements = [
        judged(0.9, "supported", support=0.001),
        judged(0.9, "supported", support=0.004),
        judged(0.9, "supported", support=0.2),
        judged(0.01, "inconclusive", support=None),
        judged(0.05, "inconclusive", support=0.9),
        judged(0.0, "supported", Identity(), support=0.0),
    ]
    use = budget_use(judgements, 0.016)
    assert use == BudgetUse(0.016, 5, 1, 3, 2)
    assert budget_use(judgements, 0.0159) == BudgetUse(0.0159, 5, 1, 3, 1)
    assert use.as_dict() == {
        "level": 0.016, "method": "Holm", "claims": 5, "refuted_alone_only": 1, "supported": 3,
        "supported_at_this_level_together": 2, "first_stage": pytest.approx(0.0128),
        "second_stage": pytest.approx(0.0032),
    }  # fmt: skip
    assert budget_use([], 0.1) == BudgetUse(0.1, 0, 0, 0, 0)
    silent = judged(None, "inconclusive", Event(alpha=0.02))
    assert budget_use([silent], 0.1).not_surviving == 0
    ruleless = judged(0.001, "inconclusive", object())
    assert budget_use([ruleless], 0.1).not_surviving == 0
