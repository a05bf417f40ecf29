"""Phase boundaries: where theory draws them, and where runs show them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.run import Estimate
from verify.phase.diagram import GROWTH_FROM, LATE, Cell, Phase
from verify.phase.window import mean_field_growth, sign_change
from verify.statistics.intervals import MIN_REPLICATES, mean_interval

__all__ = ["CURVES", "Boundary", "Curve", "boundary_dict", "late_share_sum", "located_boundaries"]

Floats = NDArray[np.float64]


def late_share_sum(a: float, tau_plus: float, tau_minus: float, p: float) -> float:
    r"""`c_+ + c_-`, `c_y = (a/2)(1 - 2 tau_y) / (p + a/2)`: late signal shares, balanced classes.

    Above 1 the D_test error ends at half the flip rate, below 1 at 1/2; with equal rates `c_+ + c_- = 1` is
    `a (1 - 4 tau) = 2 p`.

    >>> round(late_share_sum(4.0, 0.1875, 0.1875, 0.5), 12)
    1.0
    """
    return a * (1 - tau_plus - tau_minus) / (p + a / 2)


@dataclass(frozen=True)
class Curve:
    """The level set `f(x, y) = 0` of a prediction, drawn over a plane."""

    label: str
    family: str
    dashed: bool
    f: Callable[[Floats, Floats], Floats]


def _push(p: float) -> Curve:
    return Curve(
        rf"$a(1-2\tau) = 2p$, $p = {p:g}$", "stage one", p == 1, lambda a, tau: a * (1 - 2 * tau) - 2 * p
    )


def _push_rates(p: float, a: float = 4.0) -> Curve:
    return Curve(
        rf"$a(1-2\max\tau) = 2p$, $p = {p:g}$",
        "stage one",
        p == 1,
        lambda plus, minus: a * (1 - 2 * np.maximum(plus, minus)) - 2 * p,
    )


def _plateau(p: float) -> Curve:
    return Curve(
        rf"$c_+ + c_- = 1$, $p = {p:g}$", "plateau", p == 1, lambda a, tau: a * (1 - 4 * tau) - 2 * p
    )


def _plateau_rates(p: float, a: float = 4.0) -> Curve:
    return Curve(
        rf"$c_+ + c_- = 1$, $p = {p:g}$",
        "plateau",
        p == 1,
        lambda plus, minus: a * (1 - plus - minus) - p - a / 2,
    )


#: By plane, the predicted curves; n = 100 in the lines of the dimension plane.
CURVES: Mapping[str, tuple[Curve, ...]] = {
    "snr-tau": (_push(0.5), _push(1), _plateau(0.5), _plateau(1)),
    "tau-tau": (_push_rates(0.5), _push_rates(1), _plateau_rates(0.5), _plateau_rates(1)),
    "dimension-kappa": (
        Curve(r"$\kappa_0 = 1$: $\sigma_0$ bound of Condition 4.1, $C = 1$", "stage one", False,
              lambda x, y: np.log(y) + 0 * x),
        Curve(r"$d = 20\,n$: filters stay active above", "plateau", False,
              lambda x, y: np.log(x / 0.2) + 0 * y),
        Curve(r"$d = n^2\log(6n^2/\delta)$: Condition 4.1, $C = 1$", "plateau", True,
              lambda x, y: np.log(x / math.log(6 * 100**2 / 0.05)) + 0 * y),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Boundary:
    """A boundary located from the runs: one number for each row of cells that crosses it.

    `statistic` names the number, `predicted` is its value on the predicted boundary, `located` its mean over
    rows with the 95 % Student interval (which contains the error of interpolating between cells), `rows`
    the crossings (position along x, y, number). `within_run` is the prediction for the clocks that the runs
    cover, by the mean field and over the same rows, where `predicted` is a limit for s -> infinity.
    """

    name: str
    statistic: str
    predicted: float
    located: Estimate
    rows: tuple[tuple[float, float, float], ...]
    within_run: float | None = None

    @property
    def text(self) -> str:
        """One line for a terminal."""
        e = self.located
        where = (
            f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}] over {len(self.rows)} rows"
            if len(self.rows) >= MIN_REPLICATES
            else f"crossed in {len(self.rows)} rows only"
        )
        finite = "" if self.within_run is None else f", {self.within_run:.3f} over these clocks"
        return f"{self.name}: {self.statistic} = {where}; predicted {self.predicted:g}{finite}"


def located_boundaries(phase: Phase, p: float = 0.5) -> tuple[Boundary, ...]:
    """The boundaries that the runs of a plane show, beside their predictions at p (1/2 for kappa_0 >> 1).

    - first push: where in half of the runs the first step pushes the noisy samples the wrong way, that is
      where the median change of their mean margin is 0;
    - plateau growth: where in half of the runs the noise mass of clean samples grows as fast (in log s) as
      the signal against it, the switch of D_test's plateau as s -> infinity. Before, signals still catch up
      with noise masses and the switch lies at c_+ + c_- above 1: the mean field says by how much;
    - plateau error: where the D_test error at the end is half-way between the two plateaus. It approaches
      the former only like 1/log s.
    """
    if phase.plane.name == "dimension-kappa":
        return ()

    def half_way(cell: Cell) -> float:
        return cell.error.value - (cell.plateau + 0.5) / 2

    def share_sum(x: float, y: float) -> float:
        rates = (y, y) if phase.plane.name == "snr-tau" else (x, y)
        return late_share_sum(x if phase.plane.name == "snr-tau" else 4.0, *rates, p)

    late = "c_+ + c_-"
    growth = _boundary(phase, "plateau growth", late, 1.0, _median("growth"), share_sum)
    found = [
        replace(growth, within_run=_within_run(phase, growth, share_sum)),
        _boundary(phase, "plateau error", late, 1.0, half_way, share_sum),
    ]
    if phase.plane.name == "snr-tau":
        push = _boundary(
            phase, "first push", "a(1 - 2 tau)", 2 * p, _median("first_push"), lambda x, y: x * (1 - 2 * y)
        )
        found.insert(0, push)
    return tuple(found)


def _within_run(phase: Phase, growth: Boundary, number: Callable[[float, float], float]) -> float | None:
    """Mean over the located rows of the number at which the mean field's growth changes sign."""
    plane = phase.plane
    numbers = []
    for _, y, _ in growth.rows:

        def excess(x: float, y: float = y) -> float:
            return mean_field_growth(plane.setting(x, y, phase.kappa_0), GROWTH_FROM, LATE)

        x = sign_change(excess, plane.x.low, plane.x.high)
        if x is not None:
            numbers.append(number(x, y))
    return float(np.mean(numbers)) if numbers else None


