r"""The table behind the sharp threshold of Stage I at kappa_0 <= .3.

`python -m theory.two_stage.cavity.threshold_table > theory/two_stage/cavity/threshold.csv` makes it. A cell
(n, m, tau, kappa_0) holds the ratio of the sharp threshold to the one that supposes every filter of every
sample active (`theory.two_stage.threshold`, p = 1). Data sets are drawn with their labels, each at a
strength of its own around that threshold, and followed by the cavity law to a step beyond T_1. Their
failures give

    P(fail) = Phi(alpha - beta ln a)

by maximum likelihood, and the strength at which it is `LEVEL`: half of delta, the other half being room for
what the law leaves out. Its standard error comes from leaving out a tenth of the data sets, ten times; the
tabulated ratio is raised by two of them and rounded up.

Source: derived here (`docs/derivations/cavity.md`, Threshold).
"""

from __future__ import annotations

import csv
import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.two_stage.cavity.law import drawn_population
from theory.two_stage.cavity.paths import cavity_paths
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1
from theory.two_stage.threshold import sure_threshold

__all__ = ["COLUMNS", "Cell", "cell", "cells"]

Floats = NDArray[np.float64]

#: The rows of the table. d is the least that Condition 4.1 allows, h the largest step and m the fewest
#: filters that the table is used for: there fewest data sets pass.
N, M, TAU, KAPPA_0 = (60, 120), (8,), (0.05, 0.1, 0.2, 0.3), (0.001, 0.03, 0.3)
STEP, DELTA = 0.1, 0.05
LEVEL = DELTA / 2
#: Data sets of a cell, runs of each, and their strengths over the threshold at p = 1.
DRAWS, RUNS, STRENGTHS = 1200, 1, (0.55, 1.05)
_BLOCKS = 10

COLUMNS = ("n", "m", "tau", "kappa_0", "ratio", "error")


@dataclass(frozen=True)
class Cell:
    """A row: the ratio raised by two standard errors, at most 1, and the standard error; inf where no
    strength suffices."""

    n: int
    m: int
    tau: float
    kappa_0: float
    ratio: float
    error: float


def cell(
    n: int,
    m: int,
    tau: float,
    kappa_0: float,
    *,
    draws: int = DRAWS,
    d: int | None = None,
    step: float = STEP,
) -> Cell:
    """One cell of the table; a pure function of its arguments."""
    sure = sure_threshold(n, tau, step, C_T1, DELTA)
    if not math.isfinite(sure):
        return Cell(n, m, tau, kappa_0, math.inf, 0.0)
    strength, failed = _failures(n, m, tau, kappa_0, draws, d or least_dimension(n), step, sure)
    best = _quantile(strength, failed)
    block = np.arange(draws) % _BLOCKS
    left = np.array([_quantile(strength[block != k], failed[block != k]) for k in range(_BLOCKS)])
    error = math.sqrt((_BLOCKS - 1) / _BLOCKS * float(((left - left.mean()) ** 2).sum()))
    raised = math.ceil(1000 * math.exp(best + 2 * error)) / 1000
    return Cell(n, m, tau, kappa_0, min(1.0, raised), round(error, 4))


def least_dimension(n: int) -> int:
    """`n^2 log(6 n^2/delta)`: the bound of Condition 4.1 at C = 1."""
    return math.ceil(n**2 * math.log(6 * n**2 / DELTA))


def _failures(
    n: int, m: int, tau: float, kappa_0: float, draws: int, d: int, step: float, sure: float
) -> tuple[Floats, Floats]:
    """ln of each data set's strength over the sure one, and the share of its runs that fail."""
    rng = generator(0, f"cavity threshold {n} {m} {tau} {kappa_0} {d} {step}")
    steps = math.ceil(C_T1 / step - 1e-9) + 1
    low, high = map(math.log, STRENGTHS)
    strength = low + (high - low) * (np.arange(draws) + 0.5) / draws
    failed = np.empty(draws)
    for k, at in enumerate(strength):
        setting = Setting.from_n_snr2(
            n=n, d=d, m=m, n_snr2=sure * math.exp(at), tau_plus=tau, tau_minus=tau, kappa_0=kappa_0,
            clock_step=step,
        )  # fmt: skip
        paths = cavity_paths(drawn_population(setting, rng), steps, RUNS, rng)
        right = (paths.margins[-1] > 0) == (paths.nodes.agree > 0)
        failed[k] = 1 - float(np.mean(right.all(axis=0)))
    return strength, failed


def _quantile(strength: Floats, failed: Floats) -> float:
    """The ln of strength at which the fitted probability of failure is `LEVEL`."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr, ndtri

    def cost(parameters: Floats) -> float:
        z = parameters[0] - np.exp(parameters[1]) * strength
        return -float((failed * log_ndtr(z) + (1 - failed) * log_ndtr(-z)).sum())

    alpha, log_beta = minimize(cost, np.array([-2.0, 1.0]), method="Nelder-Mead").x
    return float((alpha - ndtri(LEVEL)) / math.exp(log_beta))


def cells() -> Iterator[Cell]:
    """The table, row by row."""
    for n, m, tau, kappa_0 in itertools.product(N, M, TAU, KAPPA_0):
        yield cell(n, m, tau, kappa_0)


def main() -> None:
    """Write the table to the standard output."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in cells():
        out.writerow([getattr(row, name) for name in COLUMNS])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
