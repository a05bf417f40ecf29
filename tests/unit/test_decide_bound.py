"""Bounds: the rate beyond, how tight they are, and bounds without exception."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import observations, well_formed
from scipy import stats

from theory.rules import Bound, UniversalBound
from theory.run import Estimate
from verify.report.tightness import Tightness
from verify.rules.registry import decide


def test_a_bound_that_holds_is_supported_and_a_broken_one_refuted() -> None:
    rng = np.random.default_rng(1)
    tight = observations([(float(q), 1.0) for q in rng.uniform(0.3, 1.0, 200)])
    found = well_formed(decide(Bound(), tight))
    assert (found.verdict, found.grade) == ("supported", None)
    assert found.statistic["largest_ratio"] <= 1
    broken = observations([(1.5 if k % 5 == 0 else 0.5, 1.0) for k in range(200)])
    assert well_formed(decide(Bound(), broken)).verdict == "refuted"
    assert well_formed(decide(Bound(delta=0.5), broken)).verdict == "supported"


def test_a_loose_bound_is_supported_with_the_grade_that_says_so() -> None:
    seen = observations([(0.01 * (1 + k % 3), 1.0) for k in range(100)])
    found = well_formed(decide(Bound(), seen))
    assert (found.verdict, found.grade) == ("supported", "loose")
    assert found.statistic["slack_median"] == pytest.approx(-math.log10(0.02))
    assert found.statistic["slack_worst"] == pytest.approx(-math.log10(0.03))
    assert found.statistic["constant"] == pytest.approx(0.03)
    assert "loose" in found.reason
    assert "more than the default factor `loose` = 10" in found.reason
    assert "the declared factor `loose` = 20" in decide(Bound(loose=20.0), seen).reason
    assert decide(Bound(loose=100.0), seen).grade is None
    assert decide(UniversalBound(), seen).grade == "loose"


def test_the_constant_of_a_bound_covers_its_quantile() -> None:
    """Ratios uniform on [0, 1]: the .9 quantile is .9; the interval misses it in at most 5 % of samples."""
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(400):
        seen = observations([(float(q), 1.0) for q in rng.uniform(size=80)])
        low, high = decide(Bound(delta=0.1), seen).statistic["constant_interval"]
        missed += not low <= 0.9 <= (math.inf if high is None else high)
    assert missed <= stats.binom.isf(1e-4, 400, 0.05)


def test_a_lower_bound_is_the_mirror_image() -> None:
    seen = observations([(2.0, 1.0)] * 80)
    assert decide(Bound(upper=False), seen).verdict == "supported"
    assert decide(Bound(), seen).verdict == "refuted"
    assert decide(Bound(upper=False), seen).statistic["slack_median"] == pytest.approx(math.log10(2))


def test_one_run_beyond_a_universal_bound_refutes() -> None:
    """1 violation in 53 supported a false bracket as an event at delta = .05 and is too rare for a rate."""
    seen = observations([(0.5, 1.0)] * 200 + [(1.1, 1.0)])
    assert decide(Bound(), seen).verdict == "supported"
    assert well_formed(decide(UniversalBound(), seen)).verdict == "refuted"
    assert decide(UniversalBound(), observations([(1.0 + 1e-13, 1.0)])).verdict == "supported"
    with pytest.raises(ValueError, match="not an Estimate"):
        decide(UniversalBound(), observations([(Estimate(0.5, 0.4, 0.6), 1.0)]))


def test_a_bound_on_the_border_is_wrong_no_more_often_than_declared() -> None:
    suites, rng, rule = 1500, np.random.default_rng(5), Bound(delta=0.2)
    verdicts = []
    for _ in range(suites):
        broken = rng.uniform(size=60) < rule.delta
        verdicts.append(decide(rule, observations([(2.0 if b else 0.5, 1.0) for b in broken])).verdict)
    for word in ("supported", "refuted"):
        assert verdicts.count(word) <= stats.binom.isf(1e-4, suites, rule.alpha), word
        assert verdicts.count(word) > 0


@pytest.mark.parametrize(
    ("median", "factor", "said"),
    [(15.67, 10.0, "loose: the constant could be far smaller"), (15.67, 20.0, "of the right order")],
)
def test_the_table_of_tightness_calls_loose_what_the_rule_does(
    median: float, factor: float, said: str
) -> None:
    assert Tightness("a", 9, 2.0, median, 99.0, 0, False, factor).remark == said
