"""Universal statements: one counterexample refutes, chance has no part."""

from __future__ import annotations

import math

import pytest
from decide_cases import observations, well_formed
from test_judges import claim

from theory.rules import Bound, Universal, UniversalBound
from theory.run import Estimate
from verify.judge import judge as judged
from verify.rules.power import with_power
from verify.rules.registry import decide
from verify.statistics.error_budget import in_family


def test_one_counterexample_in_many_refutes_a_universal_statement() -> None:
    true = well_formed(decide(Universal(), observations([True] * 200)))
    assert true.verdict == "supported"
    assert true.reason.startswith("No counterexample in 1 setting, 200 runs.")
    false = well_formed(decide(Universal(), observations([True] * 999 + [False])))
    assert (false.verdict, false.p_value) == ("refuted", 0.0)
    assert false.statistic["violating"] == [999]


def test_a_slack_is_held_against_the_declared_rounding() -> None:
    rule = Universal(rounding=1e-9)
    assert decide(rule, observations([0.5, -1e-10])).verdict == "supported"
    assert decide(rule, observations([0.5, -1e-8])).verdict == "refuted"
    assert decide(rule, observations([0.5, 0.25])).measured == 0.25


def test_undecided_points_are_counted_and_never_dropped() -> None:
    seen = observations([True] * 99 + [math.nan])
    found = well_formed(decide(Universal(), seen))
    assert (found.verdict, found.statistic["undecided"]) == ("inconclusive", 1)
    assert "1 of 100 runs undecided" in found.reason
    assert decide(Universal(undecided=0.01), seen).verdict == "supported"
    assert decide(Universal(undecided=0.5), observations([math.nan] * 9)).verdict == "inconclusive"
    assert decide(Universal(), observations([math.nan, False])).verdict == "refuted"


def test_a_sampled_number_has_no_place_under_a_universal_statement() -> None:
    with pytest.raises(ValueError, match="not an Estimate"):
        decide(Universal(), observations([Estimate(0.5, 0.4, 0.6)]))
    with pytest.raises(ValueError, match="claim value must be True, False"):
        decide(Universal(), observations(["yes"]))


def test_chance_takes_no_part_in_universal_statements() -> None:
    for rule, values in ((Universal(), [True] * 40), (UniversalBound(), [(1.0, 2.0)] * 40)):
        assert not in_family(judged(claim(rule), tuple(observations(values)), None))
    assert in_family(judged(claim(Bound()), tuple(observations([(1.0, 2.0)] * 40)), None))


def test_few_runs_of_a_universal_statement_are_luck() -> None:
    few = with_power(Universal(), decide(Universal(), observations([True] * 8)), [])
    assert few.verdict == "inconclusive"
    assert few.needed == 32
