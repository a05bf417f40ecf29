r"""The mean field with every sample drawn: the law of stage times, with no order of any expansion left out.

A sample enters the flow by three numbers: the filters of its label's side that are active on its patch, its
norm q_i, and what its initial products add to its margin. All are drawn,

    k_i ~ Bin(m, 1/2) active at the start;   one of the others is switched on when X(s) exceeds its own
    level kappa_0 tan(pi U), U uniform on (0, 1): by then with probability arctan(X/kappa_0)/pi
    q_i = 1 + sqrt(2/d) N
    b_i(s) = [2 k_i/m + sqrt(2 (pi - 2) k_i) N/m] b(s)      the sum of k_i half-normal products

and the n flows `P_i' = p_i(s) q_i g(M_i)`, `M_i = P_i + y_i y~_i gamma_{y_i} + b_i`, coupled by
`gamma_y' = (a/n) sum_{i in y} y_i y~_i g(M_i)`, are run as the Euler map with the run's own step. The number
of filters that point to their class's signal at step 0 is Bin(m, 1/2) as well. X and b(s) are those of the
mean field. Three numbers a sample replace m + d of them, and nothing is fitted. Left out is cross-talk beyond
what switches filters on: of relative size sqrt(n/d) = iota/kappa_0.

What depends on single samples follows from the replicates. t_all is a maximum over samples, so neither
normal nor linear in p_i: the samples with fewest active filters decide it, whose margin grows slowly. What
all samples share (gamma, with the feedback of the slow samples on it) is there without a further argument.

Source: derived here (`docs/derivations/stage_time_law.md`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.activation_law import head_start
from theory.two_stage.mean_field.mean_field import Population, mean_field

__all__ = ["MORE_REPLICATES", "REPLICATES", "TimeLaw", "normal_score", "time_law"]

Floats = NDArray[np.float64]

#: Replicates of a law. The rank of a run among them is uniform whatever their number; its normal score
#: reaches 2.7 among 128 of them, 3.3 among 1024: for a run in the tail, which for a maximum is a heavy one.
REPLICATES, MORE_REPLICATES = 128, 1024


@dataclass(frozen=True, eq=False)
class TimeLaw:
    """Clocks from which each noisy sample stays fit, in R replicates: `by_class` (N_+, R) and (N_-, R), index
    0 is y = +1; `end` where a sample is not fit within the run.
    """

    by_class: tuple[Floats, Floats]
    end: float

    def censored(self, share: float, label: int | None = None) -> float:
        """Probability that this time lies beyond the run."""
        return float(np.mean(self.times(share, label) >= self.end))

    def times(self, share: float, label: int | None = None) -> Floats:
        """Clock from which `share` of the noisy samples (of one true label) stay fit, (R,)."""
        times = np.concatenate(self.by_class) if label is None else self.by_class[0 if label > 0 else 1]
        return np.asarray(np.sort(times, axis=0)[max(1, math.ceil(share * len(times))) - 1])


def normal_score(value: float, replicates: Floats) -> float:
    """`Phi^-1((rank + 1/2)/(R + 1))` of a value among replicates of its law (ties count half).

    If the law is right this is standard normal but for the R + 1 values it can take. Beyond the replicates it
    goes on at their standard deviation, so that a value far outside shows.

    >>> x = np.arange(99.0)
    >>> round(normal_score(49.0, x), 6), round(normal_score(-1e3, x) + 1e3 / float(x.std(ddof=1)), 2)
    (0.0, -2.58)
    """
    from scipy.special import ndtri

    ordered = np.sort(replicates)
    rank = 0.5 * (np.searchsorted(ordered, value, "left") + np.searchsorted(ordered, value, "right"))
    score = float(ndtri((float(rank) + 0.5) / (len(ordered) + 1)))
    spread = float(np.std(ordered, ddof=1))
    beyond = min(0.0, value - float(ordered[0])) + max(0.0, value - float(ordered[-1]))
    return score + beyond / spread if beyond else score


def _generator(population: Population, steps: int, replicates: int) -> np.random.Generator:
    """A pure function of the population: its predictions do not depend on what else is predicted."""
    digest = hashlib.blake2b(repr((population, steps, replicates)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


@dataclass(frozen=True, eq=False)
class _Draws:
    """Of R replicates: initial p_i q_i and head-start factors (n, R), steps at which filters are switched
    on, for which entry (flat index) and by how much, and the share of aligned filters (2, R)."""

    weight: Floats
    start: Floats
    switch_step: NDArray[np.int64]
    switch_entry: NDArray[np.int64]
    switch_weight: Floats
    aligned: Floats


def _draw(
    population: Population, R: int, switched: Floats, groups: list[slice], rng: np.random.Generator
) -> _Draws:
    """`switched` (T, 4): probability that a filter inactive at the start is on by step t, by group."""
    n, m = population.n, population.m
    active = rng.binomial(m, 0.5, (n, R))
    norm = 1 + math.sqrt(2 / population.d) * rng.standard_normal((n, R))
    start = 2 * active / m + np.sqrt(2 * (math.pi - 2) * active) / m * rng.standard_normal((n, R))
    row = np.repeat(np.arange(4), [group.stop - group.start for group in groups])
    # The smallest of the uniform variables of the m - k inactive filters, one after the other.
    left = m - active
    above = np.ones((n, R))
    steps: list[NDArray[np.int64]] = []
    entries: list[NDArray[np.int64]] = []
    flat = np.arange(n * R).reshape(n, R)
    last = switched[-1][row][:, None]
    for j in range(m):
        with np.errstate(divide="ignore", over="ignore"):
            above = above * np.where(left > j, rng.random((n, R)) ** (1 / np.maximum(left - j, 1)), 0.0)
        on = (1 - above < last) & (left > j)
        if not on.any():
            break
        for k, group in enumerate(groups):
            of = on[group]
            steps.append(np.searchsorted(switched[:, k], (1 - above[group])[of]).astype(np.int64))
            entries.append(flat[group][of])
    step = np.concatenate(steps) if steps else np.empty(0, np.int64)
    entry = np.concatenate(entries) if entries else np.empty(0, np.int64)
    order = np.argsort(step, kind="stable")
    return _Draws(
        weight=active / m * norm,
        start=start,
        switch_step=step[order],
        switch_entry=entry[order],
        switch_weight=norm.ravel()[entry[order]] / m,
        aligned=rng.binomial(m, 0.5, (2, R)) / m,
    )


@lru_cache(maxsize=4)
def time_law(population: Population, steps: int, replicates: int = REPLICATES) -> TimeLaw:
    """Replicates of the clocks at which noisy samples become fit, within `steps` steps.

    Source: derived here.
    """
    from theory.two_stage.mean_field.loops import all_fit, pull

    h, n, R = float(population.clock_step), population.n, replicates
    field = mean_field(population, steps)
    rng = _generator(population, steps, R)
    sizes = [count for pair in population.counts for count in pair]
    ends = np.cumsum([0, *sizes])
    groups = [slice(int(a), int(b)) for a, b in pairwise(ends)]
    # p = 1/2 + u/2 with u the share of the inactive filters that are on.
    on = np.maximum.accumulate(2 * field.active.reshape(steps + 1, 4) - 1, axis=0)
    draws = _draw(population, R, on, groups, rng)
    start = head_start(field.rho, population.iota).reshape(steps + 1, 4)
    bounds = np.searchsorted(draws.switch_step, np.arange(steps + 2))
    # Beyond the last crossing of the mean field a look at the end is enough once all are fit: they stay so.
    negative = np.flatnonzero((field.margins[:, :, 1] <= 0).any(axis=1))
    settled = int(negative[-1]) + 1 if len(negative) else 0
    weight, push = draws.weight, population.a * h / n
    mass, margins, before, crossing = (np.zeros((n, R)) for _ in range(4))
    gamma, sums = np.zeros((2, R)), np.empty((4, R))
    for t in range(steps + 1):
        events = slice(bounds[t], bounds[t + 1])
        np.add.at(weight.reshape(-1), draws.switch_entry[events], draws.switch_weight[events])
        fit = all_fit(t, h, ends, draws.start, start[t], gamma, mass, margins, before, crossing)
        if t == steps or (fit and t >= settled):
            break
        # M stays far below the 700 at which exp overflows.
        pull(h, ends, np.exp(margins, out=margins), weight, mass, sums)
        net = sums[::2] - sums[1::2]
        if t == 0:
            # Filters that point away from their class's signal see the other class.
            net = draws.aligned * net + (1 - draws.aligned) * net[::-1]
        gamma = gamma + push * net
    end = steps * h
    times = [np.where(before[k] > 0, np.minimum(crossing[k], end), end) for k in (groups[1], groups[3])]
    return TimeLaw((times[0], times[1]), end)
