"""Stage times of a trajectory: when samples become fit for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["StageTime", "first_stay", "stage_times", "stays_fit"]

Bools = NDArray[np.bool_]


def first_stay(holds: Bools, steps: NDArray[np.int64]) -> float:
    """First step from which `holds` (T,) is true at every later recorded step; inf if never.

    >>> first_stay(np.array([True, False, True, True]), np.array([0, 5, 10, 15]))
    10.0
    """
    if not holds[-1]:
        return float("inf")
    false = np.flatnonzero(~holds)
    return float(steps[0 if len(false) == 0 else false[-1] + 1])


def stays_fit(margins: NDArray[np.float64], steps: NDArray[np.int64], share: float) -> float:
    """First step from which at least `share` of the samples (margins (T, k)) are each fit for good.

    0 when there is no sample.
    """
    if margins.shape[1] == 0:
        return 0.0
    times = np.sort([first_stay(column > 0, steps) for column in margins.T])
    return float(times[int(np.ceil(share * len(times))) - 1])


@dataclass(frozen=True)
class StageTime:
    """A named time in gradient steps (inf: not reached) and what it means."""

    name: str
    step: float
    meaning: str


def stage_times(trajectory: Trajectory, eps: float = 0.1) -> list[StageTime]:
    """t_clean, t_half, t_all and t_eps of a run (two_stage section 5)."""
    clean = trajectory.y == trajectory.y_observed
    margins, steps = trajectory.margins, trajectory.steps
    below = np.flatnonzero(trajectory.train_loss <= eps)
    return [
        StageTime(
            "t_clean", stays_fit(margins[:, clean], steps, 1.0), "all clean samples stay fit (Stage I)"
        ),
        StageTime("t_half", stays_fit(margins[:, ~clean], steps, 0.5), "half of the noisy samples stay fit"),
        StageTime(
            "t_all", stays_fit(margins[:, ~clean], steps, 1.0), "all noisy samples stay fit (Stage II)"
        ),
        StageTime(
            f"t_eps({eps:g})",
            float(steps[below[0]]) if len(below) else float("inf"),
            f"training loss at most {eps:g}",
        ),
    ]
