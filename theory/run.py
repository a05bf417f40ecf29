"""What a measure returns beside plain values, and what the core asks of every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "NotApplicable", "Run"]


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class NotApplicable:
    """Returned by `measure` when the claim does not speak of this run; the reason is reported."""

    reason: str


class Run(Protocol):
    """All that the core asks of a run. A paper's own Run extends it with what its claims measure."""

    @property
    def setting(self) -> Any: ...
    @property
    def seed(self) -> int: ...
    @property
    def engine(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def steps(self) -> NDArray[np.int64]:
        """Recorded step numbers, (T,); the last is the run's length."""
