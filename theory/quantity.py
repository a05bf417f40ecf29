"""A quantity of one run that a sweep may name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ArgumentKind", "Quantity"]

#: Of an argument: "eps" a number > 0, "clock" a recorded clock, "state" a clock at which the full state is
#: kept, "word" one of those that the quantity lists.
ArgumentKind = Literal["eps", "clock", "state", "word"]


@dataclass(frozen=True)
class Quantity:
    """A number of one run, nan where it does not apply.

    Args:
        name: as a sweep writes it.
        parameters: kinds of its arguments.
        unit: of the value.
        meaning: one phrase.
        value: a function of the run and the arguments: float, bool or `Estimate`.
        states: whether it is seen at snapshots only.
        words: the words allowed, by the position of the argument.
        within: the least and the largest value that it can have, to which intervals are clipped.
        sampled: whether its value is an estimate, as fine as the job's precision says.
    """

    name: str
    parameters: tuple[ArgumentKind, ...]
    unit: str
    meaning: str
    value: Callable[..., Any]
    states: bool = False
    words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    sampled: bool = False
    within: tuple[float, float] = (-math.inf, math.inf)

    @property
    def usage(self) -> str:
        """`name(parameter, ...)`."""
        shown = [
            "/".join(self.words[k]) if kind == "word" else "clock" if kind == "state" else kind
            for k, kind in enumerate(self.parameters)
        ]
        return f"{self.name}({', '.join(shown)})" if shown else self.name
