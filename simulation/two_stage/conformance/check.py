"""A check: what is compared at one case, and what may differ; tried on all cases, smallest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulation.conformance.result import CheckResult
from simulation.two_stage.conformance.engine import EngineResult

__all__ = ["Measurement", "States", "compare", "exact", "not_run", "states_of", "try_all"]

Floats = NDArray[np.float64]
C = TypeVar("C")


@dataclass(frozen=True)
class Measurement:
    """An error, what it may be, and where it was seen."""

    error: float
    allowed: float
    where: str = ""

    @property
    def holds(self) -> bool:
        """False for NaN too."""
        return self.error <= self.allowed


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


def try_all(
    name: str, rule: str, seed: int, cases: Sequence[C], measure: Callable[[C], Measurement]
) -> CheckResult:
    """A check on every case; an exception of the engine is a failure of the case."""
    worst, failure = Measurement(0.0, 0.0), None
    for case in cases:
        try:
            found = measure(case)
        except Exception as error:  # whatever a user's engine raises
            text = " ".join(str(error).split())
            found = Measurement(math.inf, 0.0, f"{type(error).__name__}: {text}")
        if _ratio(found) > _ratio(worst):
            worst = found
        if failure is None and not found.holds:
            failure = f"{case}: {found.where}"
    status = "passed" if failure is None else "failed"
    return CheckResult(name, status, worst.error, worst.allowed, rule, len(cases), failure, seed)  # type: ignore[arg-type]


def _ratio(found: Measurement) -> float:
    if math.isnan(found.error):
        return math.inf
    if found.allowed > 0:
        return found.error / found.allowed
    return math.inf if found.error > 0 else -1.0 if found == Measurement(0.0, 0.0) else 0.0


def not_run(name: str, why: str, seed: int) -> CheckResult:
    """A check that cannot be made here."""
    return CheckResult(name, "not run", 0.0, 0.0, why, 0, None, seed)
