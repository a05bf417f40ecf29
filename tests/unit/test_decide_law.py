"""Laws with a predicted value, and the comparison of two engines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import BASE, observation, observations, well_formed

from theory.rules import Law, SameLaw
from verify.outcome import Observation
from verify.rules.registry import decide
from verify.rules.same_law import certified_width, kolmogorov_smirnov
from verify.statistics.intervals import dkw_half_width

LAW = Law(margin=0.1, reason="test")
SAME = SameLaw(margin=0.15, reason="test")


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
def test_runs_without_a_log_ratio_block_support_and_majorities_refute(bad: tuple[float, float]) -> None:
    one = well_formed(decide(LAW, observations([(1.0, 1.0)] * 20 + [bad])))
    assert one.verdict == "inconclusive"
    assert one.statistic["not_finite"] == 1
    assert "1 run without" in one.reason
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


# Two engines --------------------------------------------------------------------------------------------


def two_engines(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> list[Observation]:
    out: list[Observation] = []
    for engine, table in (("law", first), ("cnn", second)):
        for i in range(len(next(iter(table.values())))):
            value = {name: float(column[i]) for name, column in table.items()}
            out.append(observation(value, len(out), replicate=i, engine=engine))
    return out


def normal_tables(runs: int, shift: float = 0.0) -> list[Observation]:
    rng = np.random.default_rng(3)
    first = {name: rng.normal(size=runs) for name in "xy"}
    second = {"x": rng.normal(size=runs), "y": rng.normal(shift, size=runs)}
    return two_engines(first, second)


def test_equal_laws_are_supported_once_the_distance_is_certified() -> None:
    few = well_formed(decide(SAME, normal_tables(100)))
    assert few.verdict == "inconclusive"
    assert few.needed is not None
    assert few.needed > 100
    many = well_formed(decide(SAME, normal_tables(few.needed)))
    assert many.verdict == "supported"
    assert many.n_trials == few.needed
    assert many.statistic["runs_by_engine"] == {"law": few.needed, "cnn": few.needed}
    assert max(many.statistic["certified_distance"].values()) < SAME.margin


def test_one_shifted_quantity_refutes() -> None:
    decision = well_formed(decide(SAME, normal_tables(1000, shift=0.3)))
    assert decision.verdict == "refuted"
    assert "of y differ" in decision.reason
    assert decision.statistic["largest_distance_of"] == "y"
    assert decision.statistic["holm_p_value"]["y"] < SAME.alpha < decision.statistic["holm_p_value"]["x"]


def test_holm_protects_many_quantities() -> None:
    """A p-value of .005 rejects alone at alpha = .01 and not as the lowest of ten."""
    n = 100
    x = np.arange(n) / n
    shifted = x + 0.24
    assert 0.001 < kolmogorov_smirnov(x, shifted)[1] < 0.01
    alone = decide(SAME, two_engines({"x": x}, {"x": shifted}))
    assert alone.verdict == "refuted"
    names = [f"q{k}" for k in range(9)]
    among = decide(
        SAME, two_engines({"x": x, **dict.fromkeys(names, x)}, {"x": shifted, **dict.fromkeys(names, x)})
    )
    assert among.verdict == "inconclusive"


def test_holm_multiplies_by_the_tests_that_are_left() -> None:
    x = np.arange(100) / 100
    shifts = {"a": 0.24, "b": 0.23, "c": 0.0}
    seen = two_engines(dict.fromkeys(shifts, x), {name: x + by for name, by in shifts.items()})
    s = decide(SAME, seen).statistic
    p, holm = s["p_value"], s["holm_p_value"]
    assert p["a"] <= p["b"] < p["c"]
    expected = max(3 * p["a"], 2 * p["b"])
    assert (holm["a"], holm["b"]) == (pytest.approx(3 * p["a"]), pytest.approx(expected))


def test_the_certificate_splits_alpha_over_names_and_engines() -> None:
    expected = dkw_half_width(100, 0.01 / 6) + dkw_half_width(400, 0.01 / 6)
    assert certified_width(0.01, 3, 100, 400) == expected
    assert expected > certified_width(0.01, 1, 100, 400)


def test_failures_must_be_equally_frequent() -> None:
    """inf is an outcome: 0 against 20 % of them is a different law, equal shares are the same. nan is not
    measured: neither is decided."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=1500), rng.normal(size=1500)
    for bad, words in ((math.inf, ("refuted", "supported")), (math.nan, ("inconclusive",) * 2)):
        broken = np.where(np.arange(1500) % 5 == 0, bad, y)
        assert well_formed(decide(SAME, two_engines({"x": x}, {"x": broken}))).verdict == words[0]
        also = np.where(np.arange(1500) % 5 == 0, bad, x)
        assert well_formed(decide(SAME, two_engines({"x": also}, {"x": broken}))).verdict == words[1]


def test_a_comparison_needs_exactly_two_engines() -> None:
    one = well_formed(decide(SAME, observations([{"x": 1.0}] * 500)))
    assert (one.verdict, one.n_trials) == ("inconclusive", 0)
    assert "two engines" in one.reason
    three = [observation({"x": 1.0}, i, engine=e) for i, e in enumerate(("law", "cnn", "reduced"))]
    with pytest.raises(ValueError, match="engines must be two"):
        decide(SAME, three)


def test_runs_of_one_engine_that_share_seeds_are_no_sample() -> None:
    seen = [observation({"x": 0.0}, i, seed=i % 100, engine=("law", "cnn")[i % 2]) for i in range(4000)]
    decision = well_formed(decide(SAME, seen))
    assert decision.verdict == "inconclusive"
    assert "share seeds" in decision.reason


@pytest.mark.parametrize("value", [1.0, {}, {"x": "a"}, {"z": 1.0}])
def test_a_comparison_needs_the_same_names(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be a mapping"):
        decide(SAME, [observation({"x": 1.0}, 0), observation(value, 1, engine="cnn")])
