"""Calibration in cells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed
from scipy import integrate, stats

from theory.rules import Calibration
from verify.outcome import Observation
from verify.rules.calibration import border_cumulants, cell_square, decide_calibration, excess_p, gamma_tail
from verify.rules.registry import decide

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


CELLS = Calibration(0.2, "test", alpha=0.06)


def calibrated(table: dict[float, list[tuple[bool, float]]]) -> list[Observation]:
    rows = [(label, value) for label, values in table.items() for value in values]
    return [observation(value, k, labels={"a": label}) for k, (label, value) in enumerate(rows)]


def test_the_square_of_a_cell() -> None:
    x, v = [0.7, -0.3, 0.6, 0.9], [0.21, 0.2, 0.24, 0.09]
    pairs = [x[i] * x[k] for i in range(4) for k in range(4) if i != k]
    mean = float(np.mean(pairs))
    spread = max(float(np.var(x, ddof=1)), float(np.mean(v)))
    square, variance = cell_square(x, v)
    assert square == pytest.approx(mean)
    assert variance == pytest.approx(4 * mean * spread / 4 + 2 * spread**2 / 12)
    low = cell_square([0.5, -0.5, 0.4], [0.9, 0.9, 0.9])
    assert low[0] < 0
    assert low[1] == pytest.approx(2 * 0.81 / 6)


def test_cumulants_and_the_gamma_law() -> None:
    v = [0.1, 0.3, 0.05]
    spread, third = border_cumulants(0.2, v)
    assert spread == pytest.approx((2 * (0.01 + 0.09 + 0.0025) + 4 * 3 * 0.04 * 0.3) / 9)
    assert third == pytest.approx((8 * (0.001 + 0.027 + 0.000125) + 24 * 3 * 0.04 * 0.09) / 27)
    shape, scale = 4 * spread**3 / third**2, third / (2 * spread)
    law = stats.gamma(shape, loc=-shape * scale, scale=scale)
    assert law.mean() == pytest.approx(0.0, abs=1e-12)
    assert law.var() == pytest.approx(spread)
    assert law.stats("s") == pytest.approx(third / spread**1.5)
    for at in (-0.2, 0.0, 0.3):
        assert gamma_tail(at, spread, third) == pytest.approx(float(law.sf(at)))
    assert excess_p(0.34, 0.2, v) == pytest.approx(float(law.sf(0.3)))
    assert gamma_tail(-1e9, spread, third) == 1.0
    assert (gamma_tail(0.0, 0.0, 1.0), gamma_tail(1e-9, 0.0, 1.0), gamma_tail(-1.0, -1.0, 1.0)) == (
        1.0,
        0.0,
        1.0,
    )
    assert gamma_tail(1.5, 1.0, 2.0) == pytest.approx(
        integrate.quad(lambda x: math.exp(-x), 2.5, math.inf)[0]
    )


def variance_at(p: float) -> float:
    """`p (1 - p)` with p at least .2 from 0 and 1, the margin of these tests."""
    p = min(max(p, 0.2), 0.8)
    return p * (1 - p)


def cell_of(values: list[tuple[bool, float]]) -> tuple[float, float, float]:
    """Square, its variance, and the variance of the mean difference."""
    x = [h - p for h, p in values]
    v = [variance_at(p) for _, p in values]
    spread = max(float(np.var(x, ddof=1)), float(np.mean(v)))
    return *cell_square(x, v), spread / len(x)


T, F = True, False
GOOD = {
    1.0: [(T, 0.7)] * 70 + [(F, 0.7)] * 30,
    2.0: [(T, 0.2)] * 20 + [(F, 0.25)] * 60,
    3.0: [(T, 0.9), (F, 0.5)],
}
WRONG = {1.0: [(T, 0.2)] * 60 + [(F, 0.2)] * 10, 2.0: [(F, 0.8)] * 25 + [(T, 0.75)] * 5}
FEW = {1.0: [(T, 0.7)] * 4 + [(F, 0.7)] * 2, 2.0: [(F, 0.3)] * 3 + [(T, 0.4)]}
FAR = {1.0: [(T, 0.5)] * 4 + [(F, 0.5)], 2.0: [(T, 0.4), (T, 0.3), (F, 0.2)]}


@pytest.mark.parametrize(
    ("table", "verdict", "lies"),
    [(GOOD, "supported", "below"), (WRONG, "refuted", "above"), (FEW, "inconclusive", "around"),
     (FAR, "inconclusive", "around")],
)  # fmt: skip
def test_cells_word_by_word(table: dict[float, list[tuple[bool, float]]], verdict: str, lies: str) -> None:
    seen = calibrated(table)
    found = decide_calibration(CELLS, seen, None)
    used = [cell_of(values) for values in table.values() if len(values) >= 3]
    mean = float(np.mean([square for square, _, _ in used]))
    error = math.sqrt(sum(variance for _, variance, _ in used)) / len(used)
    half = float(stats.norm.ppf(0.94)) * error
    p = excess_p(mean, 0.2, [v for _, _, v in used])
    rows = [
        {
            "a": label, "runs": len(values), "share": float(np.mean([h for h, _ in values])),
            "predicted": float(np.mean([q for _, q in values])),
            "variance": float(np.mean([variance_at(q) for _, q in values])),
        }
        for label, values in table.items()
    ]  # fmt: skip
    misses = [abs(row["share"] - row["predicted"]) for row in rows]
    n = len(seen)
    needed = None
    if verdict == "inconclusive" and mean < 0.04:
        needed = max(n + 1, math.ceil(n * (1.5 * half / (0.04 - mean)) ** 2))
    size = "no more than its noise" if mean <= 0 else f"{math.sqrt(mean):.3g} in root mean square"
    more = "" if needed is None else f"; about {needed} runs in all would decide"
    assert found.reason == (
        f"Over {len(used)} cells the frequency misses the predicted probability by {size}; the"
        f" 88 % interval of"
        f" its square [{mean - half:.3g}, {mean + half:.3g}] lies {lies} 0.2^2"
        f" (p = {min(p, 1 - p):.2g}){more}."
    )
    assert (found.verdict, found.n_trials, found.needed) == (verdict, n, needed)
    assert found.measured == pytest.approx(np.mean([row["share"] for row in rows]))
    assert found.predicted == pytest.approx(np.mean([row["predicted"] for row in rows]))
    assert (found.p_value, found.support_p) == (pytest.approx(p), pytest.approx(1 - p))
    s = dict(found.statistic)
    assert s.pop("cells") == rows
    assert s.pop("interval") == pytest.approx([mean - half, mean + half])
    assert s == {
        "runs": n, "trials": n, "cells_used": len(used), "margin": 0.2,
        "interval_of": "mean square over cells of happened - predicted", "level": 0.88,
        "largest_difference": pytest.approx(max(misses)),
        "mean_absolute_difference": pytest.approx(np.mean(misses)), "mean_square": pytest.approx(mean),
    }  # fmt: skip


def test_no_cell_with_three_runs() -> None:
    found = decide_calibration(CELLS, calibrated({1.0: [(T, 0.5), (F, 0.5)]}), None)
    assert (found.verdict, found.reason) == ("inconclusive", "No cell has 3 independent runs.")
    assert (found.measured, found.predicted, found.n_trials) == (0.5, 0.5, 2)
    assert (found.p_value, found.support_p, found.needed) == (1.0, 1.0, None)
    assert (found.statistic["cells_used"], found.statistic["interval"]) == (0, None)


def test_the_first_run_of_a_seed_counts() -> None:
    seen = [observation((k % 2 == 0, 0.5), k, seed=k // 2, labels={"a": 1.0}) for k in range(8)]
    found = decide_calibration(CELLS, seen, None)
    assert (found.measured, found.n_trials, found.statistic["runs"]) == (1.0, 4, 8)


@pytest.mark.parametrize("good", [(True, 0.0), (False, 1.0), (np.bool_(True), 0.5), (True, 1)])
def test_probabilities_may_be_0_and_1(good: Any) -> None:
    assert decide_calibration(CELLS, observations([good]), None).measured == float(good[0])
    for bad in ((True, 1.0 + 1e-12), (True, -1e-12), (1, 0.5), (True, math.nan), (True,), 7):
        wanted = r"^claim value must be \(happened, probability\): a bool and a number in \[0, 1\], was "
        with pytest.raises(ValueError, match=wanted):
            decide_calibration(CELLS, observations([bad]), None)


def test_a_plan_beyond_the_cap_is_none() -> None:
    """The mean square just below the margin's."""
    square = cell_of(FAR[1.0])[0]
    assert square > 0
    for gap, planned in ((1e-5, False), (1e-1, True)):
        rule = Calibration(math.sqrt(square + gap), "test", alpha=0.06)
        found = decide_calibration(rule, calibrated({1.0: FAR[1.0]}), None)
        assert (found.verdict, found.needed is not None) == ("inconclusive", planned)
        assert ("would decide" in found.reason) == planned


@pytest.mark.parametrize(("predicted", "runs", "happened"), [(0.5, 21, 10), (0.2, 39, 21)])
def test_a_verdict_needs_the_interval_and_the_tail(predicted: float, runs: int, happened: int) -> None:
    """Interval below but tail not below alpha; tail below alpha but interval not above."""
    table = {1.0: [(T, predicted)] * happened + [(F, predicted)] * (runs - happened)}
    found = decide_calibration(CELLS, calibrated(table), None)
    low, high = found.statistic["interval"]
    assert found.p_value is not None
    if predicted == 0.5:
        assert high < 0.04
        assert 1 - found.p_value > 0.06
    else:
        assert low < 0.04
        assert found.p_value < 0.06
    assert found.verdict == "inconclusive"
