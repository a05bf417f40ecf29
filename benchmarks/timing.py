"""Side-by-side timing: the works of a pair alternate in one run, so that the machine's moods hit both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Spread", "alternate", "ratio"]


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of the values of the rounds."""
        low, middle, high = np.quantile(np.asarray(values), [0.25, 0.5, 0.75])
        return cls(float(middle), float(low), float(high))

    def scaled(self, factor: float) -> Spread:
        """All three times a factor."""
        return Spread(self.median * factor, self.low * factor, self.high * factor)


def alternate(
    works: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> list[list[float]]:
    """Seconds of every work in every round, after one unrecorded round: a list a work."""
    seconds: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for mine, work in zip(seconds, works, strict=True):
            start = clock()
            work()
            mine.append(clock() - start)
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> Spread:
    """Ratios round by round."""
    return Spread.of([a / b for a, b in zip(slow, fast, strict=True)])
