"""Laws with a predicted value, and the comparison of two engines."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from decide_cases import BASE, observation, observations, well_formed
from scipy import stats

from theory.rules import Law
from verify.outcome import Decision, Observation
from verify.rules.law import decide_law, log_ratio
from verify.rules.registry import decide
from verify.statistics.median import median_equivalence

LAW = Law(margin=0.1, reason="test")


def pairs(ratios: list[float], predicted: float = 5.0) -> list[Observation]:
    return observations([(predicted * r, predicted) for r in ratios])


def test_a_sharp_true_law_is_supported() -> None:
    decision = well_formed(decide(LAW, pairs([1.0, 1.02, 0.98, 1.01, 0.99])))
    assert decision.verdict == "supported"
    assert decision.predicted == pytest.approx(5.0)
    assert decision.measured / decision.predicted == pytest.approx(decision.statistic["ratio"], rel=1e-3)
    low, high = decision.statistic["interval"]
    assert 1 / 1.1 < low < 1 < high < 1.1


def test_a_sharp_wrong_law_is_refuted_in_both_directions() -> None:
    for factor in (1.15, 1 / 1.15):
        decision = well_formed(decide(LAW, pairs([factor * r for r in (1.0, 1.01, 0.99, 1.0, 1.0, 1.0)])))
        assert decision.verdict == "refuted"
        assert decision.statistic["ratio"] == pytest.approx(factor, rel=1e-3)


def test_the_margin_is_the_same_in_both_directions() -> None:
    assert decide(LAW, pairs([1.1] * 6)).verdict == "supported"
    assert decide(LAW, pairs([1 / 1.1] * 6)).verdict == "supported"
    assert decide(LAW, pairs([1.1 * (1 + 1e-9)] * 6)).verdict == "refuted"
    assert decide(LAW, pairs([0.905] * 6)).verdict == "refuted"


def test_a_wide_interval_around_the_law_is_inconclusive() -> None:
    decision = well_formed(decide(LAW, pairs([0.5, 2.0, 0.8, 1.25, 1.02, 0.97, 1.0])))
    assert decision.statistic["ratio"] == pytest.approx(1.0)
    assert decision.verdict == "inconclusive"
    assert decision.needed is not None
    assert decision.needed > 7  # four of seven lie beyond an end of the margin, three beyond one
    for few in (1, 4):
        assert decide(LAW, pairs([1.0] * few)).needed == 5


def test_settings_that_err_in_opposite_directions_are_shown() -> None:
    settings = (BASE, BASE.with_(eta=0.02))
    seen = [observation(((1.05, 1 / 1.05)[i % 2], 1.0), i, setting=settings[i % 2]) for i in range(40)]
    decision = well_formed(decide(LAW, seen))
    assert decision.verdict == "supported"
    assert decision.statistic["settings"] == 2
    assert decision.statistic["setting_ratios"] == pytest.approx([1 / 1.05, 1.05])


@pytest.mark.parametrize("bad", [(math.inf, 1.0), (0.0, 1.0), (1.0, -1.0)])
def test_runs_without_a_log_ratio_count_against_support_and_majorities_refute(
    bad: tuple[float, float],
) -> None:
    """A median is supported where it lies inside wherever theirs do: 5 of 20 may lie beyond, 6 may not."""
    for without, verdict in ((1, "supported"), (5, "supported"), (6, "inconclusive")):
        some = well_formed(decide(LAW, observations([(1.0, 1.0)] * (20 - without) + [bad] * without)))
        assert (some.verdict, some.statistic["not_finite"]) == (verdict, without)
        assert some.support_p == pytest.approx(stats.binom.cdf(without, 20, 0.5))
        assert f"{without} run" in some.reason
        assert ("which may lie anywhere" in some.reason) == (verdict == "supported")
    beyond = decide(LAW, observations([(1.0, 1.0)] * 14 + [(2.0, 1.0)] * 3 + [bad] * 3))
    assert beyond.verdict == "inconclusive"  # 3 beyond and 3 without a value are 6
    mean = well_formed(decide(replace(LAW, of="mean", bound=3.0), observations([(1.0, 1.0)] * 40 + [bad])))
    assert (mean.verdict, mean.support_p) == ("inconclusive", 1.0)
    wrong = well_formed(decide(LAW, observations([(2.0, 1.0)] * 20 + [bad])))
    assert wrong.verdict == "refuted"
    most = well_formed(decide(LAW, observations([(1.0, 1.0)] * 3 + [bad] * 20)))
    assert most.verdict == "refuted"
    assert well_formed(decide(LAW, observations([bad]))).verdict == "inconclusive"
    assert well_formed(decide(LAW, observations([bad] * 5))).verdict == "inconclusive"
    assert well_formed(decide(LAW, observations([bad] * 6))).verdict == "refuted"


@pytest.mark.parametrize(
    "bad", [(math.nan, 1.0), (1.0, math.nan), math.nan, np.array([math.nan, 1.0]), (np.float32("nan"), 1.0)]
)
def test_a_law_with_runs_that_were_not_measured_is_open(bad: object) -> None:
    """A mean over all runs is not known without them, whatever the others say."""
    for ratio, runs in ((1.0, 20), (2.0, 20), (1.0, 3)):
        found = well_formed(decide(LAW, observations([(ratio, 1.0)] * runs + [bad] * 20)))
        assert (found.verdict, found.p_value, found.support_p) == ("inconclusive", 1.0, 1.0), ratio
        assert f"Not measured (nan) in 20 runs of {runs + 20}: {runs}, {runs + 1}" in found.reason
    assert well_formed(decide(LAW, observations([bad] * 9))).verdict == "inconclusive"


@pytest.mark.parametrize("value", [1.0, (1.0,), (1.0, 2.0, 3.0), ("a", "b")])
def test_a_law_needs_a_pair(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be a pair"):
        decide(LAW, observations([value]))


def test_runs_that_share_a_seed_are_one_ratio() -> None:
    """Three copies of each of three runs do not narrow the interval."""
    ratios = [1.0, 1.03, 0.97, 1.01, 0.98]
    once = decide(LAW, pairs(ratios))
    copies = [observation((5 * r, 5.0), 3 * i + k, seed=i) for i, r in enumerate(ratios) for k in range(3)]
    thrice = well_formed(decide(LAW, copies))
    assert thrice.n_trials == 5
    assert thrice.statistic["runs"] == 15
    assert thrice.statistic["interval"] == pytest.approx(once.statistic["interval"])


AT_TWENTY = Law(0.2, "test", alpha=0.04)


def law_runs(ratios: list[float], bad: int = 0, predicted: float = 5.0) -> list[Observation]:
    values = [(predicted * r, predicted) for r in ratios] + [(math.nan, 1.0)] * bad
    return observations(values)


def test_the_log_ratio_of_a_pair() -> None:
    assert log_ratio(observation((6.0, 2.0))) == pytest.approx(math.log(3))
    for bad in ((0.0, 1.0), (1.0, 0.0), (math.inf, 1.0), (1.0, math.nan), (-1.0, -1.0)):
        assert log_ratio(observation(bad)) is None


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([1.02, 0.98, 1.05, 0.97, 1.01, 0.99, 1.0, 1.0], "supported"),
        ([1.5, 1.55, 1.45, 1.52, 1.48, 1.6, 1.3, 1.4], "refuted"),
        ([1.1, 0.8, 1.3, 0.9, 1.0, 1.0, 1.25, 0.82], "inconclusive"),
        ([1.3, 1.0, 1.5, 1.1, 1.4, 1.25, 1.3, 1.2], "inconclusive"),
    ],
)
@pytest.mark.parametrize("bad", [0, 1])
def test_a_law_word_by_word(ratios: list[float], verdict: str, bad: int) -> None:
    found = decide_law(AT_TWENTY, law_runs(ratios, bad), None)
    logs = list(np.log(ratios))
    by = median_equivalence(logs, 0.0, math.log(1.2), 0.04, bad)
    assert by.verdict == verdict
    ratio = math.exp(float(np.median(logs)))
    inner = [math.exp(by.inner.low), math.exp(by.inner.high)]
    outer = [math.exp(by.outer.low), math.exp(by.outer.high)]
    refuted = verdict == "refuted"
    shown, level = (outer, "96 %") if refuted else (inner, "92 %")
    lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}[
        verdict
    ]
    more = "" if by.needed is None else f"; about {by.needed} runs would decide"
    if bad:
        more += "; 1 run without a finite positive value left out"
    if bad and verdict == "supported":
        more += ", which may lie anywhere"
    assert found.reason == (
        f"Over 8 trials measured / predicted is {ratio:.4g} in the median, {level} interval [{shown[0]:.4g},"
        f" {shown[1]:.4g}], {lies} [0.8333, 1.2]{more}."
    )
    assert found.verdict == verdict
    assert found.needed == by.needed
    assert found.statistic["ratio"] == pytest.approx(ratio)
    assert found.statistic["interval"] == pytest.approx(inner)
    assert found.statistic["outer_interval"] == pytest.approx(outer)
    rest = {k: v for k, v in found.statistic.items() if k not in ("ratio", "interval", "outer_interval")}
    assert rest == {
        "runs": 8 + bad, "trials": 8 + bad, "not_finite": bad, "interval_of": "measured / predicted",
        "level": 0.92, "margin": 0.2, "mean_log_ratio": pytest.approx(np.mean(logs)),
        "of": "median", "centre_log_ratio": pytest.approx(np.median(logs)),
        "standard_error": pytest.approx((by.inner.high - by.inner.low) / 2 / stats.norm.isf(0.04)),
        "spread": pytest.approx(np.std(logs, ddof=1)), "outer_level": 0.96, "settings": 1,
        "setting_ratios": [pytest.approx(math.exp(float(np.mean(logs))))] * 2, "tail": by.tail,
    }  # fmt: skip
    assert found.measured == pytest.approx(5 * math.exp(float(np.mean(logs))))
    assert found.predicted == pytest.approx(5.0)
    assert found.n_trials == 8 + bad
    assert found.p_value == pytest.approx(min(1.0, by.p_value * (1 + bad)))
    assert found.support_p == pytest.approx(by.support_p)


def test_means_over_the_runs_of_a_seed_and_over_settings() -> None:
    """Six seeds of two runs in two settings; one run without a ratio, one seed without any."""
    other = BASE.with_(eta=0.02)
    ratios = [(1.0, 1.1), (0.9, 1.3), (1.05, math.nan), (math.nan, math.nan), (1.0, 1.0), (1.0, 1.0)]
    seen = []
    for seed, pair in enumerate(ratios):
        for k, ratio in enumerate(pair):
            setting = (BASE, other)[k]
            seen.append(observation((3 * ratio, 3.0), len(seen), seed=seed, setting=setting))
    found = decide_law(AT_TWENTY, seen, None)
    means = [math.log(1.1) / 2, (math.log(0.9) + math.log(1.3)) / 2, math.log(1.05), 0.0, 0.0]
    assert found.statistic["mean_log_ratio"] == pytest.approx(np.mean(means))
    assert found.statistic["setting_ratios"] == pytest.approx(
        [math.exp((math.log(0.9) + math.log(1.05)) / 5), math.exp((math.log(1.1) + math.log(1.3)) / 4)]
    )
    assert (found.statistic["settings"], found.statistic["not_finite"]) == (2, 3)
    assert (found.statistic["runs"], found.n_trials) == (12, 6)
    flat = [math.log(r) for pair in ratios for r in pair if math.isfinite(r)]
    assert found.measured == pytest.approx(3 * math.exp(float(np.mean(flat))))
    assert found.predicted == pytest.approx(3.0)
    assert "; 3 runs without a finite positive value left out" in found.reason
    seen[4:6] = [observation((math.nan, 3.0), 4, seed=2), observation((3.0, 3.0), 5, seed=2)]
    assert decide_law(AT_TWENTY, seen, None).statistic["mean_log_ratio"] == pytest.approx(
        np.mean([*means[:2], 0.0, 0.0, 0.0])
    )


def majority(bad: int, runs: int) -> float:
    """P(at least this many of fair coins show heads, some does), twice."""
    return min(1.0, 2 * float(stats.binom.sf(bad - 1, runs, 0.5)) / (1 - 0.5**runs))


def test_a_majority_without_a_value() -> None:
    found = decide_law(AT_TWENTY, law_runs([1.0] * 2, bad=10), None)
    p = majority(10, 12)
    assert p == pytest.approx(0.0386, abs=1e-4)
    statistic = {
        "runs": 12, "trials": 12, "not_finite": 10, "interval": None, "interval_of": "measured / predicted",
        "level": 0.92, "margin": 0.2,
    }  # fmt: skip
    assert found == Decision(
        "refuted",
        "10 of 12 trials have no finite positive value, surely more than half: measured and predicted have no"
        " common average.",
        None, None, statistic, 12, p_value=pytest.approx(p), support_p=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(("good", "bad"), [(2, 0), (2, 3), (1, 1), (0, 2)])
def test_too_few_values(good: int, bad: int) -> None:
    found = decide_law(AT_TWENTY, law_runs([1.0] * good, bad), None)
    p = majority(bad, good + bad) if bad else 1.0
    assert (found.verdict, found.needed, found.n_trials) == ("inconclusive", 5 + bad, good + bad)
    assert found.reason == (
        f"Only {good} of {good + bad} trials have a finite positive measured and predicted value;"
        " 5 are needed."
    )
    assert (found.p_value, found.support_p) == (pytest.approx(p), 1.0)


def test_a_majority_p_value_counts_where_it_is_smaller() -> None:
    """Nine of thirteen without a value: 2 P = .27 against the mean's 1."""
    found = decide_law(AT_TWENTY, law_runs([1.02, 0.98, 1.05, 0.97], bad=9), None)
    assert found.verdict == "inconclusive"
    assert found.p_value == pytest.approx(majority(9, 13))
    assert majority(9, 13) < 0.3


