"""A named range to draw a number in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

__all__ = ["Coordinate"]


@dataclass(frozen=True)
class Coordinate:
    """A named range: `low <= x <= high`, on a logarithmic or linear scale, whole numbers or not.

    Args:
        meaning: what the number is, in one phrase.
        shown: how readers see it where `name` is a word of the code, such as "d/n"; "" shows the name.

    Raises:
        ValueError: naming the coordinate, when the range is empty or a logarithmic one reaches 0.
    """

    name: str
    low: float
    high: float
    scale: Literal["log", "linear"] = "log"
    whole: bool = False
    meaning: str = ""
    shown: str = field(default="", compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name must not be empty")
        if self.scale not in ("log", "linear"):
            raise ValueError(f"{self.name}: scale must be log or linear, was {self.scale!r}")
        if not self.low <= self.high or not math.isfinite(self.high - self.low):
            raise ValueError(
                f"{self.name}: low must be at most high, both finite, was {self.low!r} and {self.high!r}"
            )
        if self.scale == "log" and not self.low > 0:
            raise ValueError(f"{self.name}: a log scale needs low > 0, was {self.low!r}")

    def draw(self, rng: np.random.Generator) -> float:
        """A random value, uniform on the scale.

        A logarithmic range of one point takes no draw; a linear one does.
        """
        start, width = self._drawn_in
        # What `rng.uniform` computes, at a third of its time: a box is drawn from 100,000 times.
        if self.scale == "linear":
            value = start + width * rng.random()
        elif self.low < self.high:
            value = math.exp(start + width * rng.random())
        else:
            value = float(self.low)
        return round(value) if self.whole else value

    @cached_property
    def _drawn_in(self) -> tuple[float, float]:
        """Start and width of the range on its scale."""
        if self.scale == "linear":
            return float(self.low), float(self.high) - float(self.low)
        return math.log(self.low), math.log(self.high) - math.log(self.low)

    def at(self, share: float) -> float:
        """The value a share of the way from low (0) to high (1) on the scale.

        >>> Coordinate("n", 10, 1000, whole=True).at(0.5)
        100
        """
        if share <= 0 or self.low == self.high:
            value = float(self.low)
        elif share >= 1:
            value = float(self.high)
        elif self.scale == "linear":
            value = self.low + (self.high - self.low) * share
        else:
            value = self.low * (self.high / self.low) ** share
        return round(value) if self.whole else value

    def share(self, value: float) -> float:
        """Where a value lies on the scale: 0 at low, 1 at high; 0 for a range of one point."""
        if self.low == self.high:
            return 0.0
        if self.scale == "log" and not value > 0:
            return -math.inf
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        return math.log(value / self.low) / math.log(self.high / self.low)

    def describe(self) -> str:
        """The range in words, under the name for readers.

        >>> Coordinate("n", 40, 90).describe(), Coordinate("clock_step", 0.1, 0.1, shown="h m").describe()
        ('n 40..90', 'h m 0.1')
        """
        name = self.shown or self.name
        if self.low == self.high:
            return f"{name} {self.low:g}"
        return f"{name} {self.low:g}..{self.high:g}"
