"""The D_test law with fresh noise: right where counting is not, and counting where the noise vanishes."""

from __future__ import annotations

import pytest

from simulation.two_stage.run import MeasuredRun
from simulation.two_stage.training import train_many
from theory.two_stage.mean_field.dtest_law import dtest_error
from theory.two_stage.mean_field.sample_law import memorisation_error
from theory.two_stage.setting import Setting

CLOCKS = (0.5, 2.5, 4.0)


def run_at(dimension_ratio: int) -> MeasuredRun:
    setting = Setting.from_n_snr2(
        n=60,
        d=60 * dimension_ratio,
        m=16,
        n_snr2=9.0,
        tau_plus=0.25,
        tau_minus=0.25,
        kappa_0=0.3,
        clock_step=0.1,
    )
    steps = [0, *(round(10 * clock) for clock in CLOCKS), 60]
    (trajectory,) = train_many([setting], [3], steps=[60], snapshots=[steps])
    return MeasuredRun(trajectory, setting, test_samples=40_000)


def test_it_is_the_monte_carlo_error_and_counting_is_not() -> None:
    run = run_at(100)
    smooth, counted = [], []
    for clock in (*CLOCKS, 6.0):
        measured = run.test_error("spurious", clock).value
        smooth.append(abs(dtest_error(run, clock) - measured))
        counted.append(abs(memorisation_error(run, clock) - measured))
    assert max(smooth) < 0.008
    assert max(counted) > 2 * max(smooth)


def test_with_vanishing_noise_it_counts() -> None:
    run = run_at(100_000)
    for clock in (*CLOCKS, 6.0):
        assert dtest_error(run, clock, spread=0.0) == pytest.approx(memorisation_error(run, clock), abs=1e-9)


def test_a_wrong_spread_shows() -> None:
    run = run_at(100)
    errors = [
        abs(dtest_error(run, clock, spread=3.0) - run.test_error("spurious", clock).value) for clock in CLOCKS
    ]
    assert max(errors) > 0.02
