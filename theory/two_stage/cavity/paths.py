r"""Gradient descent with its cross-talk replaced by Gaussian fields: the cavity law, followed step by step.

Sides j = +1, -1, filters r, samples i. Coefficients `C_jri` start at 0 and are >= 0 on the label's side
j = y~_i, <= 0 on the other; `P = mean_r C`. A pre-activation over its own scale is

    A_jri = q_i C_jri + sqrt(n/d) [kappa_0 Z_jri + F_ji + j gamma_j N_i/sqrt(a) + U_jri]

with the initial product Z, the shared field F (`shared_field`), the signal's own product N, and U,
independent from sample to sample and filter to filter (summing to 0 over the filters of a side), of
covariance in time

    Cov(U(s), U(s')) = (1/n) sum_k mean_r (C - P)_jrk(s) (C - P)_jrk(s')        (`causal`)

Then, with `eps_i = y_i y~_i` and g(z) = 1/(1 + e^z), as gradient descent does,

    M_i = mean_r relu(A_{y~_i,r,i}) - mean_r relu(A_{-y~_i,r,i})
          + eps_i [gamma_{y_i} + y_i sqrt(a/(n d)) sum_k P_{y_i,k} N_k]
    C_jri += y~_i j h g(M_i) 1[A_jri > 0]          gamma_y += (a h/n) sum_{i: y_i = y} eps_i g(M_i)

(the first increment of gamma_y mixes both classes: a binomial share of the filters points away from its
class's signal). No d-vector, no Gram matrix and no data are left; nothing is fitted.

Fields move ever more slowly: they are renewed at the steps of `renewed`. Between two renewals a filter that
is on grows by h g, and one on the wrong side shrinks until it is off; both are exact for standing fields.

Source: derived here (`docs/derivations/cavity.md`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.cavity.causal import LONGEST, CausalProcess
from theory.two_stage.cavity.nodes import Nodes, samples
from theory.two_stage.cavity.shared_field import SampleField, SharedField
from theory.two_stage.cavity.terms import FULL, Terms
from theory.two_stage.mean_field.mean_field import Population

__all__ = ["CavityState", "Paths", "cavity_paths", "follow", "record", "renewed"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]

_NONE: Singles = np.empty((0, 0), np.float32)


def renewed(step: int) -> bool:
    """Whether the fields are renewed at a step: each one to 15, every 2nd to 40, every 4th to 80, then every
    8th."""
    return step <= 15 or (step <= 40 and step % 2 == 0) or (step <= 80 and step % 4 == 0) or step % 8 == 0


@dataclass(frozen=True, eq=False)
class Paths:
    """R replicates at steps 0 .. T-1: `margins` M and active shares `active` p_i of the label's side,
    (T, n, R), of the samples of `nodes`."""

    nodes: Nodes
    margins: Singles
    active: Singles


def cavity_paths(
    population: Population | Sequence[Population],
    steps: int,
    replicates: int,
    rng: np.random.Generator,
    terms: Terms = FULL,
    until_fit: bool = False,
) -> Paths:
    """The law of a data set with these label counts, or of one a replicate that differ in them alone.

    Args:
        replicates: R. They share what is an average over them: the covariance of U.
        terms: what the law contains; a part is left out by falsehoods only.
        until_fit: as for `follow`.
    """
    each = (population,) if isinstance(population, Population) else tuple(population)
    population, nodes = each[0], samples(*each)
    field = SampleField(nodes, replicates, rng, symmetric=terms.symmetric)
    signal = rng.standard_normal((nodes.n, replicates), dtype=np.float32)
    return follow(population, nodes, field, signal, steps, rng, terms, until_fit=until_fit)


def follow(
    population: Population,
    nodes: Nodes,
    field: SharedField,
    signal: Singles,
    steps: int,
    rng: np.random.Generator,
    terms: Terms = FULL,
    longest: int = LONGEST,
    until_fit: bool = False,
) -> Paths:
    """The law for any nodes; `signal` (n, R) are the products N with the signal.

    Args:
        until_fit: a look at the end is enough once every margin is positive: margins then stay so, and the
            last ones stand for all later steps.
    """
    return record(CavityState(population, nodes, field, signal, rng, terms, longest), steps, until_fit)


def record(state: CavityState, steps: int, until_fit: bool = False) -> Paths:
    """Follow a state from its start."""
    nodes = state.nodes
    shape = (steps + 1, *state.active.shape)
    margins, active = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for t in range(steps + 1):
        if state.renewed(t):
            state.renew()
        margins[t], active[t] = state.margins(), state.active
        if until_fit and t % 8 == 0 and margins[t].min() > 0:
            margins[t:], active[t:] = margins[t], active[t]
            break
        if t < steps:
            state.advance(margins[t], first=t == 0)
    return Paths(nodes, margins, active)


class CavityState:
    """Coefficients and fields at one step. Arrays are (2 sides, m filters, n samples, R), or without m."""

    def __init__(
        self,
        population: Population,
        nodes: Nodes,
        field: SharedField,
        signal: Singles,
        rng: np.random.Generator,
        terms: Terms,
        longest: int,
    ) -> None:
        n, R, m = nodes.n, signal.shape[1], population.m
        self._population, self.nodes, self._field, self._terms = population, nodes, field, terms
        self._size = np.float32(math.sqrt(population.n / population.d))
        self._labelled = nodes.labelled.astype(np.float32)
        self._agree = nodes.agree.astype(np.float32)
        #: What a sample adds to the signal of either class, (2, n, R).
        self._pull = nodes.classes * (nodes.weight[:, None] * nodes.agree)
        self._signal = signal
        # A sum over samples is n times the weighted mean.
        scale = nodes.weight * population.n * math.sqrt(population.a / (population.n * population.d))
        self._learnt = scale[:, None].astype(np.float32) * signal
        self._q = (1 + math.sqrt(2 / population.d) * rng.standard_normal((n, R))).astype(np.float32)
        self._aligned = rng.binomial(m, 0.5, (2, R)) / m
        self._other = ~nodes.labelled[:, None]
        self._initial = rng.standard_normal((2, m, n, R), dtype=np.float32)
        self._initial *= self._size * np.float32(population.kappa_0)
        self._processes = tuple(
            CausalProcess((m, n, R), rng, centred=True, rotating=terms.rotating, longest=longest)
            for _ in (0, 1)
        )
        equal = bool(np.all(nodes.weight == nodes.weight[0]))
        self._root = None if equal else np.sqrt(nodes.weight)[:, None].astype(np.float32)
        self._of_square = (float(nodes.weight[0]) if equal else 1.0) / (R * m)
        self._coefficients = np.zeros((2, m, n, R), np.float32)
        self._means: Singles = np.zeros((2, n, R), np.float32)
        self._on = np.zeros((2, m, n, R), dtype=bool)
        self._products: Singles = np.empty((2, m, n, R), np.float32)
        self._flat = (m, n * R)
        self._gained: Singles = np.zeros((n, R), np.float32)
        self._gamma = np.zeros((2, R))
        #: What the label's and the other side give to the margin.
        self._with: Singles = np.zeros((n, R), np.float32)
        self._against: Singles = np.zeros((n, R), np.float32)
        self.active: Singles = np.zeros((n, R), np.float32)
        #: The other side's filters that are on: where, on which sample of which replicate, by how much.
        self._entries = np.empty(0, np.int64)
        self._cells = np.empty(0, np.int64)
        self._left: Singles = np.empty(0, np.float32)

    def renewed(self, step: int) -> bool:
        """Whether the fields are drawn anew at a step."""
        return renewed(step)

    def renew(self) -> None:
        """Write back what the label's side has gained, and draw the fields anew."""
        from theory.two_stage.cavity.loops import grow, switch

        C, on, of_label, (m, cells) = self._coefficients, self._on, self.nodes.of_label, self._flat
        gain, means = self._labelled * self._gained, np.empty_like(self._means)
        for j in (0, 1):
            grow(
                C[j].reshape(m, cells),
                on[j].reshape(m, cells),
                gain[j].reshape(cells),
                means[j].reshape(cells),
            )
        self._gained[:] = 0
        self._means = means
        shared = self._size * self._shared()
        products, counted, parts = self._products, np.empty_like(means), np.empty_like(means)
        for j in (0, 1):
            own = self._own(j)
            switch(
                self._q.reshape(cells),
                *(x[j].reshape(m, cells) for x in (C, self._initial)),
                shared[j].reshape(cells),
                _NONE if own is None else own.reshape(m, cells),
                self._size,
                *(x[j].reshape(m, cells) for x in (on, products)),
                *(x[j].reshape(cells) for x in (counted, parts)),
            )
        self.active = of_label(counted)
        self._with = of_label(parts)
        self._against = of_label(parts[::-1])
        # On the other side few filters are on: they alone are followed until the next renewal.
        self._entries = np.flatnonzero(on & self._other)
        self._left = products.reshape(-1)[self._entries]
        self._cells = self._entries % self._gained.size

    def _shared(self) -> Singles:
        """F with the signal's part, over sqrt(n/d)."""
        pop, terms = self._population, self._terms
        means = self._means if terms.other_side else self._means * self._labelled
        out = self._field(means) if terms.shared else np.zeros_like(means)
        if terms.signal:
            push = self._gamma * np.array([[1.0], [-1.0]]) / math.sqrt(pop.a)
            out = out + push[:, None].astype(np.float32) * self._signal
        return out

    def _own(self, j: int) -> Singles | None:
        """U on a side, over sqrt(n/d); None where it is 0."""
        if not self._terms.filters:
            return None
        deviation = np.subtract(self._coefficients[j], self._means[j], out=self._products[j])
        if self._root is not None:
            deviation *= self._root
        if not self._terms.other_side:
            deviation *= self._labelled[j]
        return self._processes[j].draw(deviation, self._of_square)

    def margins(self) -> Singles:
        """M, (n, R)."""
        nodes = self.nodes
        signal = self._gamma
        if self._terms.signal:
            learnt = (self._means * self._learnt).sum(axis=1)
            signal = signal + np.array([[1.0], [-1.0]]) * learnt
        plus, minus = signal.astype(np.float32)
        of_class = np.where(nodes.y > 0, plus, minus)
        return self._with - self._against + self._agree * of_class

    def advance(self, margins: Singles, *, first: bool) -> None:
        """One gradient step at standing fields."""
        pop = self._population
        slope: Singles = np.reciprocal(1 + np.exp(margins))
        step: Singles = np.float32(pop.clock_step) * slope
        self._gained += step
        gain = self.active * step
        self._means += self._labelled * gain
        self._with = self._with + self._q * gain
        self._shrink(step)
        self._gamma = self._gamma + pop.a * pop.clock_step * self._net(slope, first)

    def _net(self, slope: Singles, first: bool) -> Floats:
        """What the samples of either class pull gamma by, (2, R)."""
        net = np.asarray((self._pull * slope).sum(axis=1))
        return self._aligned * net + (1 - self._aligned) * net[::-1] if first else net

    def _shrink(self, step: Singles) -> None:
        """The other side's filters that are on lose what the label's side gains."""
        if not len(self._entries):
            self._against = np.zeros_like(self._against)
            return
        self._coefficients.reshape(-1)[self._entries] -= step.reshape(-1)[self._cells]
        left = self._left - (self._q * step).reshape(-1)[self._cells]
        stay = left > 0
        self._entries, self._cells, self._left = self._entries[stay], self._cells[stay], left[stay]
        total = np.bincount(self._cells, self._left, self._gained.size) / self._population.m
        self._against = total.reshape(self._gained.shape).astype(np.float32)
