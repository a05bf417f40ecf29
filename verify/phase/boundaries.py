"""Phase boundaries: where theory draws them, and where runs show them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.plane import Boundary
from theory.run import Estimate
from verify.phase.diagram import Cell, Phase
from verify.statistics.intervals import MIN_REPLICATES, mean_interval

__all__ = ["Located", "boundary_dict", "located_boundaries", "sign_change"]


@dataclass(frozen=True)
class Located:
    """A boundary located from the runs: one number for each row of cells that crosses it.

    Args:
        boundary: as predicted.
        located: mean of the number over rows with the 95 % Student interval (which contains the error of
            interpolating between cells).
        rows: the crossings (position along x, y, number).
        within_run: the prediction for runs of this length, over the same rows, where it differs from the
            limit.
    """

    boundary: Boundary
    located: Estimate
    rows: tuple[tuple[float, float, float], ...]
    within_run: float | None = None

    @property
    def name(self) -> str:
        """The boundary's."""
        return self.boundary.label

    @property
    def text(self) -> str:
        """One line for a terminal."""
        e, b = self.located, self.boundary
        where = (
            f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}] over {len(self.rows)} rows"
            if len(self.rows) >= MIN_REPLICATES
            else f"crossed in {len(self.rows)} rows only"
        )
        finite = "" if self.within_run is None else f", {self.within_run:.3f} over these clocks"
        return f"{b.label}: {b.x_label} = {where}; predicted {b.predicted:g}{finite}"


def located_boundaries(phase: Phase) -> tuple[Located, ...]:
    """The plane's boundaries as the runs show them: where the mean or median of a number changes sign."""
    return tuple(_located(phase, boundary) for boundary in phase.plane.boundaries)


def _located(phase: Phase, boundary: Boundary) -> Located:
    rows: dict[float, list[Cell]] = {}
    for cell in phase.cells:
        rows.setdefault(cell.y, []).append(cell)
    crossings = []
    for y, cells in rows.items():
        cells.sort(key=lambda c: c.x)
        x = _crossing([c.x for c in cells], [_value(c, boundary) for c in cells])
        if x is not None:
            crossings.append((x, y, boundary.along(x, y)))
    numbers = [c[2] for c in crossings]
    located = mean_interval(numbers, 0.05) if numbers else Estimate(math.nan, math.nan, math.nan)
    return Located(boundary, located, tuple(crossings), _within_run(phase, boundary, crossings))


def _value(cell: Cell, boundary: Boundary) -> float:
    if boundary.summary == "mean":
        return cell.mean(boundary.value)
    seen = cell.numbers.get(boundary.value, ())
    return float(np.median(seen)) if seen else math.nan


def _within_run(
    phase: Phase, boundary: Boundary, crossings: Sequence[tuple[float, float, float]]
) -> float | None:
    """Mean over the located rows of the number at which the prediction for finite runs changes sign."""
    predicted, plane = boundary.within_run, phase.plane
    if predicted is None or dict(phase.variables) != dict(plane.variables):
        return None
    found = [(sign_change(lambda x, y=y: predicted(x, y), plane.x.low, plane.x.high), y)  # type: ignore[misc]
             for _, y, _ in crossings]  # fmt: skip
    numbers = [boundary.along(x, y) for x, y in found if x is not None]
    return float(np.mean(numbers)) if numbers else None


def sign_change(value: Callable[[float], float], low: float, high: float) -> float | None:
    """The zero of a function between two ends, None where it has the same sign at both."""
    from scipy.optimize import brentq

    if (value(low) > 0) == (value(high) > 0):
        return None
    return float(brentq(value, low, high, xtol=1e-3 * (high - low)))


def _crossing(x: Sequence[float], values: Sequence[float]) -> float | None:
    """Where the values change sign, linear between cells; None without exactly one change, or with nan."""
    if any(math.isnan(v) for v in values):
        return None
    changes = [k for k in range(len(x) - 1) if (values[k] > 0) != (values[k + 1] > 0)]
    if len(changes) != 1:
        return None
    k = changes[0]
    return x[k] + (x[k + 1] - x[k]) * values[k] / (values[k] - values[k + 1])


def boundary_dict(located: Located) -> dict[str, Any]:
    """JSON types but for nan."""
    return {
        "name": located.name,
        "statistic": located.boundary.x_label,
        "predicted": located.boundary.predicted,
        "predicted_within_run": located.within_run,
        "located": located.located.value,
        "interval": [located.located.low, located.located.high],
        "rows": [list(row) for row in located.rows],
    }
