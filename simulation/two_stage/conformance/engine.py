r"""What an engine is: a callable that trains a concrete problem and tells its decomposition at every step.

Any callable of this form can be put through `verify.run_engine_conformance`; nothing need be inherited.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.problem import Problem
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["BatchEngine", "Engine", "EngineResult", "cnn_engine", "reduced_engine"]


class EngineResult(Protocol):
    """What a run of gradient descent tells, at every step 0..steps; T = steps + 1.

    Index 0 of a side axis is j = +1. A `simulation.Trajectory` is one.
    """

    @property
    def steps(self) -> NDArray[np.int64]:
        """Step numbers 0, 1, ..., steps; (T,)."""

    @property
    def margins(self) -> NDArray[np.float64]:
        """`y~_i f(W^(t), x_i)`, at the weights of the same step; (T, n)."""

    @property
    def gamma(self) -> NDArray[np.float64]:
        """Signal coefficients, (T, 2, m): `w^(t) - w^(0)` holds `j gamma_{j,r} mu / |mu|^2`."""

    @property
    def rho(self) -> NDArray[np.float64] | None:
        """Noise coefficients, (T, 2, m, n): `w^(t) - w^(0)` holds `rho_{j,r,i} xi_i / |xi_i|^2`."""


class Engine(Protocol):
    r"""Full-batch gradient descent `W <- W - eta grad L(W)` from `problem.w0`.

    `L = (1/n) sum_i log(1 + exp(-y~_i f(W, x_i)))`, `f = F_{+1} - F_{-1}`,
    `F_j = (1/m) sum_r [relu(<w_{j,r}, y_i mu>) + relu(<w_{j,r}, xi_i>)]` (Han et al. 2025, section 3).

    Args:
        problem: data and initial weights.
        eta: step size.
        steps: gradient steps; the result holds `steps + 1` states.
        dtype: "float64" or "float32", the type it computes in.
        device: "cpu" or "cuda".

    One that takes `variation=` too, a `theory.two_stage.variation.Variation`, is asked for labels flipped
    afresh (`simulation.two_stage.step_weights.StepWeights` of seed 0 says which) and for biases.
    """

    def __call__(
        self, problem: Problem, *, eta: float, steps: int, dtype: str = "float64", device: str = "cpu"
    ) -> EngineResult: ...


@runtime_checkable
class BatchEngine(Protocol):
    """An engine that also trains several problems side by side; a run must not depend on its neighbours."""

    def run_many(
        self,
        problems: list[Problem],
        *,
        etas: list[float],
        steps: list[int],
        dtype: str = "float64",
        device: str = "cpu",
    ) -> list[EngineResult]:
        """One result for each problem, in order."""


def cnn_engine(
    problem: Problem,
    *,
    eta: float,
    steps: int,
    dtype: str = "float64",
    device: str = "cpu",
    variation: Variation = PLAIN,
) -> EngineResult:
    """`train(..., engine="cnn")` as an `Engine`."""
    from simulation.two_stage.training import train

    return train(problem, eta=eta, steps=steps, engine="cnn", dtype=dtype, device=device, variation=variation)


def reduced_engine(
    problem: Problem,
    *,
    eta: float,
    steps: int,
    dtype: str = "float64",
    device: str = "cpu",
    variation: Variation = PLAIN,
) -> EngineResult:
    """`train(..., engine="reduced")` as an `Engine`."""
    from simulation.two_stage.training import train

    return train(
        problem, eta=eta, steps=steps, engine="reduced", dtype=dtype, device=device, variation=variation
    )
