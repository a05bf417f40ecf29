"""From a job and its trajectory to the run that claims see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.models import Job, read_only
from theory.two_stage.variation import PLAIN, Variation

if TYPE_CHECKING:
    from simulation.two_stage.run import MeasuredRun
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["measured_run", "variation_of"]


def variation_of(job: Job) -> Variation:
    """A job's options; the paper's own model where there are none.

    Raises:
        ValueError: when they are no `Variation`.
    """
    if job.options is None:
        return PLAIN
    if not isinstance(job.options, Variation):
        raise ValueError(f"options must be a theory.Variation, was a {type(job.options).__name__}")
    return job.options


def measured_run(trajectory: Trajectory, job: Job) -> MeasuredRun:
    """The run that claims see: read-only, with the job's precision."""
    from simulation.two_stage.run import MeasuredRun

    record, geometry = trajectory.record, trajectory.geometry
    read_only([*vars(record).values(), *vars(geometry).values()])
    return MeasuredRun(trajectory, job.setting, schedule=variation_of(job).schedule, **dict(job.precision))
