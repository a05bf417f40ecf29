"""At which steps a run records its quantities."""

from __future__ import annotations

from dataclasses import dataclass

from theory.setting import AbstractSetting

__all__ = ["EVERY_STEP", "AtClocks", "EveryStep", "Geometric", "Record"]


@dataclass(frozen=True)
class EveryStep:
    """All steps."""

    def steps(self, setting: AbstractSetting, last: int) -> tuple[int, ...] | None:
        """None: every step from 0 to `last`."""
        return None


@dataclass(frozen=True)
class AtClocks:
    """The first steps that reach these clocks, with 0 and the last one."""

    clocks: tuple[float, ...]

    def steps(self, setting: AbstractSetting, last: int) -> tuple[int, ...] | None:
        """The steps in order, none twice."""
        return tuple(sorted({0, last} | {min(setting.steps(c), last) for c in self.clocks}))


@dataclass(frozen=True)
class Geometric:
    """About `count` steps, evenly spaced in their logarithm, with 0 and the last one.

    >>> Geometric(4).steps(AbstractSetting(), 1000)
    (0, 1, 10, 100, 1000)
    """

    count: int

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError(f"count must be at least 2, was {self.count!r}")

    def steps(self, setting: AbstractSetting, last: int) -> tuple[int, ...] | None:
        """The steps in order, none twice."""
        if last < 1:
            return (0,)
        inner = {round(last ** (k / (self.count - 1))) for k in range(self.count)}
        return tuple(sorted({0, last} | inner))


Record = EveryStep | AtClocks | Geometric

EVERY_STEP = EveryStep()