def _median(name: str) -> Callable[[Cell], float]:
    def value(cell: Cell) -> float:
        runs: tuple[float, ...] = getattr(cell, name)
        return float(np.median(runs)) if runs else math.nan

    return value


def _boundary(
    phase: Phase,
    name: str,
    statistic: str,
    predicted: float,
    value: Callable[[Cell], float],
    number: Callable[[float, float], float],
) -> Boundary:
    rows: dict[float, list[Cell]] = {}
    for cell in phase.cells:
        rows.setdefault(cell.y, []).append(cell)
    crossings = []
    for y, cells in rows.items():
        cells.sort(key=lambda c: c.x)
        x = _crossing([c.x for c in cells], [value(c) for c in cells])
        if x is not None:
            crossings.append((x, y, number(x, y)))
    numbers = [c[2] for c in crossings]
    located = mean_interval(numbers, 0.05) if numbers else Estimate(math.nan, math.nan, math.nan)
    return Boundary(name, statistic, predicted, located, tuple(crossings))


def _crossing(x: Sequence[float], values: Sequence[float]) -> float | None:
    """Where the values change sign, linear between cells; None without exactly one change, or with nan."""
    if any(math.isnan(v) for v in values):
        return None
    changes = [k for k in range(len(x) - 1) if (values[k] > 0) != (values[k + 1] > 0)]
    if len(changes) != 1:
        return None
    k = changes[0]
    return x[k] + (x[k + 1] - x[k]) * values[k] / (values[k] - values[k + 1])


def boundary_dict(boundary: Boundary) -> dict[str, Any]:
    """JSON types but for nan."""
    return {
        "name": boundary.name,
        "statistic": boundary.statistic,
        "predicted": boundary.predicted,
        "predicted_within_run": boundary.within_run,
        "located": boundary.located.value,
        "interval": [boundary.located.low, boundary.located.high],
        "rows": [list(row) for row in boundary.rows],
    }
