"""Fitted bands, word by word and number by number."""

from __future__ import annotations

import math
from typing import Any

import pytest
from decide_cases import observation, observations
from scipy import stats

from theory.rules import FittedBand
from verify.outcome import Decision, Observation
from verify.rules.band_fit import decide_fitted_band, fewest_outside, fit_band, new_range_p
from verify.statistics.intervals import runs_for_event
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed

TWO = FittedBand(8.0, "test", widen=1.5, delta=0.2, alpha=0.04)
ONE = FittedBand(8.0, "test", widen=1.5, two_sided=False, delta=0.2, alpha=0.04)


def test_the_fitted_ends() -> None:
    assert fit_band(TWO, [3.0, 2.0, 5.0, math.nan, -1.0, 0.0]) == (2 / 1.5, 7.5)
    assert fit_band(ONE, [3.0, 2.0, 5.0, math.inf, -1.0]) == (0.0, 7.5)
    assert fit_band(ONE, [0.0]) == (0.0, 0.0)
    assert fit_band(ONE, [-1e-9]) is None
    assert fit_band(TWO, [0.0]) is None
    assert fit_band(TWO, []) is None


def test_the_best_band_by_hand() -> None:
    width = 8 / 1.5**2
    for values, outside in (
        ([[1.0], [2.0], [width], [4.0]], 1),  # [1, width] or [2, 4]
        ([[1.0], [width * (1 + 5e-13)]], 0),
        ([[1.0], [width * (1 + 2e-12)]], 1),
        ([[0.5, 1.0], [3.0], [30.0], [1e9, 1.5]], 1),
        ([[math.nan], [0.0], [-2.0], [1.0]], 3),
        ([[math.nan], [math.inf]], 2),
        ([[5.0], [1.0], [1.1]], 1),
        ([[1.0], [5.0], [5.1]], 1),
        ([[1.0, 40.0], [2.0, 50.0], [45.0], [46.0]], 0),
    ):
        assert fewest_outside(TWO, values) == outside
    end = 8 / 1.5
    for values, outside in (
        ([[end], [0.0], [end * (1 + 5e-13)]], 0),
        ([[end * (1 + 2e-12)], [9.0, 1.0], [-1.0]], 2),
        ([[math.nan, 9.0], [1.0]], 1),
    ):
        assert fewest_outside(ONE, values) == outside


@pytest.mark.parametrize("two_sided", [True, False])
def test_the_chance_to_leave_the_range_of_a_sample(two_sided: bool) -> None:
    a = 2 if two_sided else 1
    for outside, judged, fitted in ((1, 5, 4), (3, 5, 4), (5, 5, 2), (2, 9, 6)):
        b = fitted - 1 if two_sided else fitted
        expected = sum(stats.betabinom.pmf(k, judged, a, b) for k in range(outside, judged + 1))
        assert new_range_p(outside, judged, fitted, two_sided) == pytest.approx(expected, rel=1e-9)
    assert new_range_p(0, 5, 4, two_sided) == 1.0
    assert new_range_p(5, 5, 1, two_sided) == (1.0 if two_sided else pytest.approx(1 / 6))
    assert new_range_p(5, 5, 0, two_sided) == 1.0


def halves(fit: list[float], judge: list[float]) -> list[Observation]:
    return observations([v for pair in zip(fit, judge, strict=True) for v in pair])


def rate_of(seen: list[Observation], rule: FittedBand, low: float, high: float) -> Any:
    judging = by_seed(seen)[1::2]
    what = f"of the judging block leave [{low:.4g}, {high:.4g}]"
    return decide_rate(judging, lambda o: not low <= o.value <= high, rule.delta, rule.alpha, what, blocks=2)


def test_a_fitted_band_that_holds() -> None:
    seen = halves([1.0, 2.0, 1.5] * 10, [1.2, 1.9, 0.9] * 10)
    found = decide_fitted_band(TWO, seen, None)
    rate = rate_of(seen, TWO, 1 / 1.5, 3.0)
    assert rate.verdict == "supported"
    assert found == Decision(
        "supported",
        rate.reason,
        measured=[0.9, 1.9],
        predicted=[1 / 1.5, 3.0],
        statistic={
            **rate.statistic, "runs": 60, "trials": 60, "judging_runs": 30, "lower": 1 / 1.5, "upper": 3.0,
            "width_ratio": 3.0 / (1 / 1.5), "max_ratio": 8.0, "outside_every_band": 0,
            "fitting_trials": 30, "judging_trials": 30, "trimmed": 0, "left_out_of_fit": 0,
            "not_finite": 0,
        },
        n_trials=60,
        needed=None,
        p_value=1.0,
        support_p=rate.support_p,
    )  # fmt: skip


