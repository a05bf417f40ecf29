"""Measured curves: counts of runs and the shapes they must have."""

from __future__ import annotations

import numpy as np

from theory.experiment import Experiment
from theory.question import Curve
from theory.two_stage.box import Fixed
from theory.two_stage.setting import Setting
from verify.curves import measured_curves
from verify.outcome import MeasuredCurve
from verify.runs.make import Measurement
from verify.runs.plan import plan_runs

SETTING = Setting.from_n_snr2(
    n=10, d=100, m=2, n_snr2=4.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.1
)
RUNS = Experiment("curves", place=Fixed(SETTING), clock=1.0, runs={"quick": 3})
CURVE = Curve("c", RUNS, (0.5, 1.0), lambda run: {}, "title", "y")


def made(values: list[dict[str, object] | None]) -> dict[str, dict[int, Measurement]]:
    specs = plan_runs(RUNS, "quick", 0)
    return {
        "curves": {
            spec.index: Measurement(spec, 10, {} if value is None else {"c": value}, {})
            for spec, value in zip(specs, values, strict=True)
        }
    }


def test_runs_stand_in_their_order_and_those_without_a_value_are_left_out() -> None:
    (found,) = measured_curves([CURVE], made([{"a": [1.0, 2.0]}, None, {"a": [3.0, 4.0]}]))
    np.testing.assert_array_equal(found.values["a"], [[1.0, 2.0], [3.0, 4.0]])
    assert found.runs == 2


def test_a_curve_without_a_measured_run_is_left_out() -> None:
    assert measured_curves([CURVE], made([None, None, None])) == ()
    assert measured_curves([CURVE], {}) == ()


def test_runs_count_only_where_they_have_a_value() -> None:
    values = np.array([[np.nan, np.nan], [1.0, np.nan]])
    assert MeasuredCurve(CURVE, {"a": values}).runs == 1
