"""Events and orderings."""

from __future__ import annotations

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed

from theory.rules import Event, Ordering
from verify.rules.registry import decide
from verify.statistics.intervals import rate_lower, rate_upper


@pytest.mark.parametrize(("delta", "runs"), [(0.10, 29), (0.05, 59), (0.01, 299)])
def test_support_begins_exactly_at_the_certifying_number_of_runs(delta: float, runs: int) -> None:
    short = well_formed(decide(Event(delta=delta), observations([True] * (runs - 1))))
    assert (short.verdict, short.needed) == ("inconclusive", runs)
    enough = well_formed(decide(Event(delta=delta), observations([True] * runs)))
    assert (enough.verdict, enough.n_trials, enough.measured) == ("supported", runs, 1.0)
    assert enough.predicted == 1 - delta


def test_statistic_holds_the_limits_that_decided() -> None:
    decision = well_formed(decide(Event(), observations([True] * 90 + [False] * 10)))
    assert decision.verdict == "refuted"
    s = decision.statistic
    assert s["interval"] == [rate_lower(10, 100, 0.05), rate_upper(10, 100, 0.05)]
    assert (s["violations"], s["runs"], s["trials"]) == (10, 100, 100)
    assert s["level"] == pytest.approx(0.9)
    assert s["violating"] == list(range(90, 100))
    assert "10 of 100 runs" in decision.reason


def test_all_violations_refute_from_two_runs_on() -> None:
    assert decide(Event(), observations([False])).verdict == "inconclusive"
    decision = well_formed(decide(Event(), observations([False] * 2)))
    assert (decision.verdict, decision.measured) == ("refuted", 0.0)


def test_inconclusive_near_delta_says_how_many_runs() -> None:
    decision = well_formed(decide(Event(), observations([True] * 98 + [False] * 2)))
    assert decision.verdict == "inconclusive"
    assert decision.needed == 234
    at_delta = well_formed(decide(Event(), observations([True] * 95 + [False] * 5)))
    assert (at_delta.verdict, at_delta.needed) == ("inconclusive", None)


@pytest.mark.parametrize("value", [0.0, 1, np.float64(1.0), float("nan")])
def test_a_number_is_no_event(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be True or False"):
        decide(Event(), observations([True, value]))


def test_numpy_bools_are_events() -> None:
    assert decide(Event(), observations([np.True_] * 59)).verdict == "supported"


def test_ordering_is_decided_as_an_event() -> None:
    assert decide(Ordering(), observations([True] * 59)).verdict == "supported"
    assert decide(Ordering(), observations([False] * 3)).verdict == "refuted"


def paired(first: list[bool], second: list[bool]) -> list:
    """Two engines on the same seeds."""
    n = len(first)
    return [
        observation(v, i + n * k, seed=i, engine=engine)
        for k, (engine, values) in enumerate((("reduced", first), ("cnn", second)))
        for i, v in enumerate(values)
    ]


def test_runs_that_share_a_seed_are_one_trial() -> None:
    """40 seeds seen by two engines are 40 trials, not 80: nothing is supported below 59."""
    decision = well_formed(decide(Event(), paired([True] * 40, [True] * 40)))
    assert (decision.verdict, decision.n_trials, decision.needed) == ("inconclusive", 40, 59)
    assert "80 runs on 40 seeds" in decision.reason
    apart = observations([True] * 80)
    assert decide(Event(), apart).verdict == "supported"


def test_shared_seeds_count_any_violation_against_and_only_full_ones_for_refutation() -> None:
    """One engine always violates, the other never: neither bound decides by averaging them away."""
    mixed = decide(Event(), paired([True] * 60, [False] * 60))
    assert mixed.verdict == "inconclusive"
    assert mixed.statistic["interval"] == [0.0, 1.0]
    assert decide(Event(), paired([False] * 2, [False] * 2)).verdict == "refuted"
    assert decide(Event(), paired([False], [False])).verdict == "inconclusive"
