"""A check: what is compared at one case, and what may differ; tried on all cases, smallest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulation.conformance.result import CheckResult

__all__ = ["Measurement", "not_run", "try_all"]

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