def test_a_one_sided_fitted_band() -> None:
    seen = halves([1.0, 2.0, 0.0] * 10, [0.1, 1.9, 0.0] * 10)
    found = decide_fitted_band(ONE, seen, None)
    assert (found.verdict, found.predicted) == ("supported", [0.0, 3.0])
    assert found.statistic["width_ratio"] == 3.0
    wide = decide_fitted_band(ONE, halves([1.0, 8.0, 1.0] * 10, [0.1, 8.0, 0.0] * 10), None)
    assert wide.verdict == "refuted"
    assert wide.reason == (
        "20 of 60 trials leave every band narrow enough to be a usable constant"
        " (largest value at most 5.333, widened to 8),"
        f" surely more than delta = 0.2 (p = {2 * stats.binom.sf(19, 60, 0.2):.2g})."
        " The fitted one, [0, 12], is too wide."
    )


def test_a_fitted_band_too_wide_but_for_few() -> None:
    seen = halves([1.0, 1.0, 20.0] * 2 + [1.0] * 24, [1.0] * 30)
    found = decide_fitted_band(TWO, seen, None)
    p = min(1.0, 2 * stats.binom.sf(1, 60, 0.2))
    assert found.verdict == "inconclusive"
    assert found.reason == (
        "The band [0.6667, 30] fitted on 30 trials is too wide to be a usable constant"
        " (largest / smallest value at"
        f" most 3.556, widened to 8), but only 2 of 60 trials leave the best band of that width, which"
        " delta = 0.2 allows"
        f" (p = {p:.2g})."
    )
    assert (found.needed, found.support_p, found.p_value) == (None, 1.0, 1.0)
    assert found.statistic["width_ratio"] == pytest.approx(45)
    assert found.statistic["outside_every_band"] == 2


def test_a_fifth_of_delta_may_be_left_out_of_a_fit_that_is_too_wide() -> None:
    """One of thirty, at either end; two may not. The other block judges the narrow band at the same level."""
    for far, ends in ((20.0, [2 / 3, 3.0]), (0.05, [2 / 3, 3.0])):
        seen = halves([1.0, 2.0, far] + [1.5] * 27, [1.0] * 30)
        found = decide_fitted_band(TWO, seen, None)
        assert (found.verdict, found.statistic["trimmed"]) == ("supported", 1)
        assert found.predicted == pytest.approx(ends)
        assert "(fitted without the 1 run farthest out)" in found.reason
        rate = rate_of(seen, TWO, *ends)
        assert found.support_p == rate.support_p
    gone = decide_fitted_band(TWO, halves([1.0, 2.0, 20.0] + [1.5] * 27, [1.0] * 24 + [20.0] * 6), None)
    assert (gone.verdict, gone.statistic["trimmed"]) == ("inconclusive", 1)
    assert gone.statistic["violations"] == 6
    assert decide_fitted_band(TWO, halves([1.0, 20.0, 20.0] + [1.0] * 27, [1.0] * 30), None).verdict == (
        "inconclusive"
    )
    top = decide_fitted_band(ONE, halves([1.0, 20.0] + [1.5] * 28, [1.0] * 30), None)
    assert (top.verdict, top.predicted) == ("supported", [0.0, pytest.approx(2.25)])


def test_a_width_that_refutes() -> None:
    seen = halves([1.0, 1.0, 20.0] * 10, [1.0, 20.0, 1.0] * 10)
    found = decide_fitted_band(TWO, seen, None)
    p = 2 * float(stats.binom.sf(19, 60, 0.2))
    assert p < 0.04
    assert found.verdict == "refuted"
    assert found.p_value == pytest.approx(p)
    assert found.reason == (
        "20 of 60 trials leave every band narrow enough to be a usable constant"
        " (largest / smallest value at most 3.556, widened to 8),"
        f" surely more than delta = 0.2 (p = {p:.2g}). The fitted one, [0.6667, 30], is too wide."
    )
    assert (found.needed, found.support_p) == (None, 1.0)


def test_a_width_refutes_before_the_judging_block_is_decided() -> None:
    found = decide_fitted_band(TWO, halves([1.0, 400.0] * 5, [1.0, 400.0] * 5), None)
    assert (found.verdict, found.needed) == ("refuted", None)
    assert found.statistic["violations"] == 0


def test_a_drift_that_refutes() -> None:
    """Half of the judging block lies beyond the fitted band, inside another of the allowed width."""
    seen = halves([1.0] * 30, [2.0] * 15 + [1.0] * 15)
    found = decide_fitted_band(TWO, seen, None)
    rate = rate_of(seen, TWO, 1 / 1.5, 1.5)
    p = 2 * max(rate.p_value, new_range_p(15, 30, 30, True))
    assert p < 0.04
    assert found.verdict == "refuted"
    assert found.p_value == pytest.approx(p)
    assert found.reason == rate.reason
    assert found.support_p == rate.support_p
    assert found.needed is None


