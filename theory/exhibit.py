"""A run that a paper wants shown in full, as data: the core draws its panels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.setting import AbstractSetting

__all__ = ["Exhibit", "Panel", "Role", "Series"]

#: What a series is, from which its colour follows; the same in every figure.
Role = Literal["clean", "noisy", "positive", "negative", "measured", "predicted", "control", "other"]


@dataclass(frozen=True, eq=False)
class Series:
    """Something drawn in a panel.

    Args:
        label: what it is, "" for none.
        role: what its colour follows from.
        x: abscissae, (T,); of a histogram: the values, (N,).
        y: "line": (T,) or (T, k) for k lines of one role; "band": (T, 2) lower and upper ends; "estimate":
            (T, 3) estimate, lower and upper limit; "histogram": not used.
        kind: how it is drawn.
    """

    label: str
    role: Role
    x: ArrayLike
    y: ArrayLike | None = None
    kind: Literal["line", "band", "estimate", "histogram"] = "line"
    dashed: bool = False

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """x and y as arrays of floats."""
        y = None if self.y is None else np.asarray(self.y, dtype=np.float64)
        return np.asarray(self.x, dtype=np.float64), y


@dataclass(frozen=True, eq=False)
class Panel:
    """Axes with series.

    Args:
        title: the question that it answers, or what it shows.
        x, y: labels of the axes, text with $formulas$.
        series: what is drawn.
        marks: named places on the x axis, drawn as vertical lines.
        lines: named values on the y axis, drawn across.
        log: axes with a logarithmic scale: "", "x", "y" or "xy".
        y_range: ends of the y axis where they are known.
    """

    title: str
    x: str
    y: str
    series: tuple[Series, ...]
    marks: Mapping[str, float] = field(default_factory=dict)
    lines: Mapping[str, float] = field(default_factory=dict)
    log: Literal["", "x", "y", "xy"] = ""
    y_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Exhibit:
    """A run and the panels that tell it.

    Args:
        id: dotted lower-case words, unique among exhibits.
        title: text with $formulas$.
        setting: where the run is made.
        clock: how long it is; None where the model has no clock.
        panels: what is drawn of it, a function of the run; the panels' arrays travel, not the run.
        seed: of the run.
        engine: "" for the model's first.
        snapshots: clocks at which the run keeps its full state.
        options: handed to the engine, as an experiment's.
        control: the setting of a second run from the same seed, `run.control`.
        caption: what the reader sees in it, one or two sentences.
    """

    id: str
    title: str
    setting: AbstractSetting
    clock: float | None
    panels: Callable[[Any], tuple[Panel, ...]]
    seed: int = 0
    engine: str = ""
    snapshots: tuple[float, ...] = ()
    options: Hashable = None
    control: AbstractSetting | None = None
    caption: str = ""
