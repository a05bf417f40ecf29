"""An engine that is right for a thousand steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from quality.wrong_engines import Result

from simulation import reduced_engine
from simulation.two_stage.conformance.reference import weights_of
from simulation.two_stage.problem import Problem

#: Last step of `single_later` in float64.
SINGLE_FROM = 1000


def single_later(problem: Problem, *, eta: float, steps: int, **options: Any) -> Any:
    """In float32 from step 1,000 on."""
    first = min(steps, SINGLE_FROM)
    head = reduced_engine(problem, eta=eta, steps=first, **options)
    if steps <= SINGLE_FROM:
        return head
    w = weights_of(problem, head.gamma[-1], head.rho[-1])
    later = Problem(problem.mu, problem.xi, problem.y, problem.y_observed, w)
    tail = reduced_engine(later, eta=eta, steps=steps - first, dtype="float32")
    return Result(
        np.arange(steps + 1),
        np.concatenate([head.margins, tail.margins[1:]]),
        np.concatenate([head.gamma, head.gamma[-1] + tail.gamma[1:]]),
        np.concatenate([head.rho, head.rho[-1] + tail.rho[1:]]),
    )
