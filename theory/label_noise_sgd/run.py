"""A finished run of the two-layer linear network, as claims see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.trajectory import Trajectory

__all__ = ["LinearRun", "ValuesRun"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LinearRun:
    """One run: its setting, seed and records.

    Args:
        steps, clock: (T,) recorded steps and their clocks; the last is the run's length.
        path: the trajectory, for engines that make one.
        values: what other engines give, by name (arrays).
        control: the paired run, where the options ask for one.
    """

    setting: LinearSetting
    seed: int
    engine: str
    steps: Ints
    clock: Floats
    options: LinearOptions
    path: Trajectory
    dtype: str = "float64"
    values: Mapping[str, Any] = field(default_factory=dict)
    control: LinearRun | None = None

    def at(self, clock: float) -> int:
        """The record nearest to a clock."""
        return int(np.argmin(np.abs(self.clock - clock)))


@dataclass(frozen=True, eq=False)
class ValuesRun:
    """A run of which arrays by name are kept: deep networks, the notebook's network."""

    setting: Any
    seed: int
    engine: str
    steps: Ints
    clock: Floats
    values: Mapping[str, Any]
    dtype: str = "float64"
