"""Decisions of rates, bands, identities and laws, word by word and number by number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, observation, observations
from scipy import stats

from theory.claim import Proof
from theory.rules import Band, Event, FittedBand, Identity, Law
from verify.outcome import Decision, Observation
from verify.rules.band import decide_band
from verify.rules.event import decide_event
from verify.rules.fitted_band import decide_fitted_band, fewest_outside, fit_band, new_range_p
from verify.rules.identity import accepted_residual, decide_identity, machine_epsilon
from verify.rules.law import decide_law, log_ratio
from verify.rules.registry import decide
from verify.statistics.intervals import rate_lower, rate_upper, runs_for_event
from verify.statistics.median import median_equivalence
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed, without_runs

PROOFS = (None, Proof(True, ("a step",)), Proof(False, ("a step",)))


def events(bad: int, runs: int, **changes: Any) -> list[Observation]:
    return observations([k >= bad for k in range(runs)], **changes)


def is_false(o: Observation) -> bool:
    return not o.value


@pytest.mark.parametrize("proof", PROOFS[:2])
def test_without_runs_only_the_proof_speaks(proof: Proof | None) -> None:
    wanted = without_runs(proof)
    assert decide_event(Event(), [], proof) == wanted
    assert decide_band(Band(0.0, 1.0, "test"), [], proof) == wanted
    assert decide_fitted_band(FittedBand(8.0, "test"), [], proof) == wanted
    assert decide_identity(Identity(), [], proof) == wanted
    assert decide_law(Law(0.1, "test"), [], proof) == wanted


# Rates ---------------------------------------------------------------------------------------------------


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
    rate = decide_rate(by_seed(seen), lambda o: not 1.0 <= o.value <= 2.0, 0.2, 0.04, "leave [1, 2]")
    finite = [v for v in values if math.isfinite(v)]
    statistic = {**rate.statistic, "lower": 1.0, "upper": 2.0, "not_finite": 1}
    assert decide_band(rule, seen, None) == Decision(
        rate.verdict, rate.reason, [min(finite), max(finite)], [1.0, 2.0], statistic, len(values),
        rate.needed, rate.p_value, rate.support_p,
    )  # fmt: skip
    assert "leave [1, 2]" in rate.reason
    open_end = decide_band(Band(1.0, math.inf, "test"), seen, None)
    assert open_end.predicted == [1.0, None]
    assert open_end.statistic["upper"] is None


# Fitted bands --------------------------------------------------------------------------------------------

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
            "fitting_trials": 30, "judging_trials": 30, "left_out_of_fit": 0, "not_finite": 0,
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


# Identities ----------------------------------------------------------------------------------------------


def test_machine_epsilons_by_name() -> None:
    for name, eps in (("float64", -52), ("float32", -23), ("float16", -10), ("bfloat16", -7)):
        for prefix in ("", "torch.", "numpy.", "torch.numpy."):
            assert machine_epsilon(prefix + name) == 2.0**eps
    for bad in ("int64", "nonsense", "float64torch."):
        with pytest.raises(ValueError, match=f"^dtype must name a float type, was {bad!r}$"):
            machine_epsilon(bad)


@pytest.mark.parametrize("proof", PROOFS)
def test_an_identity_that_holds(proof: Proof | None) -> None:
    """The run closest to its bound is the worst, not the one with the largest residual."""
    rule = Identity(factor=10.0)
    eps = 2.0**-52
    seen = [
        observation(500 * eps, 4, steps=100),
        observation(9 * eps, 5, steps=0),
        observation(2.0**-30, 6, dtype="float32", steps=1),
        observation(0.0, 7, seed=1006),
    ]
    found = decide_identity(rule, seen, proof)
    low, high = stats.beta.ppf(0.025, 1, 4), stats.beta.ppf(0.975, 1, 3)
    proved = "" if proof is None or not proof.holds else "Proved symbolically. "
    assert found.reason == (
        f"{proved}In 4 runs the worst residual, {9 * eps:.3g}, is within the accepted {10 * eps:.3g} ="
        " 10 eps(float64) x 1 steps."
    )
    assert found.statistic["interval"] == [0.0, pytest.approx(high)]
    assert low > 0
    assert {k: v for k, v in found.statistic.items() if k != "interval"} == {
        "runs": 4, "trials": 3, "violations": 0, "worst_residual": 9 * eps, "worst_bound": 10 * eps,
        "worst_residual_over_bound": 0.9, "worst_run": 5, "dtypes": ["float32", "float64"], "not_finite": 0,
        "interval_of": "violation rate (95 %, two-sided; decides nothing)", "level": 0.95,
        "proved": None if proof is None else proof.holds, "violating": [],
    }  # fmt: skip
    assert (found.verdict, found.measured, found.predicted) == ("supported", 9 * eps, 0.0)
    assert (found.n_trials, found.needed, found.p_value, found.support_p) == (3, None, 1.0, 0.0)


def test_an_identity_that_fails() -> None:
    rule = Identity(factor=10.0)
    seen = [observation(1.0, 3, seed=1), observation(0.0, 4, seed=1), observation(0.0, 5, seed=2)]
    found = decide_identity(rule, seen, PROOFS[1])
    bound = accepted_residual(rule, seen[0])
    assert bound == 1000 * 2.0**-52
    assert found.reason == (
        f"1 of 3 runs violate it: the worst residual, 1, exceeds the accepted {bound:.3g} ="
        " 10 eps(float64) x 100 steps."
    )
    assert found.statistic["interval"] == pytest.approx(
        [stats.beta.ppf(0.025, 1, 2), stats.beta.ppf(0.975, 2, 1)]
    )
    assert found.statistic["violating"] == [3]
    assert (found.verdict, found.n_trials, found.p_value, found.support_p) == ("refuted", 2, 0.0, 1.0)
    assert found.statistic["worst_residual_over_bound"] == 1 / bound
    lost = decide_identity(rule, observations([math.nan]), None)
    assert (lost.measured, lost.statistic["worst_residual_over_bound"]) == (None, None)
    with pytest.raises(ValueError, match=r"^claim value must be a residual >= 0, or .*, was -1e-20"):
        decide_identity(rule, observations([-1e-20]), None)
    assert (
        decide_identity(rule, observations([accepted_residual(rule, seen[0])]), None).verdict == "supported"
    )


# Laws ----------------------------------------------------------------------------------------------------

LAW = Law(0.2, "test", alpha=0.04)


def law_runs(ratios: list[float], bad: int = 0, predicted: float = 5.0) -> list[Observation]:
    values = [(predicted * r, predicted) for r in ratios] + [(math.nan, 1.0)] * bad
    return observations(values)


def test_the_log_ratio_of_a_pair() -> None:
    assert log_ratio(observation((6.0, 2.0))) == pytest.approx(math.log(3))
    for bad in ((0.0, 1.0), (1.0, 0.0), (math.inf, 1.0), (1.0, math.nan), (-1.0, -1.0)):
        assert log_ratio(observation(bad)) is None


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([1.02, 0.98, 1.05, 0.97, 1.01, 0.99, 1.0, 1.0], "supported"),
        ([1.5, 1.55, 1.45, 1.52, 1.48, 1.6, 1.3, 1.4], "refuted"),
        ([1.1, 0.8, 1.3, 0.9, 1.0, 1.0, 1.25, 0.82], "inconclusive"),
        ([1.3, 1.0, 1.5, 1.1, 1.4, 1.25, 1.3, 1.2], "inconclusive"),
    ],
)
@pytest.mark.parametrize("bad", [0, 1])
def test_a_law_word_by_word(ratios: list[float], verdict: str, bad: int) -> None:
    found = decide_law(LAW, law_runs(ratios, bad), None)
    logs = list(np.log(ratios))
    by = median_equivalence(logs, 0.0, math.log(1.2), 0.04)
    assert by.verdict == verdict
    ratio = math.exp(float(np.median(logs)))
    inner = [math.exp(by.inner.low), math.exp(by.inner.high)]
    outer = [math.exp(by.outer.low), math.exp(by.outer.high)]
    refuted = verdict == "refuted"
    shown, level = (outer, "96 %") if refuted else (inner, "92 %")
    lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}[
        verdict
    ]
    more = "" if by.needed is None else f"; about {by.needed} runs would decide"
    if bad:
        more += "; 1 run without a finite positive value left out"
    if bad and verdict == "supported":
        more += ", so the median over all runs is not known"
    assert found.reason == (
        f"Over 8 trials measured / predicted is {ratio:.4g} in the median, {level} interval [{shown[0]:.4g},"
        f" {shown[1]:.4g}], {lies} [0.8333, 1.2]{more}."
    )
    assert found.verdict == ("inconclusive" if bad and verdict == "supported" else verdict)
    assert found.needed == by.needed
    assert found.statistic["ratio"] == pytest.approx(ratio)
    assert found.statistic["interval"] == pytest.approx(inner)
    assert found.statistic["outer_interval"] == pytest.approx(outer)
    rest = {k: v for k, v in found.statistic.items() if k not in ("ratio", "interval", "outer_interval")}
    assert rest == {
        "runs": 8 + bad, "trials": 8 + bad, "not_finite": bad, "interval_of": "measured / predicted",
        "level": 0.92, "margin": 0.2, "mean_log_ratio": pytest.approx(np.mean(logs)),
        "of": "median", "centre_log_ratio": pytest.approx(np.median(logs)),
        "standard_error": pytest.approx((by.inner.high - by.inner.low) / 2 / stats.norm.isf(0.04)),
        "spread": pytest.approx(np.std(logs, ddof=1)), "outer_level": 0.96, "settings": 1,
        "setting_ratios": [pytest.approx(math.exp(float(np.mean(logs))))] * 2,
    }  # fmt: skip
    assert found.measured == pytest.approx(5 * math.exp(float(np.mean(logs))))
    assert found.predicted == pytest.approx(5.0)
    assert found.n_trials == 8 + bad
    assert found.p_value == pytest.approx(min(1.0, by.p_value * (1 + bad)))
    assert found.support_p == (1.0 if bad else pytest.approx(by.support_p))


def test_means_over_the_runs_of_a_seed_and_over_settings() -> None:
    """Six seeds of two runs in two settings; one run without a ratio, one seed without any."""
    other = BASE.with_(eta=0.02)
    ratios = [(1.0, 1.1), (0.9, 1.3), (1.05, math.nan), (math.nan, math.nan), (1.0, 1.0), (1.0, 1.0)]
    seen = []
    for seed, pair in enumerate(ratios):
        for k, ratio in enumerate(pair):
            setting = (BASE, other)[k]
            seen.append(observation((3 * ratio, 3.0), len(seen), seed=seed, setting=setting))
    found = decide_law(LAW, seen, None)
    means = [math.log(1.1) / 2, (math.log(0.9) + math.log(1.3)) / 2, math.log(1.05), 0.0, 0.0]
    assert found.statistic["mean_log_ratio"] == pytest.approx(np.mean(means))
    assert found.statistic["setting_ratios"] == pytest.approx(
        [math.exp((math.log(0.9) + math.log(1.05)) / 5), math.exp((math.log(1.1) + math.log(1.3)) / 4)]
    )
    assert (found.statistic["settings"], found.statistic["not_finite"]) == (2, 3)
    assert (found.statistic["runs"], found.n_trials) == (12, 6)
    flat = [math.log(r) for pair in ratios for r in pair if math.isfinite(r)]
    assert found.measured == pytest.approx(3 * math.exp(float(np.mean(flat))))
    assert found.predicted == pytest.approx(3.0)
    assert "; 3 runs without a finite positive value left out" in found.reason
    seen[4:6] = [observation((math.nan, 3.0), 4, seed=2), observation((3.0, 3.0), 5, seed=2)]
    assert decide_law(LAW, seen, None).statistic["mean_log_ratio"] == pytest.approx(
        np.mean([*means[:2], 0.0, 0.0, 0.0])
    )


def majority(bad: int, runs: int) -> float:
    """P(at least this many of fair coins show heads, some does), twice."""
    return min(1.0, 2 * float(stats.binom.sf(bad - 1, runs, 0.5)) / (1 - 0.5**runs))


def test_a_majority_without_a_value() -> None:
    found = decide_law(LAW, law_runs([1.0] * 2, bad=10), None)
    p = majority(10, 12)
    assert p == pytest.approx(0.0386, abs=1e-4)
    statistic = {
        "runs": 12, "trials": 12, "not_finite": 10, "interval": None, "interval_of": "measured / predicted",
        "level": 0.92, "margin": 0.2,
    }  # fmt: skip
    assert found == Decision(
        "refuted",
        "10 of 12 trials have no finite positive value, surely more than half: measured and predicted have no"
        " common average.",
        None, None, statistic, 12, p_value=pytest.approx(p), support_p=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(("good", "bad"), [(2, 0), (2, 3), (1, 1), (0, 2)])
def test_too_few_values(good: int, bad: int) -> None:
    found = decide_law(LAW, law_runs([1.0] * good, bad), None)
    p = majority(bad, good + bad) if bad else 1.0
    assert (found.verdict, found.needed, found.n_trials) == ("inconclusive", 5 + bad, good + bad)
    assert found.reason == (
        f"Only {good} of {good + bad} trials have a finite positive measured and predicted value;"
        " 5 are needed."
    )
    assert (found.p_value, found.support_p) == (pytest.approx(p), 1.0)


def test_a_majority_p_value_counts_where_it_is_smaller() -> None:
    """Nine of thirteen without a value: 2 P = .27 against the mean's 1."""
    found = decide_law(LAW, law_runs([1.02, 0.98, 1.05, 0.97], bad=9), None)
    assert found.verdict == "inconclusive"
    assert found.p_value == pytest.approx(majority(9, 13))
    assert majority(9, 13) < 0.3


def test_a_doubled_p_value_no_longer_refutes() -> None:
    """With a run without a value there are two ways to refute: each has half of the level."""
    ratios = [1.4 * r for r in (1.0, 1.08, 0.94, 1.03, 1.0, 1.1)]
    alone = decide_law(LAW, law_runs(ratios), None)
    assert (alone.verdict, alone.p_value) == ("refuted", pytest.approx(2**-5))
    found = decide_law(LAW, law_runs(ratios, bad=1), None)
    assert (found.verdict, found.p_value) == ("inconclusive", pytest.approx(2**-4))
    low, high = found.statistic["interval"]
    assert f"92 % interval [{low:.4g}, {high:.4g}], neither inside nor outside [0.8333, 1.2]" in found.reason
    assert "would decide" not in found.reason


def test_the_calculus_hands_on() -> None:
    assert decide(LAW, law_runs([1.0] * 5)).verdict == "supported"
