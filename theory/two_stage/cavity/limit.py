r"""The cavity law for n -> infinity and d/n -> infinity: deterministic, the constants of the paper's regime.

Averages over samples then do not fluctuate, so gamma is one number and every sample is an independent draw
of its own fields: F becomes a Gaussian process as U is. Two equally likely classes with one flip rate are
followed; a sample stands for its group's share of the data. Crossing clocks of the noisy nodes are draws from
the law of a noisy sample's.

Source: derived here (`docs/derivations/cavity.md`, Constants).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.two_stage.cavity.nodes import Nodes
from theory.two_stage.cavity.paths import follow
from theory.two_stage.cavity.shared_field import LimitField
from theory.two_stage.mean_field.mean_field import Population
from theory.two_stage.stays import stay_times

__all__ = ["CrossingConstants", "crossing_constants", "limit_nodes", "limit_population"]

Floats = NDArray[np.float64]

#: A data set so large that nothing depends on its size, and d/n likewise.
_N, _RATIO = 10**9, 10**14
#: Directions kept: the fields are followed more closely than in finite runs.
_LONGEST = 8


@dataclass(frozen=True)
class CrossingConstants:
    """Of a noisy sample: quantiles of its crossing clock (inf beyond the horizon), mean and standard
    deviation of its active share at clock 1."""

    median: float
    low: float
    high: float
    share: float
    share_sd: float


def limit_nodes(tau: float, nodes: int) -> Nodes:
    """The four groups, `nodes` samples each.

    >>> [round(float(w), 3) for w in limit_nodes(0.1, 2).weight]
    [0.225, 0.225, 0.025, 0.025, 0.025, 0.025, 0.225, 0.225]
    """
    clean, noisy = (1 - tau) / 2 / nodes, tau / 2 / nodes
    y, agree = np.repeat([(1, -1, 1, -1), (1, -1, -1, 1)], nodes, axis=1)[..., None]
    return Nodes(y, agree, np.repeat([clean, noisy, noisy, clean], nodes))


def limit_population(a: float, tau: float, kappa_0: float, clock_step: float, m: int) -> Population:
    """Two equal classes, n and d/n beyond all bounds."""
    clean, noisy = (round(_N * share / 2) for share in (1 - tau, tau))
    return Population(
        a=a,
        counts=((clean, noisy), (clean, noisy)),
        iota=kappa_0 * _RATIO**-0.5,
        kappa_0=kappa_0,
        clock_step=clock_step,
        m=m,
        d=_N * _RATIO,
    )


def crossing_constants(
    *,
    a: float,
    tau: float,
    kappa_0: float,
    clock_step: float = 0.04,
    m: int = 100,
    horizon: float = 10.0,
    nodes: int = 200,
    seeds: int = 2,
) -> CrossingConstants:
    """The limit at `a = n SNR^2`, both flip rates `tau`.

    Args:
        m: filters; the law still depends on them, by about 1/m. nodes: samples of each of the four groups,
            in pairs with opposite fields. seeds: repetitions, whose samples are put together.

    Source: derived here.
    """
    population = limit_population(a, tau, kappa_0, clock_step, m)
    steps = math.ceil(horizon / clock_step)
    placed = limit_nodes(tau, nodes)
    clocks, shares = [], []
    for seed in range(seeds):
        rng = generator(seed, f"cavity limit {a} {tau} {kappa_0} {clock_step} {m} {nodes}")
        signal = rng.standard_normal((placed.n, 1), dtype=np.float32)
        signal[1::2] = -signal[0::2]
        paths = follow(population, placed, LimitField(placed, 1, rng), signal, steps, rng, longest=_LONGEST)
        noisy = placed.agree[:, 0] < 0
        margins = paths.margins[:, noisy, 0].astype(np.float64)
        clocks.append(clock_step * stay_times(margins, np.arange(steps + 1)))
        shares.append(paths.active[round(1 / clock_step), noisy, 0])
    times, share = np.concatenate(clocks), np.concatenate(shares).astype(np.float64)
    low, median, high = np.quantile(times, (0.1, 0.5, 0.9), method="lower")
    return CrossingConstants(float(median), float(low), float(high), float(share.mean()), float(share.std()))


#: The cells of the page's table: (tau, kappa_0) by row, n SNR^2 by column.
_ROWS = (
    (0.1, 0.001), (0.1, 0.01), (0.1, 0.1), (0.1, 0.3),
    (0.2, 0.001), (0.2, 0.01), (0.2, 0.1),
    (0.3, 0.001), (0.3, 0.01), (0.3, 0.1),
)  # fmt: skip
_COLUMNS = (3.0, 4.0, 6.0, 10.0, 20.0)


def main() -> None:
    """Print the table of the page: median [10 %, 90 %] and mean share (its standard deviation)."""
    print("| tau, kappa_0 | " + " | ".join(f"a = {a:g}" for a in _COLUMNS) + " |")
    print("| --- |" + " --- |" * len(_COLUMNS))
    for tau, kappa_0 in _ROWS:
        texts = []
        for a in _COLUMNS:
            if a * (1 - 2 * tau) <= 1.5:  # times near 0: half of the samples are fit at once
                texts.append("-")
                continue
            c = crossing_constants(a=a, tau=tau, kappa_0=kappa_0, nodes=400, seeds=2)
            texts.append(f"{c.median:.2f} [{c.low:.2f}, {c.high:.2f}] p = {c.share:.3f} ({c.share_sd:.3f})")
        print(f"| {tau:g}, {kappa_0:g} | " + " | ".join(texts) + " |", flush=True)


if __name__ == "__main__":
    main()
