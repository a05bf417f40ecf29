r"""Estimates of a, the flip rates and the time unit from what is seen in training, and the stops they give.

Seen are the inputs (each the sum of its patches), the observed labels, the margins on them, and what one
chooses: n, d, m, eta, sigma_0. Never a true label, nor which patch is which. With `t_ref` the step at the
reference clock, taken with the raw time unit `n m/(eta mean |x_i|^2)`:

    flipped_i = [margin_i(t_ref) < 0]        y^_i = y~_i (1 - 2 flipped_i)        S = sum_i y~_i y^_i
    |mu|^2^   = sum_{i != k} y~_i y~_k <x_i, x_k> / (S^2 - n)
    (sigma_xi^2 d)^ = mean |x_i|^2 - |mu|^2^          a^ = n |mu|^2^ / (sigma_xi^2 d)^

The sum over i != k leaves out `|xi_i|^2`, the only term that does not average out; given the labels its mean
is `|mu|^2 (S^2 - n)`. The mean field at these estimates then gives the depth time, where the mean noisy
margin is smallest, and s_2, where the first class's noisy margin returns to 0.

Source: derived here (`docs/questions.md`, When to stop).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.run import NotApplicable
from theory.two_stage.mean_field.mean_field import Population, last_crossing, mean_field
from theory.two_stage.run import Run

__all__ = ["REFERENCE", "Estimates", "PlugInStop", "estimates", "plug_in_stop"]

#: The clock at which labels are compared with the fit: half of T_1. At T_1 itself the first noisy samples
#: have
#: turned where the flip rates are high; a first block of runs had its bias in tau at a half of that at T_1.
REFERENCE = 0.25

#: How far the mean field is followed, in estimated time units; a Stage II beyond it counts as never.
HORIZON = 16.0


@dataclass(frozen=True)
class Estimates:
    """What the plug-in estimates: `a` = n SNR^2, the overall `flip_rate`, `noise_energy` = sigma_xi^2 d, and
    the
    population of the mean field at them."""

    a: float
    flip_rate: float
    noise_energy: float
    population: Population


@dataclass(frozen=True)
class PlugInStop:
    """Stops in gradient steps: at the predicted `depth` of Stage I, and `halfway` to the predicted s_2."""

    depth: float
    halfway: float


def estimates(run: Run) -> Estimates | NotApplicable:
    """The estimates at the reference clock, from what a practitioner sees.

    Not applicable where the labels agree with the early fit no better than by chance (S^2 <= n), or the
    estimated |mu|^2 or sigma_xi^2 d is not positive.

    Source: derived here.
    """
    s = run.setting
    n, seen = s.n, run.y_observed
    gram = run.input_gram
    raw = float(np.trace(gram)) / n
    reference = min(int(np.searchsorted(run.steps, REFERENCE * n * s.m / (s.eta * raw))), len(run.steps) - 1)
    flipped = run.margins[reference] < 0
    label = np.where(flipped, -seen, seen)
    agreement = float(seen @ label)
    if agreement**2 <= n:
        return NotApplicable("the early fit agrees with the labels no better than by chance")
    signal = (float(seen @ gram @ seen) - float(np.trace(gram))) / (agreement**2 - n)
    energy = raw - signal
    if not (signal > 0 and energy > 0):
        return NotApplicable("no signal is seen")
    iota = s.sigma_0 * energy**0.5
    plus, minus = (
        (int(np.sum((label == y) & ~flipped)), int(np.sum((label == y) & flipped))) for y in (1, -1)
    )
    population = Population(
        a=n * signal / energy,
        counts=(plus, minus),
        iota=iota,
        kappa_0=iota * (s.d / n) ** 0.5,
        clock_step=s.eta * energy / (n * s.m),
        m=s.m,
        d=s.d,
    )
    return Estimates(population.a, float(flipped.mean()), energy, population)


def plug_in_stop(found: Estimates) -> PlugInStop:
    """The stops at these estimates; `inf` without a flipped label: then there is nothing to stop for.

    Source: derived here.
    """
    pop = found.population
    noisy = np.array([flipped for _, flipped in pop.counts], dtype=np.float64)
    if not noisy.any():
        return PlugInStop(np.inf, np.inf)
    field = mean_field(pop, max(2, round(HORIZON / pop.clock_step)))
    margins = field.margins[..., 1]
    depth = int(np.argmin(margins @ noisy))
    crossing = float(np.min(last_crossing(field.clock, margins)[noisy > 0]))
    return PlugInStop(float(depth), 0.5 * crossing / pop.clock_step)
