r"""How far stage times of a finite run lie from the mean field: crossing law and order statistics.

A noisy sample differs from the mean field by its own share of active filters (binomial), its norm, its
cross-talk and its head start. To first order all four act like a shift of p, of variance

    v = [p(1-p) + (E_0 iota/Psi)(1/sqrt(2 pi)) + (E_0 iota/Psi)^2 (1/2 - 1/(2 pi))]/m
        + 2 p^2/d + (n/d) (p/Psi)^2 [p^2 sum_k (n_k/n) I_k^2 + D^2/a],

    (Psi, I_k, D) = int_0^{s_y} (g(M_n), g(M_k), gamma_j') E ds,
    E(s) = exp int_s^{s_y} p g'(M_n),   E_0 = E(0),

k over the kinds of samples labelled like it and j their side. The crossing clock of a sample with share
p + z sqrt(v), z standard normal, follows from its own margin in the class's mean field: not linearised, since
late crossings are slow. Given the label counts the samples are independent, so t_half and t_all are order
statistics of two groups, up to what all samples of a class share: gamma. Noisy samples with more active
filters
than expected pull gamma down less, which delays all of them; so the feedback makes the median less variable.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.activation_law import SQRT_2PI, head_start
from theory.two_stage.mean_field.mean_field import (
    MeanField,
    Population,
    g,
    last_crossing,
    mean_field,
    share_response,
)

__all__ = ["CrossingLaw", "TimePrediction", "crossing_law", "order_statistic", "share_variance", "stage_time"]

Floats = NDArray[np.float64]

#: Standard scores at which a sample's crossing is followed.
_SCORES = np.linspace(-4.5, 4.5, 37)
_GRID = 401


@dataclass(frozen=True)
class TimePrediction:
    """A predicted time in clock units, with the standard deviation of runs around it."""

    clock: float
    sd: float


@dataclass(frozen=True, eq=False)
class CrossingLaw:
    """When a noisy sample of each class becomes fit: `clock` (2,) of the mean field, `sd` (2,) to first order
    (nan where the class's margin does not cross), `at_score` (K, 2) the clock of a sample with standard score
    `scores` (K,), inf where it is not reached. `shared` (2, 2) is the delay of every crossing of a class, in
    standard deviations of one sample's own crossing, when the mean share of its clean or noisy samples is one
    standard deviation of one sample's share above its expectation."""

    clock: Floats
    sd: Floats
    scores: Floats
    at_score: Floats
    shared: Floats

    def fit_probability(self, clock: Floats) -> Floats:
        """Probability that a noisy sample of each class is fit by these clocks (T,), as (T, 2)."""
        from scipy.special import ndtr

        out = np.empty((len(clock), 2))
        for c in (0, 1):
            times = self.at_score[::-1, c]
            known = np.isfinite(times)
            if not known.any():
                out[:, c] = 0.0
                continue
            # Later for lower scores: reversed, times rise while the score falls.
            score = np.interp(clock, times[known], self.scores[::-1][known], left=np.inf, right=np.nan)
            beyond = np.isnan(score)
            score[beyond] = self.scores[::-1][known][-1]
            out[:, c] = ndtr(-score)
        return out


@lru_cache(maxsize=8)
def crossing_law(population: Population, steps: int) -> CrossingLaw:
    """The law of the crossing clocks of noisy samples, by class.

    Source: derived here.
    """
    from theory.two_stage.mean_field.loops import follow_scores

    field = mean_field(population, steps)
    crossing = last_crossing(field.clock, field.margins[:, :, 1])
    responses = share_response(population, steps)
    variance = np.zeros(2)
    sd = np.full(2, np.nan)
    shared = np.zeros((2, 2))
    for c in (0, 1):
        if 0.0 < crossing[c] < np.inf:
            variance[c], sd[c], own = share_variance(field, c, float(crossing[c]))
            at = round(float(crossing[c]) / population.clock_step)
            total = np.array([response.margins[at, c, 1] for response in responses])
            shared[c] = (np.array([0.0, own]) - total) / own
    h = population.clock_step
    offsets = _SCORES[:, None] * np.sqrt(variance)
    margins = np.empty((steps + 1, len(_SCORES), 2))
    start = head_start(field.rho[:, :, 1], population.iota)
    # A share lies in [0, 1]; the ends are reached by none of the settings that are judged.
    follow_scores(float(h), field.active[:, :, 1], field.gamma, start, offsets, margins)
    at_score = last_crossing(field.clock, margins)
    return CrossingLaw(crossing, sd, _SCORES, at_score, shared)


def share_variance(field: MeanField, c: int, crossing: float) -> tuple[float, float, float]:
    """The variance v of a noisy sample's effective share, its crossing's standard deviation to first order,
    `Psi sqrt(v)/M_n'(crossing)`, and Psi, for class c (0 is y = +1)."""
    pop = field.population
    h, n, d, m = pop.clock_step, pop.n, pop.d, pop.m
    last = min(math.floor(crossing / h), len(field.clock) - 2)
    part = crossing / h - last
    weight = np.full(last + 1, h)
    weight[-1] = part * h
    margin = field.margins[: last + 1, c, 1]
    p_now = field.active[: last + 1, c, 1]
    slope = g(margin)
    # d(margin)/dt at t+1 for a unit change at t is 1 + h p g'; E multiplies those that follow.
    rates = np.log1p(-weight * p_now * slope * (1 - slope))
    later = np.concatenate([np.cumsum(rates[::-1])[::-1][1:], [0.0]])
    response = np.exp(later) * weight
    psi = float(response @ slope)
    first = math.exp(float(later[0] + rates[0]))

    p = float(field.mass[last + 1, c, 1] / field.rho[last + 1, c, 1])
    counts = pop.counts
    kinds = ((1 - c, 0), (c, 1))
    cross = sum(
        counts[y][kind] / n * float(response @ g(field.margins[: last + 1, y, kind])) ** 2
        for y, kind in kinds
    )
    signal = float(response @ (np.diff(field.gamma[:, 1 - c])[: last + 1] / h))
    start = first * pop.iota / psi
    variance = (
        (p * (1 - p) + start / SQRT_2PI + start**2 * (0.5 - 0.5 / math.pi)) / m
        + 2 * p**2 / d
        + (n / d) * (p / psi) ** 2 * (p**2 * cross + signal**2 / pop.a)
    )
    growth = float(field.margins[last + 1, c, 1] - margin[-1]) / h
    return variance, psi * math.sqrt(variance) / growth, psi


def order_statistic(clock: Floats, probability: Floats, counts: tuple[int, int], rank: int) -> Floats:
    """`P(at least rank of the samples are fit)` at every clock, for two groups of independent samples.

    Args:
        clock: (T,); probability: (T, 2), of a sample of each group to be fit.
        counts: samples in each group; rank: from 1 to their sum.

    >>> p = np.array([[.5, .25]])
    >>> [float(order_statistic(np.zeros(1), p, (1, 1), rank)[0]) for rank in (1, 2)]
    [0.625, 0.125]
    """
    from scipy.special import bdtr, bdtrc

    first, second = counts
    total = np.zeros(len(clock))
    below: Floats | float = 0.0
    for fit in range(first + 1):
        up_to = bdtr(fit, first, probability[:, 0]) if first else np.ones(len(clock))
        missing = rank - fit
        if missing <= second:
            others = bdtrc(missing - 1, second, probability[:, 1]) if missing > 0 else 1.0
            total += (up_to - below) * others
        below = up_to
    return np.clip(total, 0.0, 1.0)


def stage_time(population: Population, steps: int, share: float) -> TimePrediction | None:
    """Mean and standard deviation of the clock from which `share` of the noisy samples stay fit.

    `share = 0.5` for t_half, 1 for t_all; compare with a time interpolated within its step. None when there
    is no noisy sample, when a class with some has no Stage I, or when the time lies beyond `steps`.

    Source: derived here.
    """
    counts = (population.counts[0][1], population.counts[1][1])
    total = sum(counts)
    if total == 0:
        return None
    law = crossing_law(population, steps)
    present = [c for c in (0, 1) if counts[c]]
    if not all(np.isfinite(law.sd[c]) for c in present):
        return None
    rank = max(1, math.ceil(share * total))
    end = population.clock_step * steps
    times = law.at_score[:, present]
    low = max(0.0, float(np.min(times)))  # a time of 0: fit from the start
    high = min(end, float(np.max(times[np.isfinite(times)])))
    clock = np.linspace(low, high, _GRID)

    def moments(delay: tuple[float, float]) -> tuple[float, float, float]:
        """Mean and variance of the order statistic with each class delayed, and what is reached in the
        end."""
        fit = np.stack([law.fit_probability(clock - delay[c])[:, c] for c in (0, 1)], axis=1)
        reached = order_statistic(clock, fit, counts, rank)
        late = 1 - reached / max(float(reached[-1]), 1e-300)
        step = clock[1] - clock[0]
        mean = step * float(late.sum() - 0.5 * (late[0] + late[-1]))
        return low + mean, 2 * step * float(((clock - low) * late).sum()) - mean**2, float(reached[-1])

    mean, variance, reached = moments((0.0, 0.0))
    if reached < 1 - 1e-3:
        return None
    for c in present:
        # Stein's lemma: the covariance of the order statistic with a group's mean is the variance of that
        # mean
        # times the derivative with respect to a common shift of the group.
        delay = 0.1 * float(law.sd[c])
        weight = (moments((delay, 0.0) if c == 0 else (0.0, delay))[0] - mean) / delay
        clean, noisy = population.counts[c]
        of_mean = float(law.sd[c]) ** 2 / noisy
        on_clean, on_noisy = law.shared[c]
        variance += weight**2 * of_mean * (on_noisy**2 - 2 * on_noisy)
        variance += weight**2 * float(law.sd[c]) ** 2 / max(clean, 1) * on_clean**2
    return TimePrediction(mean, math.sqrt(variance))
