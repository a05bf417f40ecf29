"""Exhibits and curves: what is drawn of runs, as data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulation import train
from theory.exhibit import Exhibit, Panel, Series
from theory.experiment import Experiment
from theory.question import Curve
from theory.two_stage.box import Fixed
from theory.two_stage.exhibits import exhibit_at
from theory.two_stage.paper import THIS
from theory.two_stage.setting import Setting
from verify.exhibits import make_exhibits, make_panels, measured_curves
from verify.outcome import MeasuredCurve
from verify.runs.batch import Measurement
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


# Exhibits ------------------------------------------------------------------------------------------------

AT = Setting.from_n_snr2(
    n=20, d=4000, m=6, n_snr2=8.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.1, clock_step=0.1
)


def one_panel(run: object) -> tuple[Panel, ...]:
    seen = (run.seed, int(run.steps[-1]), len(run.snapshot_steps))  # type: ignore[attr-defined]
    return (Panel("t", "x", "y", (Series("", "measured", np.array(seen, dtype=float), np.zeros(3)),)),)


def test_the_panels_of_the_paper_tell_its_run() -> None:
    setting = AT.with_(n=60, tau_plus=0.3, tau_minus=0.3)
    panels = make_panels(exhibit_at("small", "Small", setting, clock=4.0, seed=3))
    assert [p.title.partition("?")[0] for p in panels] == [
        "When does noise overtake the signal", "When is a sample fit as labelled", "Does log 2 separate them",
        "Which test error stays", "How rare is an error on fresh noise",
    ]  # fmt: skip
    clean, noisy = (s.arrays()[0] for s in panels[2].series)
    assert len(clean) + len(noisy) == 60
    apart = clean.max() < math.log(2) < noisy.min()
    assert f"? {'Yes' if apart else 'No'}, " in panels[2].title
    # The dotted line is half of the smaller realised rate, not of the nominal one.
    labels = train(setting, steps=1, engine="law", seed=3)
    flipped = labels.y != labels.y_observed
    assert len(noisy) == flipped.sum()
    (floor,) = panels[3].lines.values()
    assert floor == 0.5 * min(flipped[labels.y == side].mean() for side in (-1, 1))
    assert floor != 0.15


def test_no_line_is_drawn_without_flipped_labels() -> None:
    panels = make_panels(exhibit_at("none", "None", AT.with_(tau_plus=0.0, tau_minus=0.0), clock=2.0))
    assert [p.title for p in panels if p.lines and "test error" in p.y] == []
    assert not any("log 2" in p.title for p in panels)


def test_an_exhibit_is_made_by_its_models_engine_and_travels_as_arrays() -> None:
    exhibit = Exhibit("one", "One", AT, 2.0, one_panel, seed=7, snapshots=(0.5, 1.0), engine="reduced")
    broken = replace(exhibit, id="broken", panels=lambda run: 1 / 0)
    unknown = replace(exhibit, id="unknown", engine="abacus")
    paper = replace(THIS, claims=(), questions=(), exhibits=(exhibit, broken, unknown))
    for jobs in (1, 2):
        one, failed, missing = make_exhibits([paper], jobs=jobs)
        assert (one.paper, one.id, one.error) == ("two_stage", "one", "")
        np.testing.assert_array_equal(one.panels[0].series[0].x, [7, 20, 4])
        assert failed.error == "ZeroDivisionError: division by zero"
        assert "engine must be one of law, reduced, cnn" in missing.error
        assert failed.panels == ()


def test_a_control_arm_stands_beside_the_run() -> None:
    def both(run: object) -> tuple[Panel, ...]:
        rates = [run.setting.tau_plus, run.control.setting.tau_plus]  # type: ignore[attr-defined]
        return (Panel("t", "x", "y", (Series("", "control", rates, rates),)),)

    (panel,) = make_panels(Exhibit("two", "Two", AT, 1.0, both, control=AT.with_(tau_plus=0.1)))
    assert list(panel.series[0].arrays()[0]) == [0.2, 0.1]


def test_a_setting_without_a_model_is_refused() -> None:
    from dataclasses import dataclass

    from theory.setting import AbstractSetting

    @dataclass(frozen=True)
    class Bare(AbstractSetting):
        n: int

    with pytest.raises(ValueError, match="exhibit bare: Bare has no model"):
        make_panels(Exhibit("bare", "Bare", Bare(3), None, one_panel))
