"""Decisions in numbers: intervals, needed runs and cells against scipy, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import observation, sweep, well_formed
from scipy import stats

from theory.claim import Proof
from theory.rules import Event, EventMap, Exponent
from verify.rules.exponent import curvature, fit_slope
from verify.rules.registry import decide
from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import rate_interval, runs_for_mean

EPS = float(np.finfo(float).eps)


def t_interval(values: list[float], alpha: float) -> tuple[float, float]:
    """`1 - alpha` interval of the mean."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = float(stats.t.ppf(1 - alpha / 2, len(values) - 1)) * error
    return mean - half, mean + half


# Equivalence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([2.1, 2.13, 2.08, 2.11], "supported"),
        ([2.5, 2.61, 2.47, 2.55], "refuted"),
        ([1.1, 1.31, 1.27, 1.15], "refuted"),
        ([2.1, 2.5, 1.8, 2.3], "inconclusive"),
        ([2.4, 2.9, 2.0, 2.6], "inconclusive"),
    ],
)
def test_intervals_spread_and_verdict(values: list[float], verdict: str) -> None:
    found = equivalence(values, 2.0, 0.3, 0.05)
    assert found.verdict == verdict
    assert found.mean == pytest.approx(np.mean(values))
    assert found.spread == pytest.approx(stats.tstd(values))
    assert (found.inner.low, found.inner.high) == pytest.approx(t_interval(values, 0.1))
    assert (found.outer.low, found.outer.high) == pytest.approx(t_interval(values, 0.05))
    assert (found.needed is None) == (verdict != "inconclusive")


@pytest.mark.parametrize(("shift", "alpha"), [(0.02, 0.05), (0.6, 0.025), (-0.02, 0.05), (-0.6, 0.025)])
def test_needed_runs_are_those_of_the_side_on_which_the_mean_lies(shift: float, alpha: float) -> None:
    """Inside the margin one must support, at alpha; outside refute, at alpha/2 an end."""
    values = [2 + shift + x for x in (-0.5, 0.5, -0.4, 0.4, 0.3, -0.3)]
    found = equivalence(values, 2.0, 0.3, 0.05)
    assert found.verdict == "inconclusive"
    gap = abs(0.3 - abs(shift))
    assert found.needed == max(runs_for_mean(float(stats.tstd(values)), gap, alpha) or 0, 7)
    assert found.needed > 7


def test_needed_runs_are_more_than_were_made() -> None:
    """Close to decided: the count for 80 % power would be fewer than were made."""
    for shift in np.linspace(0.0, 0.9, 400):
        values = [2 + shift + x for x in (-0.2, 0.2, -0.25, 0.25)]
        found = equivalence(values, 2.0, 0.4, 0.05)
        if found.verdict == "inconclusive" and found.needed is not None:
            assert found.needed >= 5
    near = [
        equivalence([2 + x - 0.2, 2 + x + 0.2, 2 + x - 0.25, 2 + x + 0.25], 2.0, 0.4, 0.05)
        for x in (0.77, 0.78)
    ]
    assert {f.needed for f in near if f.verdict == "inconclusive"} <= {5, 6, 7, None}


def test_fewer_than_three_replicates_decide_nothing() -> None:
    one, two = equivalence([2.0], 2.0, 0.3, 0.05), equivalence([2.0, 2.1], 2.0, 0.3, 0.05)
    assert (one.verdict, one.mean, one.spread, one.needed) == ("inconclusive", 2.0, None, 3)
    assert (one.inner.low, one.inner.high) == (-math.inf, math.inf)
    assert (two.verdict, two.mean, two.needed) == ("inconclusive", pytest.approx(2.05), 3)
    assert two.spread == pytest.approx(0.1 / math.sqrt(2))
    assert (two.inner.low, two.inner.high) == pytest.approx(t_interval([2.0, 2.1], 0.1))
    assert (two.outer.low, two.outer.high) == pytest.approx(t_interval([2.0, 2.1], 0.05))


def test_the_ends_of_the_margin_belong_to_it_up_to_rounding() -> None:
    for values, scale in (([0.3] * 3, 1.0), ([20.3] * 3, 20.3)):
        centre = values[0] - 0.3
        assert equivalence(values, centre, 0.3 - 7 * EPS * scale, 0.05).verdict == "supported"
        assert equivalence(values, centre, 0.3 - 20 * EPS * scale, 0.05).verdict == "refuted"


