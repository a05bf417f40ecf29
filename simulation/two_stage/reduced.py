r"""Gradient descent on the closure: exact, at O(m n^2) a step whatever the dimension.

Weight decay and heavy ball keep the closure, schedules and mini-batches enter as weights of the samples.

State: the coefficients `C` (2m, n+1), first column `j gamma`, the others `rho`. Each step forms
`A = A^(0) + C D^-1 K` afresh (no accumulated error), the margins, and the two recursions. On a CPU every run
is processed on its own by a compiled loop, runs spread over threads; on CUDA runs share a leading axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.geometry import Geometry
from simulation.two_stage.record import Record
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import StopRule

__all__ = ["run_reduced"]

Steps = NDArray[np.int64]


def run_reduced(
    geometries: Sequence[Geometry],
    etas: Sequence[float],
    *,
    steps: Sequence[int],
    recorded: Sequence[Steps],
    snapshots: Sequence[Steps],
    batching: Sequence[StepWeights | None] | None = None,
    decay: Sequence[float] | None = None,
    momentum: float = 0.0,
    stop: StopRule | None = None,
    device: str = "cpu",
    dtype: object = "float64",
    progress: bool = False,
) -> list[Record]:
    """Train several problems side by side; one Record each.

    Every run has its own shape, number of steps, recorded steps, snapshots and, for mini-batches, draws. On a
    CPU a run's numbers are the same to the last bit whatever else is in the batch and on however many threads
    it is processed; on CUDA up to rounding.

    Args:
        decay: `h lambda` of each run: a step first multiplies W by one minus this. It keeps the closure:
            `A^(t) = (1 - h lambda)^t A^(0) + C^(t) D^-1 K`, with C shrunk alike.
        momentum: beta of `V <- beta V - (1 - beta) eta grad`, `W <- W + V`; V lies in the span as well.
        stop: a run ends at the first step where this holds, which is recorded and kept as a snapshot.
        dtype: "float64" or "float32" (or torch's types of these names).
    """
    name = str(dtype).removeprefix("torch.")
    draws = [None] * len(geometries) if batching is None else list(batching)
    shrink = [0.0] * len(geometries) if decay is None else list(decay)
    if device == "cpu":
        from simulation.two_stage.closure_cpu import run_on_cpu

        return run_on_cpu(
            geometries, etas, steps, recorded, snapshots, draws, shrink, momentum, stop, name, progress
        )
    from simulation.two_stage.closure_torch import run_on_torch

    return run_on_torch(
        geometries, etas, steps, recorded, snapshots, draws, shrink, momentum, stop, device, name, progress
    )
