"""Stage times of a trajectory: when samples become fit for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.stays import first_at_most, share_time, stay_times

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["StageTime", "stage_times", "stays_fit"]


def stays_fit(margins: NDArray[np.float64], steps: NDArray[np.int64], share: float) -> float:
    """Time from which at least `share` of the samples (margins (T, k)) are each fit for good, in steps.

    Between two recorded steps margins are interpolated. 0 when there is no sample.

    >>> stays_fit(np.array([[-1.0, -3.0], [1.0, 1.0]]), np.array([0, 1]), 1.0)
    0.75
    """
    return share_time(stay_times(margins, steps), share) if margins.shape[1] else 0.0


@dataclass(frozen=True)
class StageTime:
    """A named time in gradient steps (inf: not reached) and what it means."""

    name: str
    step: float
    meaning: str


def stage_times(trajectory: Trajectory, eps: float = 0.1) -> list[StageTime]:
    """t_clean, t_half, t_all and t_eps of a run, between recorded steps by interpolation."""
    clean = trajectory.y == trajectory.y_observed
    margins, steps = trajectory.margins, trajectory.steps
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
            first_at_most(trajectory.train_loss, steps, eps),
            f"training loss at most {eps:g}",
        ),
    ]
