"""Two axes of a phase diagram, with what is measured in each cell and the predicted boundaries, as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from theory.run import NotApplicable
from theory.setting import AbstractSetting

__all__ = ["Axis", "Boundary", "LevelSet", "Plane", "PlaneQuantity"]


@dataclass(frozen=True)
class Axis:
    """One axis; `latex` names it in figures, `log` says how cells are spaced."""

    name: str
    latex: str
    low: float
    high: float
    log: bool = False

    def values(self, cells: int) -> list[float]:
        """Cell centres."""
        if self.log:
            return [float(v) for v in np.geomspace(self.low, self.high, cells)]
        return [float(v) for v in np.linspace(self.low, self.high, cells)]


@dataclass(frozen=True)
class PlaneQuantity:
    """What is coloured: a name of the measured mapping, and how a cell's runs are summarised.

    Args:
        name: the key in what `Plane.measure` returns.
        title: of the diagram.
        kind: "rate" (of truth values, exact limits), "mean" (with its interval) or "median" (with quartiles,
            inf allowed).
        limits: ends of the colour scale, where they are known.
        log: a logarithmic colour scale.
        within: the least and largest possible value, to which an interval is clipped.
        at_zero, at_infinity: what values <= 0 on a logarithmic scale, and infinite ones, mean.
    """

    name: str
    title: str
    kind: Literal["rate", "mean", "median"]
    limits: tuple[float, float] | None = None
    log: bool = False
    within: tuple[float, float] = (-math.inf, math.inf)
    at_zero: str = "0"
    at_infinity: str = "infinite"


@dataclass(frozen=True)
class LevelSet:
    """A predicted boundary drawn on a diagram: where `value(x, y) = level`.

    Args:
        label: what it is; text with $formulas$.
        value: a function of the plane's coordinates, numbers or arrays.
        level: the value on the boundary.
        quantities: names of the quantities whose diagram it is drawn on; () for all.
        family: what it has in common with others and with boundaries: one family, one colour.
        dashed: how the line is drawn.
    """

    label: str
    value: Callable[[Any, Any], Any]
    level: float
    quantities: tuple[str, ...] = ()
    family: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Boundary:
    """A predicted boundary set against the runs.

    Args:
        label: what it is.
        along: the cells' coordinate that the boundary is a value of, as a function of (x, y).
        predicted: the value at which the sign changes.
        value: a number a run (a name of the measured mapping) whose mean or median changes sign there.
        x_label: how `along` is called.
        summary: of the runs of a cell.
        within_run: predicts the value at (x, y) for runs of this length, where `predicted` is a limit: the
            boundary is where it changes sign.
        quantities: names of the quantities on whose diagram located points are drawn.
        family: as a level set's.
    """

    label: str
    along: Callable[[float, float], float]
    predicted: float
    value: str
    x_label: str = ""
    summary: Literal["mean", "median"] = "mean"
    within_run: Callable[[float, float], float] | None = None
    quantities: tuple[str, ...] = ()
    family: str = ""


@dataclass(frozen=True)
class Plane:
    """A plane of settings.

    Args:
        name: "snr-tau"; unique within its paper.
        x, y: the axes.
        setting: the setting at (x, y); further keyword arguments are `options`.
        measure: of one run, numbers by name.
        quantities: what is coloured.
        fixed: the values held, in words.
        clock: length of a run; None where the model has none.
        snapshots, engine, options: as an experiment's.
        level_sets, boundaries: predictions.
        claim: id of the claim whose conditions decide which cells are hatched; "" for none.
        variables: named numbers that may be changed on the command line, with their defaults; handed to
            `setting` as keywords.
        columns: names of further measured numbers whose means are tabulated.
        sizes: per profile, cells a side and runs a cell.
    """

    name: str
    x: Axis
    y: Axis
    setting: Callable[..., AbstractSetting]
    measure: Callable[[Any], Mapping[str, float] | NotApplicable]
    quantities: tuple[PlaneQuantity, ...]
    fixed: str = ""
    clock: float | None = None
    snapshots: tuple[float, ...] = ()
    engine: str = ""
    options: Hashable = None
    level_sets: tuple[LevelSet, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    claim: str = ""
    variables: Mapping[str, float] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: {"quick": (8, 4), "default": (12, 8), "full": (24, 24)}
    )

    def values(self, cells: int) -> Sequence[tuple[float, float]]:
        """Centres of `cells` x `cells` cells, in rows of increasing y."""
        return [(x, y) for y in self.y.values(cells) for x in self.x.values(cells)]
