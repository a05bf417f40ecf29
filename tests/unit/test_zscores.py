"""The rules ZScores and Calibration: verdicts, false alarms and power in miniature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed
from scipy import stats

from theory.rules import Calibration, ZScores
from verify.outcome import Decision, Observation
from verify.rules.calibration import cell_square
from verify.rules.registry import decide
from verify.rules.zscores import spread_interval

RULE = ZScores(reason="test")


def scores(z: np.ndarray, slack: float = 0.0) -> list[Observation]:
    """Runs with these z-scores around predictions of different size and spread."""
    sd = 0.1 + np.arange(len(z)) % 7
    return observations([(5.0 + s * v, 5.0, s, slack) for s, v in zip(sd, z, strict=True)])


def normal(runs: int, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> Decision:
    z = shift + scale * np.random.default_rng(seed).standard_normal(runs)
    return well_formed(decide(RULE, scores(z)))


def test_a_right_prediction_is_supported_once_outliers_are_excluded() -> None:
    decision = normal(400)
    assert decision.verdict == "supported"
    assert decision.statistic["interval"][1] < 0.01
    assert decision.measured == pytest.approx(1.0, abs=0.1)
    few = normal(60)
    assert few.verdict == "inconclusive"
    assert few.needed is not None
    assert few.needed >= 299


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"scale": 1.6}, "spread"),
        ({"scale": 0.5}, "spread"),
        ({"shift": 1.2}, "bias"),
        ({"shift": -1.2}, "bias"),
    ],
)
def test_a_wrong_spread_or_a_bias_refutes(change: dict[str, float], broken: str) -> None:
    decision = normal(120, **change)
    assert decision.verdict == "refuted"
    assert decision.statistic[f"{broken}_verdict"] == "refuted"


def test_outliers_refute_and_slack_forgives_rounding() -> None:
    z = np.random.default_rng(1).standard_normal(400)
    z[::20] = 4.5
    assert decide(RULE, scores(z)).statistic["outlier_verdict"] == "refuted"
    assert decide(RULE, scores(z, slack=10.0)).statistic["outlier_verdict"] == "supported"


def test_values_that_are_not_finite_block_support_and_many_refute() -> None:
    z = np.random.default_rng(2).standard_normal(500)
    z[7] = math.inf
    one = well_formed(decide(RULE, scores(z)))
    assert one.verdict == "inconclusive"
    assert one.statistic["not_finite"] == 1
    z[::20] = math.inf
    assert well_formed(decide(RULE, scores(z))).verdict == "refuted"
    z[::20] = math.nan
    open_ = well_formed(decide(RULE, scores(z)))
    assert (open_.verdict, open_.p_value) == ("inconclusive", 1.0)
    assert well_formed(decide(RULE, scores(np.array([math.nan])))).verdict == "inconclusive"


def test_runs_that_share_a_seed_are_one_z_score() -> None:
    z = np.random.default_rng(3).standard_normal(100)
    copies = [observation((v, 0.0, 1.0, 0.0), 5 * i + k, seed=i) for i, v in enumerate(z) for k in range(5)]
    decision = decide(RULE, copies)
    assert decision.n_trials == 100
    assert decision.statistic["z_sd_interval"] == decide(RULE, scores(z)).statistic["z_sd_interval"]


@pytest.mark.parametrize("value", [1.0, (1.0, 2.0), (1.0, 1.0, 0.0, 0.0), (1.0, 1.0, 1.0, -1.0), "abcd"])
def test_a_z_score_needs_four_numbers(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be"):
        decide(RULE, observations([value]))


def test_the_spread_interval_is_the_chi_squared_one() -> None:
    x = np.random.default_rng(4).normal(size=30)
    e = spread_interval(list(x), 0.1)
    s2 = x.var(ddof=1)
    assert e.low == pytest.approx(math.sqrt(29 * s2 / stats.chi2.ppf(0.95, 29)))
    assert e.high == pytest.approx(math.sqrt(29 * s2 / stats.chi2.ppf(0.05, 29)))


def rate(suites: int, runs: int, verdict: str, **change: float) -> int:
    return sum(normal(runs, seed, **change).verdict == verdict for seed in range(suites))


def test_false_alarms_and_power() -> None:
    """True at the margin's edge: supported in at most 5 %; true in the middle: refuted in at most 5 %."""
    suites = 40
    for edge in ({"scale": 1.15}, {"scale": 0.85}, {"shift": 0.5}):
        assert stats.binom.sf(rate(suites, 400, "supported", **edge) - 1, suites, 0.05) > 1e-3
    assert stats.binom.sf(rate(suites, 100, "refuted", scale=1.15) - 1, suites, 0.05) > 1e-3
    assert rate(suites, 100, "refuted") <= 2
    assert rate(suites, 500, "supported") > 0.8 * suites
    assert rate(suites, 100, "refuted", shift=1.0) > 0.8 * suites


# Calibration --------------------------------------------------------------------------------------------

CALIBRATED = Calibration(0.1, reason="test")


def cells(error: float, seed: int, runs: int = 30, number: int = 16) -> list[Observation]:
    """Cells whose event has its predicted probability plus an error of alternating sign."""
    rng = np.random.default_rng(seed)
    out: list[Observation] = []
    for c in range(number):
        p = 0.25 + 0.5 * c / number
        true = p + (error if c % 2 else -error)
        for _ in range(runs):
            out.append(observation((bool(rng.random() < true), p), len(out), labels={"cell": float(c)}))
    return out


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    assert well_formed(decide(CALIBRATED, cells(0.0, 1))).verdict == "supported"
    wrong = well_formed(decide(CALIBRATED, cells(0.2, 1)))
    assert wrong.verdict == "refuted"
    assert wrong.measured == pytest.approx(wrong.predicted, abs=0.05)


def test_calibration_false_alarms_at_the_margin() -> None:
    suites = 80
    verdicts = [decide(CALIBRATED, cells(0.1, seed)).verdict for seed in range(suites)]
    for verdict in ("supported", "refuted"):
        assert stats.binom.sf(verdicts.count(verdict) - 1, suites, 0.07) > 1e-3
    few = well_formed(decide(CALIBRATED, cells(0.05, 3, runs=4, number=4)))
    assert few.verdict == "inconclusive"
    assert few.needed is not None


def test_the_square_is_estimated_without_bias() -> None:
    rng = np.random.default_rng(5)
    squares = [cell_square(list((rng.random(6) < 0.6) - 0.4), [0.24] * 6)[0] for _ in range(4000)]
    assert np.mean(squares) == pytest.approx(0.04, abs=4 * np.std(squares) / math.sqrt(4000))


@pytest.mark.parametrize("value", [True, (1.0, 0.5), (True, 1.5), (True, "a")])
def test_calibration_needs_an_event_and_a_probability(value: object) -> None:
    with pytest.raises(ValueError, match="claim value must be"):
        decide(CALIBRATED, observations([value]))
    assert decide(CALIBRATED, observations([(True, 0.5)])).verdict == "inconclusive"


def test_a_few_runs_that_agree_do_not_prove_a_predicted_zero() -> None:
    """A true rate of .12, beyond the margin of .1, is not seen by half of the samples of six runs."""
    few = decide(CALIBRATED, [observation((False, 0.0), k, labels={"cell": 0.0}) for k in range(6)])
    assert few.verdict == "inconclusive"
    many = decide(CALIBRATED, [observation((False, 0.0), k, labels={"cell": 0.0}) for k in range(600)])
    assert many.verdict == "supported"
