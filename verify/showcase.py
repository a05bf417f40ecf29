"""Runs told in full, for the trajectory figures of the report."""

from __future__ import annotations

import numpy as np

from simulation.two_stage.run import MeasuredRun
from theory.two_stage.exhibits import Exhibit
from verify.outcome import Showcase

__all__ = ["make_showcase"]

_ERROR_POINTS = 18
_STATE_POINTS = 80


def make_showcase(exhibit: Exhibit) -> Showcase:
    """Train an exhibit's setting with the law engine and keep what the figures need."""
    from simulation.two_stage.training import train

    setting = exhibit.setting
    steps = setting.steps(exhibit.clock)
    first = max(1, round(0.02 / setting.clock_step))
    grid = np.unique(np.geomspace(first, steps, _STATE_POINTS).round().astype(int))
    kept = np.unique(np.concatenate([[0], grid]))
    trajectory = train(setting, steps=steps, snapshots=kept.tolist(), seed=exhibit.seed)
    run = MeasuredRun(trajectory, setting)
    index = np.searchsorted(run.steps, run.snapshot_steps)
    error_steps = run.snapshot_steps[
        np.unique(np.linspace(0, len(run.snapshot_steps) - 1, _ERROR_POINTS).round().astype(int))
    ]
    errors = {
        name: np.array(
            [trajectory.test_error(name, at=int(t), samples=8_000, seed=exhibit.seed) for t in error_steps]
        )
        for name in ("iid", "spurious")
    }
    log_iid = np.array(
        [trajectory.log_test_error("iid", at=int(t), samples=300, seed=exhibit.seed) for t in error_steps]
    )
    h = setting.clock_step
    marks = {r"$t_{half}$": run.t_half * h, r"$t_{all}$": run.t_all * h, **exhibit.marks}
    return Showcase(
        name=exhibit.name,
        title=exhibit.title,
        setting=setting,
        seed=exhibit.seed,
        clock=run.snapshot_clock,
        clean=run.clean,
        gamma=run.gamma.mean(axis=2)[index],
        noise_mass=run.noise_mass,
        margins=run.margins[index],
        train_loss=run.train_loss[index],
        error_clock=error_steps * h,
        iid_error=errors["iid"],
        spurious_error=errors["spurious"],
        iid_log_error=log_iid,
        t_1_clock=exhibit.t_1_clock,
        marks={name: clock for name, clock in marks.items() if np.isfinite(clock)},
    )
