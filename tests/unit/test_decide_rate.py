"""Rates against delta: events and bands, word by word and number by number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from decide_cases import observation, observations
from scipy import stats

from theory.rules import Band, Event
from verify.outcome import Decision, Observation
from verify.rules.band import decide_band
from verify.rules.event import decide_event
from verify.statistics.intervals import rate_lower, rate_upper, runs_for_event
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed


def events(bad: int, runs: int, **changes: Any) -> list[Observation]:
    return observations([k >= bad for k in range(runs)], **changes)


def is_false(o: Observation) -> bool:
    return not o.value


def test_a_rate_below_delta() -> None:
    found = decide_rate(by_seed(events(1, 60)), is_false, 0.1, 0.04)
    low, high = rate_lower(1, 60, 0.04), rate_upper(1, 60, 0.04)
    assert found.verdict == "supported"
    assert found.reason == (
        f"1 of 60 runs violate it; the violation rate is below {high:.3g} at 96 % confidence,"
        " under delta = 0.1."
    )
    assert found.statistic == {
        "runs": 60, "trials": 60, "violations": 1, "violation_rate": 1 / 60, "interval": [low, high],
        "interval_of": "violation rate", "level": 0.92, "delta": 0.1, "violating": [0],
    }  # fmt: skip
    assert (found.rate, found.trials, found.needed) == (1 / 60, 60, None)
    assert found.p_value == pytest.approx(stats.binom.sf(0, 60, 0.1))
    assert found.support_p == pytest.approx(stats.binom.cdf(1, 60, 0.1))


def test_a_rate_above_delta() -> None:
    found = decide_rate(by_seed(events(9, 20)), is_false, 0.1, 0.04, "are wrong", blocks=2)
    assert found.verdict == "refuted"
    assert found.reason == (
        f"9 of 20 runs are wrong; the violation rate is above {rate_lower(9, 20, 0.04):.3g} at 96 %"
        " confidence, over delta = 0.1."
    )
    assert found.needed is None
    assert found.p_value == pytest.approx(stats.binom.sf(8, 20, 0.1))
    assert found.support_p == pytest.approx(stats.binom.cdf(9, 20, 0.1))


@pytest.mark.parametrize(("blocks", "in_all"), [(1, ""), (3, " in all")])
@pytest.mark.parametrize(("bad", "runs"), [(1, 20), (4, 20)])
def test_a_rate_around_delta(bad: int, runs: int, blocks: int, in_all: str) -> None:
    found = decide_rate(by_seed(events(bad, runs)), is_false, 0.1, 0.04, blocks=blocks)
    plan = runs_for_event(bad / runs, 0.1, 0.04)
    assert plan is not None
    assert plan > runs
    assert (found.verdict, found.needed) == ("inconclusive", blocks * plan)
    low, high = rate_lower(bad, runs, 0.04), rate_upper(bad, runs, 0.04)
    words = f"{bad} of 20 runs violate it; the violation rate lies between {low:.3g} and {high:.3g}"
    assert found.reason == (
        f"{words} (each limit at 96 %), and delta = 0.1 is among them;"
        f" about {blocks * plan} runs{in_all} would decide."
    )


def test_no_plan_at_delta_itself_and_more_runs_than_were_made() -> None:
    found = decide_rate(by_seed(events(2, 20)), is_false, 0.1, 0.04)
    assert (found.needed, found.verdict) == (None, "inconclusive")
    assert found.reason.endswith("(each limit at 96 %), and delta = 0.1 is among them.")
    # One short of enough without a violation: the plan is the next run.
    assert decide_rate(by_seed(events(0, 30)), is_false, 0.1, 0.04).needed == 31
    beyond = decide_rate(by_seed(events(1, 10)), is_false, 0.1001, 0.04)
    assert beyond.needed is None  # too close to delta for any number of runs up to the cap
    assert beyond.reason.endswith("delta = 0.1001 is among them.")


def test_the_upper_limit_must_lie_below_delta_not_at_it() -> None:
    limit = rate_upper(1, 12, 0.1)
    trials = by_seed(events(1, 12))
    assert decide_rate(trials, is_false, limit, 0.1).verdict == "inconclusive"
    assert decide_rate(trials, is_false, float(np.nextafter(limit, 1)), 0.1).verdict == "supported"


def test_no_trials() -> None:
    found = decide_rate([], is_false, 0.1, 0.04)
    assert (found.rate, found.statistic["violation_rate"]) == (None, None)
    assert (found.trials, found.needed) == (0, runs_for_event(0.0, 0.1, 0.04))
    assert (found.p_value, found.support_p) == (1.0, 1.0)


def test_runs_of_one_seed_are_one_trial() -> None:
    """Five seeds of two runs: one wholly violating, two by half."""
    flags = [(False, False), (True, False), (False, True), (True, True), (True, True)]
    seen = [observation(v, 2 * k + i, seed=k) for k, pair in enumerate(flags) for i, v in enumerate(pair)]
    found = decide_rate(by_seed(seen), is_false, 0.35, 0.04)
    assert found.statistic["interval"] == [rate_lower(1, 5, 0.04), rate_upper(3, 5, 0.04)]
    assert (found.statistic["runs"], found.statistic["trials"], found.rate) == (10, 5, 0.4)
    assert found.statistic["violating"] == [0, 1, 3, 4]
    assert found.reason.startswith("4 of 10 runs on 5 seeds violate it; ")
    assert found.p_value == pytest.approx(stats.binom.sf(0, 5, 0.35))
    assert found.support_p == pytest.approx(stats.binom.cdf(3, 5, 0.35))
    # 1 in 5 whole and 3 in 5 in part lie on the two sides of delta: no plan.
    assert found.needed is None
    over = decide_rate(by_seed(seen), is_false, 0.15, 0.04)
    assert over.needed == runs_for_event(0.2, 0.15, 0.04)
    under = decide_rate(by_seed(seen), is_false, 0.65, 0.04)
    assert under.needed == runs_for_event(0.6, 0.65, 0.04)
    assert decide_rate(by_seed(seen), is_false, 0.2, 0.04).needed is None


def test_an_event_is_the_rate_of_its_failures() -> None:
    for bad, runs in ((1, 60), (9, 20), (4, 20)):
        seen = events(bad, runs)
        rate = decide_rate(by_seed(seen), is_false, 0.1, 0.04)
        assert decide_event(Event(0.1, 0.04), seen, None) == Decision(
            rate.verdict, rate.reason, 1 - bad / runs, 0.9, rate.statistic, runs, rate.needed,
            rate.p_value, rate.support_p,
        )  # fmt: skip


@pytest.mark.parametrize("bad", [1, 4, 15])
def test_a_band_is_the_rate_of_leaving_it(bad: int) -> None:
    values = [math.nan, 9.0, -1.0, 2.5, *([7.0] * 11)][:bad] + [1.0, 2.0] * 10
    rule = Band(1.0, 2.0, "test", delta=0.2, alpha=0.04)
    seen = observations(values)
    rate = decide_rate(by_seed(seen), lambda o: not 1.0 <= o.value <= 2.0, 0.2, 0.04, "lie outside [1, 2]")
    finite = [v for v in values if math.isfinite(v)]
    statistic = {**rate.statistic, "lower": 1.0, "upper": 2.0, "not_finite": 1}
    assert decide_band(rule, seen, None) == Decision(
        rate.verdict, rate.reason, [min(finite), max(finite)], [1.0, 2.0], statistic, len(values),
        rate.needed, rate.p_value, rate.support_p,
    )  # fmt: skip
    assert "lie outside [1, 2]" in rate.reason
    open_end = decide_band(Band(1.0, math.inf, "test"), seen, None)
    assert open_end.predicted == [1.0, None]
    assert open_end.statistic["upper"] is None


@pytest.mark.parametrize(
    ("happens", "verdict", "said"),
    [
        (30, "supported", "It happens in 30 of 200 runs, as claimed (in at least 0.05): the rate"),
        (0, "refuted", "It happens in 0 of 200 runs, less often than claimed (in at least 0.05)"),
        (10, "inconclusive", "It happens in 10 of 200 runs: the rate lies between 0."),
    ],
)
def test_a_claim_that_something_happens_says_how_often_it_did(happens: int, verdict: str, said: str) -> None:
    found = decide_rate(by_seed(events(200 - happens, 200)), is_false, 0.95, 0.05)
    assert found.verdict == verdict
    assert found.reason.startswith(said)
    assert "violat" not in found.reason
