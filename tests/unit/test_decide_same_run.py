"""Runs compared one by one: of engines that share their seeds, or a run and its control."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from decide_cases import by_engines, observations, well_formed

from theory.rules import SameRun
from verify.rules.registry import decide, judge_of


@pytest.mark.parametrize("names", [False, True])
def test_engines_are_compared_run_by_run(names: bool) -> None:
    rule = SameRun(1e-9, "why")
    same = well_formed(decide(rule, by_engines(names=names)))
    assert (same.verdict, same.n_trials) == ("supported", 40)
    off = well_formed(decide(rule, by_engines(1e-6, names=names)))
    assert (off.verdict, off.statistic["violations"]) == ("refuted", 1)
    assert off.measured == pytest.approx(1e-6 / 18, rel=1e-3)
    assert "between second and first" in off.reason
    example = judge_of(rule).example(rule, off, by_engines(1e-6, names=names))
    assert example is not None
    assert (example.seed, example.engine) == (17, "second")


def test_a_run_is_compared_with_its_control() -> None:
    rule = SameRun(0.01, "why")
    assert decide(rule, observations([(1.0, 1.001)] * 40)).verdict == "supported"
    assert decide(rule, observations([(1.0, 1.001)] * 40 + [(1.0, 1.1)])).verdict == "refuted"
    assert decide(rule, observations([1e-3] * 40)).verdict == "supported"
    assert decide(rule, observations([0.5])).verdict == "refuted"
    assert decide(SameRun(0.01, "why", scale=1.0), observations([(1e-5, 2e-5)])).verdict == "supported"
    for bad in ((1.0, 2.0, 3.0), -1.0, "text", None):
        with pytest.raises(ValueError, match="claim value must be"):
            decide(rule, observations([bad]))


def test_runs_without_a_partner_and_missing_numbers_are_counted() -> None:
    rule = SameRun(1e-9, "why")
    lonely = [o for o in by_engines() if not (o.engine == "second" and o.seed == 3)]
    found = well_formed(decide(rule, lonely))
    assert (found.verdict, found.statistic["without_partner"]) == ("supported", 1)
    apart = [replace(o, seed=o.index) for o in by_engines()]
    assert decide(rule, apart).verdict == "inconclusive"
    lost = [replace(o, value=math.nan) if o.index == 4 else o for o in by_engines()]
    missing = well_formed(decide(rule, lost))
    assert (missing.verdict, missing.p_value) == ("inconclusive", 1.0)
    assert "Not measured (nan) in 1 pair" in missing.reason
    with pytest.raises(ValueError, match=r"with the names \['x', 'y'\]"):
        decide(rule, [replace(o, value={"x": 1.0}) if o.index == 5 else o for o in by_engines(names=True)])
