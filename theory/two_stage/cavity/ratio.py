"""How much less signal Stage I needs at small kappa_0 than if every filter were active: the table, read
safely.

Between rows the larger ratio counts; outside the table the ratio is 1.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

__all__ = ["LEAST_FILTERS", "LEVELS", "ends", "table", "threshold_ratio"]

#: What the table was made for: delta and clock, and the largest step.
LEVELS = (0.05, 0.5, 0.1)
#: Fewest filters, those of the table: with more, shares of active filters scatter less.
LEAST_FILTERS = 8


@lru_cache(maxsize=1)
def table() -> dict[tuple[float, float, float], float]:
    """The ratio by (n, tau, kappa_0)."""
    text = files("theory.two_stage.cavity").joinpath("threshold.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(float(r["n"]), float(r["tau"]), float(r["kappa_0"])): float(r["ratio"]) for r in rows}


@lru_cache(maxsize=1)
def _axes() -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(sorted(set(axis))) for axis in zip(*table(), strict=True))


def ends() -> tuple[tuple[float, float], ...]:
    """Ranges of n, tau and kappa_0 outside which the ratio is 1: no row, or no strength that would do.

    >>> ends()
    ((60.0, 120.0), (0.05, 0.2), (0.001, 0.3))
    """
    rows = [at for at, ratio in table().items() if ratio < 1]
    return tuple((min(axis), max(axis)) for axis in zip(*rows, strict=True))


def _around(axis: Sequence[float], value: float) -> tuple[float, ...]:
    """The rows on both sides of a value; none outside the table."""
    if not axis[0] * (1 - 1e-9) <= value <= axis[-1] * (1 + 1e-9):
        return ()
    low = max(x for x in axis if x <= value * (1 + 1e-9))
    high = min(x for x in axis if x >= value * (1 - 1e-9))
    return (low, high)


def threshold_ratio(n: float, m: float, tau: float, kappa_0: float) -> float:
    """Sharp threshold over the one at p = 1: the largest of the rows around this point, at most 1.

    >>> 0.5 < threshold_ratio(80, 20, 0.1, 0.3) <= threshold_ratio(80, 20, 0.1, 0.1) <= 1
    True
    >>> [threshold_ratio(*at) for at in ((80, 20, 0.1, 0.5), (999, 20, 0.1, 0.1), (80, 4, 0.1, 0.1))]
    [1.0, 1.0, 1.0]
    """
    sides = [_around(axis, value) for axis, value in zip(_axes(), (n, tau, kappa_0), strict=True)]
    if m < LEAST_FILTERS or not all(sides):
        return 1.0
    worst = max(table()[a, b, c] for a in sides[0] for b in sides[1] for c in sides[2])
    return min(1.0, worst) if math.isfinite(worst) else 1.0
