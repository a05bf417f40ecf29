"""Schedules of the step size: the factor of each step, and the clock that has passed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["Schedule"]

_Kind = Literal["cosine", "warm_up", "drop", "alternating"]


@dataclass(frozen=True)
class Schedule:
    """Step sizes `eta_t = eta x factor(t)`.

    Args:
        kind: "cosine" `(1 + cos(pi t/span))/2`, 0 from `span` on; "warm_up" `min(1, (t + 1)/span)`; "drop"
            1 before `span`, `low` from there on; "alternating" `low` and `2 - low` by turns.
        span: in steps.
        low: of "drop" and "alternating".

    Raises:
        ValueError: naming the argument, what it was and what is allowed.

    >>> [Schedule("drop", span=2, low=0.3).factor(t) for t in range(3)]
    [1.0, 1.0, 0.3]
    >>> Schedule("alternating", low=0.5).elapsed(np.array([0, 1, 2, 4])).tolist()
    [0.0, 0.5, 2.0, 4.0]
    """

    kind: _Kind
    span: int = 1
    low: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(_Kind):
            raise ValueError(f"schedule.kind must be one of {', '.join(get_args(_Kind))}, was {self.kind!r}")
        if isinstance(self.span, bool) or not isinstance(self.span, int) or self.span < 1:
            raise ValueError(f"schedule.span must be an integer >= 1, was {self.span!r}")
        if not 0.0 <= self.low <= 2.0:
            raise ValueError(f"schedule.low must lie in [0, 2], was {self.low!r}")

    def factor(self, step: int) -> float:
        """The factor of this step, the first being 0."""
        if self.kind == "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * step / self.span)) if step < self.span else 0.0
        if self.kind == "warm_up":
            return min(1.0, (step + 1) / self.span)
        if self.kind == "drop":
            return 1.0 if step < self.span else self.low
        return self.low if step % 2 == 0 else 2.0 - self.low

    def elapsed(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum of the factors of all steps before each of these: clock in units of h."""
        return np.asarray(_sums(self, int(steps.max()))[steps]) if len(steps) else np.empty(0)


@lru_cache(maxsize=64)
def _sums(schedule: Schedule, last: int) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum([schedule.factor(t) for t in range(last)])])
