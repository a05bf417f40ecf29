r"""The mean field of training: one clean and one noisy margin a class, nothing fitted.

For one class of `n_y` samples, `a_y = 2 a n_y/n` and realised flip rate tau, in the clock s:

    rho_c' = g(M_c)       rho_n' = g(M_n)       gamma = (a_y/2) [(1 - tau) rho_c - tau rho_n]
    P_c' = p g(M_c)       P_n' = p g(M_n)       g(z) = 1/(1 + e^z)
    M_c = P_c + gamma + b(rho_c)                M_n = P_n - gamma + b(rho_n)

with p the share of active filters and b the head start (`activation_law`). Gradient descent is its Euler
map with step h. Index 0 of a class axis is y = +1, index 0 of a kind axis are the clean samples.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.two_stage.setting import Setting

__all__ = [
    "MeanField",
    "Population",
    "g",
    "last_crossing",
    "mean_field",
    "population",
    "share_response",
    "strong_signal_clock",
    "trajectory_sd",
    "transition_clock",
]

Floats = NDArray[np.float64]

#: Pairs of classes and of kinds: ((clean +1, noisy +1), (clean -1, noisy -1)).
Counts = tuple[tuple[int, int], tuple[int, int]]


def g(margin: ArrayLike) -> Floats:
    """`-l'(z) = 1/(1 + e^z)`."""
    from scipy.special import expit

    out: Floats = expit(-np.asarray(margin, dtype=np.float64))
    return out


@dataclass(frozen=True)
class Population:
    """All that the mean field knows of a run: its groups, its realised label counts.

    `share` fixes the active share p; None takes the law of `active_share`.
    """

    a: float
    counts: Counts
    iota: float
    kappa_0: float
    clock_step: float
    m: int
    d: int
    share: float | None = None

    @property
    def n(self) -> int:
        """Number of samples."""
        return sum(map(sum, self.counts))


def population(setting: Setting, y: ArrayLike, y_observed: ArrayLike) -> Population:
    """The population of a setting with these labels.

    >>> s = Setting.from_n_snr2(n=4, d=100, m=5, n_snr2=6., tau_plus=.1, tau_minus=.1, kappa_0=1.,
    ...                         clock_step=.1)
    >>> population(s, [1, 1, -1, -1], [1, -1, -1, -1]).counts
    ((1, 1), (2, 0))
    """
    labels, seen = np.asarray(y), np.asarray(y_observed)
    plus, minus = (
        (int(np.sum((labels == v) & (seen == v))), int(np.sum((labels == v) & (seen != v)))) for v in (1, -1)
    )
    return Population(
        a=setting.n_snr2,
        counts=(plus, minus),
        iota=setting.iota,
        kappa_0=setting.kappa_0,
        clock_step=setting.clock_step,
        m=setting.m,
        d=setting.d,
    )


@dataclass(frozen=True, eq=False)
class MeanField:
    """Trajectories at steps 0..T-1: `clock` (T,), `gamma` (T, 2), the others (T, 2 classes, 2 kinds).

    `rho` is the coefficient of an always active filter, `mass` P = mean over label-side filters, `margins` M,
    `active` p.
    """

    population: Population
    clock: Floats
    gamma: Floats
    rho: Floats
    mass: Floats
    margins: Floats
    active: Floats

    @property
    def train_loss(self) -> Floats:
        """`sum over classes and kinds of (count/n) log(1 + e^-M)`, (T,)."""
        weights = np.array(self.population.counts) / self.population.n
        out: Floats = (weights * np.logaddexp(0.0, -self.margins)).sum(axis=(1, 2))
        return out


@lru_cache(maxsize=8)
def mean_field(population: Population, steps: int) -> MeanField:
    """The Euler map of the mean field at the population's own step, steps + 1 records.

    A class or kind without samples moves nothing; its margin is that of a sample put there.

    Source: derived here.
    """
    clock, *parts = _with_responses(population, steps)
    return MeanField(population, clock, *(part[:, 0] for part in parts))


#: The change of p by which derivatives with respect to it are taken; the second-order error is its square.
_SHIFT = 1e-3


@lru_cache(maxsize=8)
def share_response(population: Population, steps: int) -> tuple[MeanField, MeanField]:
    """Derivatives of every quantity with respect to the share of ALL clean (first) and ALL noisy samples.

    Central differences of the map, in both classes at once: they are uncoupled for kappa_0 >> 1.

    Source: derived here.
    """
    clock, *parts = _with_responses(population, steps)
    clean, noisy = (
        MeanField(population, clock, *((part[:, k] - part[:, k + 1]) / (2 * _SHIFT) for part in parts))
        for k in (1, 3)
    )
    return clean, noisy


#: Who asks for the field mostly asks for its responses next: five copies cost little more than one.
@lru_cache(maxsize=2)
def _with_responses(population: Population, steps: int) -> tuple[Floats, ...]:
    """The map unshifted (copy 0), with p of the clean samples up and down, with p of the noisy ones."""
    shifts = _SHIFT * np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    return _iterate(population, steps, shifts)


def trajectory_sd(population: Population, steps: int) -> tuple[Floats, Floats, Floats]:
    """Standard deviation between runs of gamma (T, 2), of the mean margin of a class and kind (T, 2, 2), and
    of
    the training loss (T,).

    To first order in the mean shares of the clean and the noisy samples, binomial with variance 1/(4 m) a
    sample; gamma also starts from a random half of filters, of which `m` are drawn.

    Source: derived here.
    """
    counts = np.maximum(np.array(population.counts, dtype=np.float64), 1.0)
    clean, noisy = share_response(population, steps)
    variance = 0.25 / population.m
    nets = [c - k for c, k in population.counts]
    half = population.a * population.clock_step / (2 * population.n) * abs(nets[0] - nets[1])
    start = (0.5 * half) ** 2 / population.m
    gamma = variance * (clean.gamma**2 / counts[:, 0] + noisy.gamma**2 / counts[:, 1]) + start
    per_class = (counts[:, :1], counts[:, 1:])
    margins = variance * (clean.margins**2 / per_class[0] + noisy.margins**2 / per_class[1]) + start
    field = mean_field(population, steps)
    weights = -np.array(population.counts) / population.n * g(field.margins)
    by_class = [
        ((weights * response.margins).sum(axis=2) ** 2 / counts[:, kind]).sum(axis=1)
        for kind, response in enumerate((clean, noisy))
    ]
    loss = variance * (by_class[0] + by_class[1]) + start * (np.abs(weights).sum(axis=(1, 2))) ** 2
    return np.sqrt(gamma), np.sqrt(margins), np.sqrt(loss)


def _iterate(population: Population, steps: int, shifts: Floats) -> tuple[Floats, ...]:
    """clock (T,) and gamma, rho, mass, margins, active (T, B, ...) for B shifts (B, 2) of p, by kind.

    A clean sample is seen by its own class's side, a noisy one by the other's.
    """
    from theory.two_stage.mean_field.loops import iterate

    h, copies = population.clock_step, len(shifts)
    gamma = np.zeros((steps + 1, copies, 2))
    rho, mass, margins, active = (np.zeros((steps + 1, copies, 2, 2)) for _ in range(4))
    iterate(
        float(h),
        float(population.a),
        float(population.n),
        np.array(population.counts, dtype=np.float64),
        float(population.iota),
        float(population.kappa_0),
        math.nan if population.share is None else float(population.share),
        shifts,
        *(gamma, rho, mass, margins, active),
    )
    return h * np.arange(steps + 1.0), gamma, rho, mass, margins, active


def last_crossing(clock: Floats, margins: Floats) -> Floats:
    """Clock from which each margin (T, ...) stays positive, between two records by linear interpolation.

    0 where it is never negative, inf where it ends below 0.

    >>> last_crossing(np.array([0., 1., 2.]), np.array([[0., 1.], [-1., 2.], [3., 3.]])).tolist()
    [1.25, 0.0]
    """
    below = margins <= 0
    # The head of a trajectory that is never negative sits at 0, not below.
    below[0] &= margins[min(1, len(margins) - 1)] <= 0
    last = len(margins) - 1 - np.argmax(below[::-1], axis=0)
    nxt = np.minimum(last + 1, len(margins) - 1)
    low = np.take_along_axis(margins, last[None], axis=0)[0]
    high = np.take_along_axis(margins, nxt[None], axis=0)[0]
    step = clock[1] - clock[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        at = clock[last] + step * np.where(high > low, -low / (high - low), 0.0)
    out: Floats = np.where(below.any(axis=0), np.where(below[-1], np.inf, at), 0.0)
    return out


def transition_clock(a: float, tau: float, p: float = 0.5) -> float:
    r"""`s_2(a, tau, p)`: the positive zero of `M_n` in the flow without head start, to 1e-10.

    Stage II starts at `s_2 n m/(eta sigma_xi^2 d)`. The zero is unique when Stage I exists,
    `a (1 - 2 tau) > 2 p`; without Stage I the answer is 0.

    Source: derived here.

    Raises:
        ValueError: for tau outside (0, 1/2) (without flipped labels there is no Stage II), a or p not > 0.

    >>> round(transition_clock(6.0, 0.1), 3)
    6.172
    """
    from scipy.integrate import solve_ivp

    if not 0.0 < tau < 0.5:
        raise ValueError(f"tau must lie in (0, 1/2), was {tau!r}")
    if not (a > 0 and p > 0):
        raise ValueError(f"a and p must be > 0, were {a!r} and {p!r}")
    if a * (1 - 2 * tau) <= 2 * p:
        return 0.0
    matrix = np.array([[a * (1 - tau) / 2 + p, -a * tau / 2], [-a * (1 - tau) / 2, p + a * tau / 2]])

    def flow(_: float, rho: Floats) -> Floats:
        return g(matrix @ rho)

    def noisy_margin(_: float, rho: Floats) -> float:
        return float(matrix[1] @ rho)

    noisy_margin.terminal = True  # type: ignore[attr-defined]
    noisy_margin.direction = 1.0  # type: ignore[attr-defined]
    # M_n is non-negative at least as long as a fit sample needs: rho_n grows at rate >= g(0) below zero,
    # and gamma only logarithmically, so the horizon is reached for tau -> 0 alone.
    horizon = 10.0 + 4.0 * strong_signal_clock(tau, p)
    solution = solve_ivp(
        flow, (0.0, horizon), np.zeros(2), "DOP853", events=noisy_margin, rtol=1e-13, atol=1e-14
    )
    if len(solution.t_events[0]) == 0:
        raise RuntimeError(f"M_n has no zero below s = {horizon:.3g} at a = {a}, tau = {tau}, p = {p}")
    clock, rho = float(solution.t_events[0][0]), solution.y_events[0][0]
    # One Newton step removes what the event's interpolation left.
    slope = float(matrix[1] @ g(matrix @ rho))
    return clock - float(matrix[1] @ rho) / slope


def strong_signal_clock(tau: float, p: float = 0.5) -> float:
    r"""`s_inf = ((1 - tau)/p) [-ln u + 2 (1 - u) + u ln(2 - u)]`, `u = tau/(1 - tau)`: s_2 for a -> infinity.

    There the signal reaches the Bayes logit: min M_n -> -ln((1 - tau)/tau).

    Source: derived here.

    >>> round(strong_signal_clock(0.1), 3)
    7.282
    """
    u = tau / (1 - tau)
    return ((1 - tau) / p) * (-math.log(u) + 2 * (1 - u) + u * math.log(2 - u))