def test_the_level_is_checked() -> None:
    assert equivalence([1.0, 1.0, 1.0], 1.0, 0.1, 0.499).verdict == "supported"
    for bad in (0.0, 0.5, 0.7, -0.1, 1.0):
        with pytest.raises(
            ValueError, match=rf"^alpha must lie in \(0, 1/2\) for two one-sided tests, was {bad}"
        ):
            equivalence([1.0, 1.0, 1.0], 1.0, 0.1, bad)


# Exponents -----------------------------------------------------------------------------------------------


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


# Maps of an event ----------------------------------------------------------------------------------------


def test_a_map_pools_the_cells_beyond_its_threshold_and_tells_each() -> None:
    truth = {
        (1.0, 0.1): [True, False, False],
        (2.0, 0.1): [True] * 80,
        (3.0, 0.1): [True] * 70,
        (1.0, 0.2): [True],
    }
    runs = []
    for (a, tau), values in truth.items():
        for value in values:
            runs.append(observation(value, len(runs), labels={"a": a, "tau": tau}))
    rule = EventMap("a", 2.0, delta=0.1, alpha=0.02)
    found = well_formed(decide(rule, runs))
    event = decide(Event(delta=0.1, alpha=0.02), [r for r in runs if r.labels["a"] >= 2.0])
    assert (found.verdict, found.n_trials, found.measured) == (event.verdict, event.n_trials, event.measured)
    assert found.verdict == "supported"
    assert found.n_trials == 150
    assert {k: found.statistic[k] for k in event.statistic} == event.statistic
    assert event.reason in found.reason
    assert decide(rule, runs, proof=Proof(False, ("a step",))).verdict == "refuted"
    assert (found.statistic["axis"], found.statistic["threshold"]) == ("a", 2.0)
    for cell, ((a, tau), values) in zip(found.statistic["cells"], truth.items(), strict=True):
        share = rate_interval(sum(values), len(values), 0.02)
        assert cell == {
            "a": a, "tau": tau, "runs": len(values),
            "share": share.value, "low": share.low, "high": share.high,
        }  # fmt: skip
    assert found.reason.startswith("Where a >= 2: ")
    assert found.reason.endswith(
        " The share of runs is at least 0.9 at tau = 0.1: from 2; tau = 0.2: from 1."
    )


def test_where_a_map_is_reached_is_read_from_the_top() -> None:
    def reason(shares: dict[float, tuple[int, int]], **more: float) -> str:
        runs = []
        for a, (good, count) in shares.items():
            for k in range(count):
                runs.append(observation(k < good, len(runs), labels={"a": a} | more))
        return decide(EventMap("a", 9.0, delta=0.1), runs).reason

    assert "is at least 0.9 at a: from 2." in reason({1.0: (8, 10), 2.0: (9, 10), 9.0: (10, 10)})
    assert "from 9." in reason({1.0: (10, 10), 2.0: (8, 10), 9.0: (10, 10)})
    pooled = decide(Event(delta=0.1), [observation(k < 8, k) for k in range(10)]).reason
    assert reason({1.0: (10, 10), 9.0: (8, 10)}) == f"Where a >= 9: {pooled}"
    assert reason({1.0: (10, 10), 9.0: (8, 10)}, tau=0.1, b=2.0).endswith(" at tau = 0.1, b = 2: nowhere.")
    with pytest.raises(ValueError, match=r"^EventMap: a run has no label 'a'; has \['b'\]$"):
        decide(EventMap("a", 9.0), [observation(True, labels={"b": 1.0})])
    with pytest.raises(ValueError, match="must be True or False"):
        decide(EventMap("a", 9.0), [observation(1.0, labels={"a": 1.0})])


# No runs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proof", [None, Proof(True, ("a step",)), Proof(False, ("a step",))])
def test_no_run_is_no_trial(proof: Proof | None) -> None:
    found = decide(Event(), [], proof=proof)
    if proof is not None and proof.holds:
        assert found.reason.startswith("Proved symbolically, but no run was judged")
    if proof is None or proof.holds:
        assert found.verdict == ("not-applicable" if proof is None else "inconclusive")
        assert found.n_trials == 0
        assert found.statistic == {"runs": 0, "trials": 0, "interval": None, "level": None}
        assert found.measured is None
    else:
        assert found.verdict == "refuted"
