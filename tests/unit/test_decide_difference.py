"""Differences: judged by equivalence, in the median or on average."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from decide_cases import BASE, differences, observation, observations, well_formed
from scipy import stats

from theory.rules import Difference, Law
from verify.rules.power import planned_power, runs_for_power
from verify.rules.registry import decide


def test_a_difference_within_the_margin_is_supported_beyond_it_refuted() -> None:
    rule = Difference(0.1, "why")
    assert well_formed(decide(rule, differences(0.0))).verdict == "supported"
    assert well_formed(decide(rule, differences(0.25))).verdict == "refuted"
    assert well_formed(decide(rule, differences(-0.25))).verdict == "refuted"
    assert well_formed(decide(rule, differences(0.1))).verdict == "inconclusive"
    # Numbers around 0, of either sign, have no ratio but a difference.
    around = observations([(0.01 * (-1) ** k, 0.0) for k in range(20)])
    assert decide(rule, around).verdict == "supported"


def test_fewer_than_eight_trials_decide_nothing() -> None:
    rule = Difference(0.1, "why")
    few = well_formed(decide(rule, observations([(1.0, 1.0)] * 7)))
    assert (few.verdict, few.needed) == ("inconclusive", 8)
    assert decide(rule, observations([(1.0, 1.0)] * 8)).verdict == "supported"
    same_seed = [observation((1.0, 1.0), k, seed=k % 7) for k in range(70)]
    assert decide(rule, same_seed).verdict == "inconclusive"


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_difference_on_the_border_is_wrong_no_more_often_than_declared(sign: float) -> None:
    suites, rule = 1500, Difference(0.1, "why")
    verdicts = [decide(rule, differences(sign * 0.1, 12, seed=k)).verdict for k in range(suites)]
    for word in ("supported", "refuted"):
        assert verdicts.count(word) <= stats.binom.isf(1e-4, suites, rule.alpha), word
        assert verdicts.count(word) > 0


def test_a_difference_that_cancels_over_the_box_is_refuted_by_its_slope() -> None:
    rng = np.random.default_rng(7)
    seen = []
    for k in range(200):
        s = BASE.with_(sigma_xi=float(10 ** rng.uniform(-1, 1)))
        seen.append(
            observation((0.3 * math.log10(s.sigma_xi) + 0.01 * float(rng.normal()), 0.0), k, setting=s)
        )
    found = well_formed(decide(Difference(0.1, "why"), seen))
    assert found.verdict == "refuted"
    assert found.reason.startswith("The difference changes with ")
    assert decide(Difference(0.6, "why"), seen).verdict == "supported"


def test_infinite_values_count_against_support_and_majorities_refute() -> None:
    rule = Difference(0.1, "why")
    for lost, verdict in ((1, "supported"), (5, "supported"), (6, "inconclusive")):
        some = [(1.0, 1.0)] * (20 - lost) + [(math.inf, 1.0)] * lost
        found = well_formed(decide(rule, observations(some)))
        assert (found.verdict, found.statistic["not_finite"]) == (verdict, lost)
    mean = replace(rule, of="mean", bound=1.0)
    assert decide(mean, observations([(1.0, 1.0)] * 200)).verdict == "supported"
    assert decide(mean, observations([(1.0, 1.0)] * 200 + [(math.inf, 1.0)])).verdict == "inconclusive"
    assert decide(rule, observations([(1.0, 1.0)] * 3 + [(math.inf, 1.0)] * 20)).verdict == "refuted"
    with pytest.raises(ValueError, match="claim value must be a pair"):
        decide(rule, observations([1.0]))


def test_power_of_a_difference_is_that_of_its_test() -> None:
    rule = Difference(0.1, "why", planned_spread=0.1)
    suites = 600
    hits = sum(
        decide(rule, differences(0.0, 12, seed=10_000 + k)).verdict == "supported" for k in range(suites)
    )
    power = planned_power(rule, 12)
    assert power is not None
    assert stats.binomtest(hits, suites, power).pvalue > 1e-4
    assert planned_power(rule, 7) == 0.0
    needed = runs_for_power(rule, 8)
    assert needed is not None
    assert (planned_power(rule, needed) or 0) >= 0.8 > (planned_power(rule, needed - 1) or 0)


@pytest.mark.parametrize(
    ("trials", "why"),
    [(396, "refutes nothing under 800 trials (396 here)"), (100, "supports nothing under 200 trials")],
)
def test_a_mean_without_bound_says_why_it_decides_nothing(trials: int, why: str) -> None:
    far = [math.exp(0.3 + 0.2 * math.sin(k)) for k in range(trials)]
    said = decide(Law(0.05, "why", of="mean"), observations([(r, 1.0) for r in far])).reason
    assert f"a mean without `bound` {why}" in said
    assert "neither inside nor outside" not in said or trials < 200
    text = decide(Difference(0.05, "why", of="mean"), observations([(r, 1.0) for r in far])).reason
    assert why in text


def test_an_interval_without_an_end_says_that_there_are_too_few_trials() -> None:
    said = decide(Law(0.05, "why", alpha=0.01), observations([(1.01, 1.0)] * 5)).reason
    assert "5 trials are too few for a limit on either side at this level" in said
