"""The clock under schedules, heavy ball and mini-batches: what is proved, and what a wrong clock looks
like."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from simulation.models import engines_of
from theory.run import NotApplicable
from theory.two_stage.clock import claims
from theory.two_stage.clock.experiments import BATCHES_SMALL, MOMENTUM, SCHEDULES
from theory.two_stage.clock.lag import lag, prove_lag
from verify.runs.plan import control_job, job_of


def test_the_lag_is_proved_and_summed() -> None:
    assert prove_lag().holds
    beta = sp.Symbol("beta", positive=True)
    assert not prove_lag(beta / (1 - beta) * sp.Rational(11, 10)).holds
    state = velocity = 0.0
    for _ in range(200):
        velocity = 0.8 * velocity + 0.2
        state += velocity
    assert state == pytest.approx(200 - lag(0.8), abs=1e-9)


def test_a_time_is_read_in_the_middle_of_its_step() -> None:
    margins = np.array([[-1.0, -1], [-1, 1], [1, 1], [1, 1]])
    run: Any = SimpleNamespace(
        margins=margins, noisy=np.array([True, True]), clock=np.array([0.0, 0.1, 0.4, 0.5])
    )
    assert claims.fit_clock(run, 0.5) == pytest.approx(0.05)
    assert claims.fit_clock(run, 1.0) == pytest.approx(0.25)
    assert claims.fit_clock(run, 1.0, late=0.1) == pytest.approx(0.15)
    run.margins = -margins
    assert claims.fit_clock(run, 1.0) == np.inf


def ratios(experiment: Any, first: int, measure: Any, count: int = 12) -> list[float]:
    engine = engines_of(experiment.of_model)["law"]
    found = []
    for k, point in enumerate(experiment.place.points(count, lambda k: np.random.default_rng([first, k]))):
        (run,) = engine.make([job_of(experiment, point.setting, first + k, engine)], device="cpu")
        other = control_job(experiment, point.setting, first + k, engine)
        assert other is not None
        assert other.options != experiment.options
        (run.control,) = engine.make([other], device="cpu")
        value = measure(run)
        if not isinstance(value, NotApplicable):
            found.append(float(np.log(value[0] / value[1])))
    assert len(found) >= 6
    return found


@pytest.mark.parametrize("name", ["cosine", "drop"])
def test_a_schedule_keeps_the_clock_and_not_the_steps(name: str) -> None:
    experiment = SCHEDULES[name, "large"]
    assert abs(np.median(ratios(experiment, 10, claims.times_of))) < 0.02
    # A wrong clock: the power of it moved, and steps in its place.
    assert np.median(ratios(experiment, 10, lambda run: claims.times_of(run, power=1.1))) > 0.05

    def in_steps(run: Any) -> Any:
        steps = run.steps * run.setting.clock_step
        clock, run.__dict__["clock"] = run.clock, steps
        value = claims.times_of(run)
        run.__dict__["clock"] = clock
        return value

    assert np.median(ratios(experiment, 10, in_steps)) > 0.05


def test_heavy_ball_is_late_by_its_lag() -> None:
    experiment = MOMENTUM[0.9, 0.02, "large"]
    assert abs(np.median(ratios(experiment, 20, lambda run: claims.times_of(run, momentum=0.9)))) < 0.02
    assert np.median(ratios(experiment, 20, claims.times_of)) > 0.02


def test_small_batches_are_late_inside_condition_4_1() -> None:
    assert np.median(ratios(BATCHES_SMALL[10], 30, lambda run: claims.times_of(run, 1.0))) > 0.2