def test_a_drift_that_two_halves_of_one_sample_may_show() -> None:
    """Three values fit, three judge: surely more than delta leave the band, as new values may."""
    rule = FittedBand(8.0, "test", widen=1.0, delta=0.05, alpha=0.04)
    seen = halves([1.0, 1.1, 1.2], [2.0, 1.1, 0.9])
    found = decide_fitted_band(rule, seen, None)
    rate = rate_of(seen, rule, 1.0, 1.2)
    drift = new_range_p(2, 3, 3, True)
    assert rate.verdict == "refuted"
    assert found.verdict == "inconclusive"
    assert found.p_value == min(1.0, 2 * max(rate.p_value, drift))
    assert found.reason == (
        f"{rate.reason[:-1]}; but two halves of one sample may differ as much (p = {found.p_value:.2g})."
    )


def test_only_whole_trials_of_constants_can_drift() -> None:
    """Seeds of two runs: a trial drifts when both runs leave the band, and counts when both are constants."""
    fit, judge = [(1.0, 1.2)] * 8, [(2.0, 3.0)] * 4 + [(2.0, 1.0)] * 2 + [(math.nan, 2.0)] * 2
    seen: list[Observation] = []
    for pair in zip(fit, judge, strict=True):
        for values in pair:
            seed = len(seen) // 2
            seen += [observation(v, len(seen) + k, seed=seed) for k, v in enumerate(values)]
    found = decide_fitted_band(TWO, seen, None)
    rate = rate_of(seen, TWO, 1 / 1.5, 1.8)
    assert found.p_value == pytest.approx(min(1.0, 2 * max(rate.p_value, new_range_p(4, 6, 8, True))))
    assert found.statistic["judging_runs"] == 16
    assert found.statistic["trials"] == 16
    assert found.statistic["runs"] == 32
    assert found.statistic["not_finite"] == 2
    assert found.measured == [1.0, 3.0]


def test_no_band() -> None:
    few = decide_fitted_band(TWO, halves([math.nan, -1.0], [1.0, math.nan]), None)
    assert (few.verdict, few.predicted, few.needed, few.support_p) == ("inconclusive", None, None, 1.0)
    assert few.reason == "None of the 2 fitting runs has a finite value of the right sign."
    assert few.p_value == pytest.approx(min(1.0, 2 * stats.binom.sf(2, 4, 0.2)))
    assert {few.statistic[k] for k in ("lower", "upper", "width_ratio")} == {None}
    assert few.statistic["left_out_of_fit"] == 2
    assert few.statistic["violations"] == 1
    assert few.statistic["outside_every_band"] == 3
    counted = decide_fitted_band(TWO, halves([math.nan] * 3, [1.0, math.nan, 2.0]), None)
    assert counted.statistic["violations"] == 1
    assert counted.p_value == pytest.approx(min(1.0, 2 * stats.binom.sf(3, 6, 0.2)))
    one = decide_fitted_band(TWO, observations([math.nan]), None)
    assert one.reason == "None of the 1 fitting run has a finite value of the right sign."
    assert one.measured is None
    many = decide_fitted_band(TWO, halves([math.nan] * 20, [1.0] * 20), None)
    assert many.verdict == "refuted"
    assert many.reason == (
        "20 of 40 trials leave every band narrow enough to be a usable constant"
        " (largest / smallest value at most 3.556, widened to 8),"
        f" surely more than delta = 0.2 (p = {2 * stats.binom.sf(19, 40, 0.2):.2g})."
    )


def test_too_few_runs_for_a_fitted_band() -> None:
    seen = halves([1.0] * 8, [1.0] * 8)
    found = decide_fitted_band(TWO, seen, None)
    rate = rate_of(seen, TWO, 1 / 1.5, 1.5)
    assert (found.verdict, found.reason, found.needed) == ("inconclusive", rate.reason, rate.needed)
    assert found.needed == 2 * (runs_for_event(0.0, 0.2, 0.04) or 0)


def test_a_width_ratio_without_a_lower_end() -> None:
    """A band exactly as wide as allowed is not too wide."""
    seen = halves([1.0, 8 / 2.25] * 15, [1.0] * 30)
    rule = FittedBand(8.0, "test", widen=1.5, delta=0.2, alpha=0.04)
    found = decide_fitted_band(rule, seen, None)
    assert found.statistic["width_ratio"] == pytest.approx(8.0)
    exact = FittedBand(4.0, "test", widen=1.0, delta=0.2, alpha=0.04)
    assert decide_fitted_band(exact, halves([1.0, 4.0] * 15, [1.0] * 30), None).verdict == "supported"
