"""A two-layer linear network that learns a matrix of given singular values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import theory as th

__all__ = ["Linear"]


@dataclass(frozen=True)
class Linear(th.AbstractSetting):
    """Whitened inputs and targets in R^width with input-output correlations `s_k = ratio^-k`, k < modes; as
    many hidden units; every mode starts at strength `start * s_k`. The clock is `step` a step."""

    width: int
    modes: int
    ratio: float
    start: float
    step: float = 0.02

    def __post_init__(self) -> None:
        if not 1 <= self.modes <= self.width:
            raise ValueError(f"modes must lie between 1 and width = {self.width}, was {self.modes!r}")

    @property
    def clock_step(self) -> float:
        """`step` a step."""
        return self.step

    @property
    def strengths(self) -> NDArray[np.float64]:
        """Singular values (modes,) of what is to be learned, largest first."""
        return self.ratio ** -np.arange(float(self.modes))

    @property
    def half_times(self) -> NDArray[np.float64]:
        """Clocks (modes,) at which a mode is half learned: `ln(s/u_0 - 1)/(2 s)`."""
        return math.log(1 / self.start - 1) / (2 * self.strengths)


Linear.model = th.Model("examples.deep_linear", Linear, "simulation.examples.deep_linear")
