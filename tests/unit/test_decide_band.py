"""Bands with declared ends and bands fitted on half of the runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import BASE, observation, observations, well_formed

from theory.rules import Band, FittedBand
from verify.rules.registry import decide

BAND = Band(1.0, 2.0, reason="test")
# Constants alone: what is left of powers has tests of its own.
THETA = FittedBand(max_ratio=8.0, reason="test", powers=())
BIG_O = FittedBand(max_ratio=8.0, reason="test", two_sided=False, powers=())


def test_ends_belong_to_the_band() -> None:
    decision = well_formed(decide(BAND, observations([1.0, 2.0] * 30)))
    assert (decision.verdict, decision.measured, decision.predicted) == ("supported", [1.0, 2.0], [1.0, 2.0])
    for value in (np.nextafter(1, 0), np.nextafter(2, 3)):
        assert decide(BAND, observations([value] * 2)).verdict == "refuted"


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
@pytest.mark.parametrize("band", [BAND, Band(1.0, math.inf, reason="test")])
def test_values_that_are_not_finite_are_violations(band: Band, bad: float) -> None:
    decision = well_formed(decide(band, observations([1.5] * 50 + [bad] * 50)))
    assert decision.verdict == "refuted"
    assert decision.statistic["not_finite"] == 50
    assert decision.measured == [1.5, 1.5]
    assert well_formed(decide(band, observations([bad] * 3))).measured is None


@pytest.mark.parametrize("rule", [BAND, THETA, BIG_O], ids=["declared", "two sides", "one side"])
def test_what_was_not_measured_never_refutes_and_may_support(rule: Band | FittedBand) -> None:
    """nan speaks for neither side: it must hold and must break, and both must say the same."""
    half = well_formed(decide(rule, observations([1.5, math.nan] * 100)))
    assert half.verdict == "inconclusive"
    assert (half.p_value, half.support_p) == pytest.approx((1.0, 1.0))
    assert "Not measured (nan) in 100 runs of 200: 1, 3, 5" in half.reason
    assert well_formed(decide(rule, observations([math.nan] * 60))).verdict == "inconclusive"
    one = well_formed(decide(rule, observations([1.5] * 200 + [math.nan])))
    assert one.verdict == "supported"
    assert one.statistic["unmeasured"] == [200]
    broken = well_formed(decide(rule, observations([1.5, math.inf] * 50 + [math.nan])))
    assert broken.verdict == "refuted"


def test_a_bool_is_no_quantity() -> None:
    with pytest.raises(ValueError, match="claim value must be a real number"):
        decide(BAND, observations([True]))
    with pytest.raises(ValueError, match="claim value must be a real number"):
        decide(THETA, observations([1.0, True]))


def test_even_runs_fit_and_odd_runs_judge() -> None:
    values = [1.0, 1.2, 2.0, 1.2] * 30
    decision = well_formed(decide(THETA, observations(values)))
    assert decision.verdict == "supported"
    assert decision.predicted == [1.0 / 1.25, 2.0 * 1.25]
    assert decision.measured == [1.2, 1.2]
    assert decision.n_trials == 120
    assert decision.statistic["runs"] == decision.statistic["trials"] == 120
    assert decision.statistic["judging_trials"] == decision.statistic["fitting_trials"] == 60


def test_the_judging_block_can_refute() -> None:
    """The same values pass a band fitted on all of them: the split is what makes the test a test."""
    values = [1.0, 2.0] * 60
    assert decide(THETA, observations(values)).verdict == "refuted"
    assert decide(THETA, observations([1.0, 1.2] * 60)).verdict == "supported"


def test_a_band_too_wide_to_be_a_constant_is_refuted() -> None:
    values = [1.0, 3.0, 7.0, 3.0] * 30
    decision = well_formed(decide(THETA, observations(values)))
    assert decision.verdict == "refuted"
    assert "too wide" in decision.reason
    assert decision.statistic["width_ratio"] == pytest.approx(7 * 1.25**2)
    assert decision.statistic["violations"] == 0
    assert decide(BIG_O, observations([v / 2 for v in values])).verdict == "supported"
    assert decide(BIG_O, observations(values)).verdict == "refuted"


def test_one_sided_band_starts_at_zero() -> None:
    decision = well_formed(decide(BIG_O, observations([0.0, 0.5, 1.0, 0.1] * 30)))
    assert (decision.verdict, decision.predicted) == ("supported", [0.0, 1.25])
    assert decide(BIG_O, observations([1.0, -0.1] * 30)).verdict == "refuted"


@pytest.mark.parametrize("bad", [math.inf, 0.0, -1.0])
def test_values_that_are_no_constant_do_not_widen_the_band(bad: float) -> None:
    decision = well_formed(decide(THETA, observations([1.0, 1.0, bad, 1.0] * 30)))
    assert decision.predicted == [0.8, 1.25]
    assert decision.statistic["left_out_of_fit"] == 30
    refuted = well_formed(decide(THETA, observations([1.0, bad] * 30)))
    assert refuted.verdict == "refuted"
    assert refuted.statistic["violations"] == 30


def test_a_band_that_cannot_be_fitted_supports_nothing() -> None:
    decision = well_formed(decide(THETA, observations([math.inf, 1.0])))
    assert (decision.verdict, decision.predicted) == ("inconclusive", None)
    half = well_formed(decide(THETA, observations([math.inf, 1.0] * 100)))
    assert (half.verdict, half.statistic["outside_every_band"]) == ("refuted", 100)
    assert decide(THETA, observations([math.inf] * 100)).verdict == "refuted"


def test_needed_counts_both_blocks() -> None:
    decision = well_formed(decide(THETA, observations([1.0] * 100)))
    assert (decision.verdict, decision.needed) == ("inconclusive", 118)
    assert "118 runs in all" in decision.reason
    assert decide(THETA, observations([1.0] * 117)).verdict == "inconclusive"
    assert decide(THETA, observations([1.0] * 118)).verdict == "supported"


def test_no_seed_stands_in_both_blocks() -> None:
    """Along a sweep with two points the parity of the index is the parameter: the split goes by seed, so
    both blocks see both points."""
    points = (BASE, BASE.with_(eta=0.02))
    seen = [
        observation((1.0, 3.0)[k], 2 * r + k, seed=r, replicate=r, setting=points[k])
        for r in range(120)
        for k in (0, 1)
    ]
    decision = well_formed(decide(THETA, seen))
    assert (decision.verdict, decision.n_trials) == ("supported", 120)
    assert decision.predicted == [0.8, 3.75]


def test_blocks_stay_balanced_when_every_other_run_was_not_judged() -> None:
    kept = [o for o in observations([1.0] * 240) if o.index % 2 == 0]
    assert decide(THETA, kept).verdict == "supported"
