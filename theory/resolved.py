"""A number that is known to a resolution only."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Resolved"]


@dataclass(frozen=True)
class Resolved:
    """A measured number that stands for every number within `value +- resolution`.

    A time read off whole steps has a resolution of one step, a rate counted on k samples one of 1/k. At or
    below `floor`, or at or above `ceiling`, nothing is known beyond: it is open on that side. A rule that is
    given such numbers decides at the ends that speak most for and most against the claim, and says nothing
    where the two disagree.

    Args:
        value: the number as measured; nan: not measured.
        resolution: >= 0, in the same unit.
        floor, ceiling: the least and the largest number that the measurement can show; None: none.

    Raises:
        ValueError: naming the argument.

    >>> Resolved(1.0, 1.0, floor=1.0).low, Resolved(1.0, 1.0, floor=1.0).high
    (-inf, 2.0)
    >>> float(Resolved(0.25, 0.01))
    0.25
    """

    value: float
    resolution: float
    floor: float | None = None
    ceiling: float | None = None

    def __post_init__(self) -> None:
        if not self.resolution >= 0:
            raise ValueError(f"resolution must be at least 0, was {self.resolution!r}")
        if self.floor is not None and self.ceiling is not None and not self.floor < self.ceiling:
            raise ValueError(f"floor must be below ceiling, was {self.floor!r} and {self.ceiling!r}")

    def times(self, factor: float) -> Resolved:
        """The number in another unit, a factor > 0 larger; its mirror image for a factor < 0.

        >>> Resolved(1.0, 0.5, floor=0.0).times(-2.0)
        Resolved(value=-2.0, resolution=1.0, floor=None, ceiling=-0.0)
        """
        ends = [None if end is None else factor * end for end in (self.floor, self.ceiling)]
        low, high = ends if factor > 0 else ends[::-1]
        return Resolved(factor * self.value, abs(factor) * self.resolution, low, high)

    def __float__(self) -> float:
        return float(self.value)

    @property
    def low(self) -> float:
        """The least number that it may stand for."""
        if math.isnan(self.value) or (self.floor is not None and self.value <= self.floor):
            return -math.inf
        return float(self.value - self.resolution)

    @property
    def high(self) -> float:
        """The largest number that it may stand for."""
        if math.isnan(self.value) or (self.ceiling is not None and self.value >= self.ceiling):
            return math.inf
        return float(self.value + self.resolution)
