"""The rules ZScores and Calibration: verdicts, false alarms and power in miniature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed
from scipy import stats

from theory.rules import ZScores
from verify.outcome import Decision, Observation
from verify.rules.registry import decide
from verify.rules.zscores import decide_zscores, is_outlier, spread_interval, z_score
from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import mean_interval, runs_for_mean
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed

RULE = ZScores(reason="test")


def scores(z: np.ndarray, slack: float = 0.0) -> list[Observation]:
    """Runs with these z-scores around predictions of different size and spread."""
    sd = 0.1 + np.arange(len(z)) % 7
    return observations([(5.0 + s * v, 5.0, s, slack) for s, v in zip(sd, z, strict=True)])


def normal(runs: int, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> Decision:
    z = shift + scale * np.random.default_rng(seed).standard_normal(runs)
    return well_formed(decide(RULE, scores(z)))


def test_a_right_prediction_is_supported_once_outliers_are_excluded() -> None:
    decision = normal(400)
    assert decision.verdict == "supported"
    assert decision.statistic["interval"][1] < 0.01
    assert decision.measured == pytest.approx(1.0, abs=0.1)
    few = normal(60)
    assert few.verdict == "inconclusive"
    assert few.needed is not None
    assert few.needed >= 299


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"scale": 1.6}, "spread"),
        ({"scale": 0.5}, "spread"),
        ({"shift": 1.2}, "bias"),
        ({"shift": -1.2}, "bias"),
    ],
)
def test_a_wrong_spread_or_a_bias_refutes(change: dict[str, float], broken: str) -> None:
    decision = normal(120, **change)
    assert decision.verdict == "refuted"
    assert decision.statistic[f"{broken}_verdict"] == "refuted"


def test_outliers_refute_and_slack_forgives_rounding() -> None:
    z = np.random.default_rng(1).standard_normal(400)
    z[::20] = 4.5
    assert decide(RULE, scores(z)).statistic["outlier_verdict"] == "refuted"
    assert decide(RULE, scores(z, slack=10.0)).statistic["outlier_verdict"] == "supported"


def test_values_that_are_not_finite_block_support_and_many_refute() -> None:
    z = np.random.default_rng(2).standard_normal(500)
    z[7] = math.inf
    one = well_formed(decide(RULE, scores(z)))
    assert one.verdict == "inconclusive"
    assert one.statistic["not_finite"] == 1
    z[::20] = math.inf
    assert well_formed(decide(RULE, scores(z))).verdict == "refuted"
    z[::20] = math.nan
    open_ = well_formed(decide(RULE, scores(z)))
    assert (open_.verdict, open_.p_value) == ("inconclusive", 1.0)
    assert well_formed(decide(RULE, scores(np.array([math.nan])))).verdict == "inconclusive"


def test_runs_that_share_a_seed_are_one_z_score() -> None:
    z = np.random.default_rng(3).standard_normal(100)
    copies = [observation((v, 0.0, 1.0, 0.0), 5 * i + k, seed=i) for i, v in enumerate(z) for k in range(5)]
    decision = decide(RULE, copies)
    assert decision.n_trials == 100
    assert decision.statistic["z_sd_interval"] == decide(RULE, scores(z)).statistic["z_sd_interval"]


@pytest.mark.parametrize("value", [1.0, (1.0, 2.0), (1.0, 1.0, 0.0, 0.0), (1.0, 1.0, 1.0, -1.0), "abcd"])
def test_a_z_score_needs_four_numbers(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be"):
        decide(RULE, observations([value]))


def rate(suites: int, runs: int, verdict: str, **change: float) -> int:
    return sum(normal(runs, seed, **change).verdict == verdict for seed in range(suites))


def test_false_alarms_and_power() -> None:
    """True at the margin's edge: supported in at most 5 %; true in the middle: refuted in at most 5 %."""
    suites = 40
    for edge in ({"scale": 1.15}, {"scale": 0.85}, {"shift": 0.5}):
        assert stats.binom.sf(rate(suites, 400, "supported", **edge) - 1, suites, 0.05) > 1e-3
    assert stats.binom.sf(rate(suites, 100, "refuted", scale=1.15) - 1, suites, 0.05) > 1e-3
    assert rate(suites, 100, "refuted") <= 2
    assert rate(suites, 500, "supported") > 0.8 * suites
    assert rate(suites, 100, "refuted", shift=1.0) > 0.8 * suites


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
    refuting: list[int | None] = []  # an estimate outside its margin needs runs that show it there
    if abs(mean.value) > 0.4:
        refuting.append(runs_for_mean(sd.value, abs(mean.value) - 0.4, 0.01))
    if not 0.6 < sd.value < 1.5:
        gap = max(math.log(0.6 / sd.value), math.log(sd.value / 1.5))
        quantiles = float(stats.norm.ppf(0.99) + stats.norm.ppf(0.8))
        refuting.append(math.ceil(0.5 * (quantiles / gap) ** 2) + 1)
    outside = [plan for plan in refuting if plan is not None]
    if verdict == "inconclusive" and outside:
        assert found.needed == max(len(z) + 1, min(outside))
    elif verdict != "inconclusive" or None in plans:
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


@pytest.mark.parametrize("change", [lambda v: v + 0.64, lambda v: 1.8 * v])
def test_an_estimate_outside_its_margin_says_how_many_runs_would_refute(
    change: Callable[[float], float],
) -> None:
    z = [change(v) for v in NORMAL]
    found = decide_zscores(Z, scored(z), None)
    assert (found.verdict, found.reason.endswith(f" About {found.needed} runs would decide.")) == (
        "inconclusive", True,
    )  # fmt: skip
    assert found.needed is not None
    assert found.needed <= 4 * len(z)
    assert decide_zscores(Z, scored(z * 4), None).verdict == "refuted"


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