def test_a_doubled_p_value_no_longer_refutes() -> None:
    """With a run without a value there are two ways to refute: each has half of the level."""
    ratios = [1.4 * r for r in (1.0, 1.08, 0.94, 1.03, 1.0, 1.1)]
    alone = decide_law(AT_TWENTY, law_runs(ratios), None)
    assert (alone.verdict, alone.p_value) == ("refuted", pytest.approx(2**-5))
    found = decide_law(AT_TWENTY, law_runs(ratios, bad=1), None)
    assert (found.verdict, found.p_value) == ("inconclusive", pytest.approx(2**-4))
    low, high = found.statistic["interval"]
    assert f"92 % interval [{low:.4g}, {high:.4g}], outside [0.8333, 1.2]" in found.reason
    assert "would decide" not in found.reason


def test_a_mean_of_log_ratios_is_called_a_geometric_mean() -> None:
    """Exponential values over their expectation have mean 1, and geometric mean exp(-gamma) = .56."""
    values = np.random.default_rng(3).exponential(size=2000)
    found = decide(Law(0.1, "test", of="mean", bound=30.0), pairs(values.tolist()))
    assert found.statistic["ratio"] == pytest.approx(math.exp(-np.euler_gamma), rel=0.1)
    assert "in the geometric mean" in found.reason
