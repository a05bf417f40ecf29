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

    @property
    def range(self) -> tuple[float, float]:
        """The values that it can have: of probabilities and shares, of times and losses, of logarithms."""
        if self.unit in ("probability", "share", "0 or 1"):
            return 0.0, 1.0
        if self.name.startswith("log_"):
            return -math.inf, 0.0
        if self.unit == "steps" or self.name in ("final_loss", "loss"):
            return 0.0, math.inf
        return -math.inf, math.inf

    @property
    def usage(self) -> str:
        """`name(parameter, ...)`."""
        shown = [
            "/".join(self.words[k]) if kind == "word" else "clock" if kind == "state" else kind
            for k, kind in enumerate(self.parameters)
        ]
        return f"{self.name}({', '.join(shown)})" if shown else self.name
