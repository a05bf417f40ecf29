"""The states of a run that checks compare: margins and coefficients at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.conformance.check import Measurement
from simulation.two_stage.conformance.engine import EngineResult

__all__ = ["States", "compare", "exact", "states_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class States:
    """Margins (T, n), gamma (T, 2, m) and rho (T, 2, m, n) of a run."""

    margins: Floats
    gamma: Floats
    rho: Floats

    def part(self, start: int) -> States:
        """From a step on, coefficients counted from there."""
        return States(
            self.margins[start:], self.gamma[start:] - self.gamma[start], self.rho[start:] - self.rho[start]
        )


def states_of(result: EngineResult, n: int, m: int, steps: int) -> States:
    """The arrays of a result, checked.

    Raises:
        ValueError: naming the array and what its shape or numbers should be.
    """
    number = np.asarray(result.steps)
    if number.shape != (steps + 1,) or not np.array_equal(number, np.arange(steps + 1)):
        raise ValueError(f"steps must be 0, 1, ..., {steps}")
    shapes = {"margins": (n,), "gamma": (2, m), "rho": (2, m, n)}
    found = {}
    for name, shape in shapes.items():
        value = getattr(result, name)
        if value is None:
            raise ValueError(f"{name} must be recorded, was None")
        array = np.asarray(value, dtype=np.float64)
        if array.shape != (steps + 1, *shape):
            raise ValueError(f"{name} must have shape {(steps + 1, *shape)}, was {array.shape}")
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} must be finite, holds NaN or infinity")
        found[name] = array
    return States(**found)


def compare(found: States, expected: States, allowed: float) -> Measurement:
    """The largest difference of two runs, at the earliest step at which it is more than allowed."""
    worst, where = 0.0, ""
    for name in ("margins", "gamma", "rho"):
        off = np.abs(getattr(found, name) - getattr(expected, name))
        by_step = off.reshape(len(off), -1).max(axis=1)
        if by_step.max() > worst:
            worst = float(by_step.max())
            beyond = np.flatnonzero(by_step > allowed)
            step = int(beyond[0]) if len(beyond) else int(by_step.argmax())
            where = f"{name} off by {by_step[step]:.2g} at step {step}"
    return Measurement(worst, allowed, where)


def exact(found: States, expected: States) -> Measurement:
    """Equality to the last bit."""
    return compare(found, expected, 0.0)
