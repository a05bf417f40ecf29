"""The second layer oscillates (Lemma 4.4), and only while the noise is on (the periodic experiment)."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import decay, places
from theory.label_noise_sgd.claims.identities import DROP
from theory.label_noise_sgd.claims.made import Pair, claim, experiment, reading
from theory.label_noise_sgd.conditions import MANY_INPUTS, STABLE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note, readme
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "theta_variance", "window"]

Floats = NDArray[np.float64]

_PERIODIC = box(
    "wide networks, small decay", places.lazy, d=(10, 20), width=(50, 100), amplified=(0.2, 0.5),
    tilt=(0.001, 0.004), target=TARGETS,
)  # fmt: skip
OSCILLATION = experiment("oscillation", _PERIODIC, (0, 60, 260), 0.8, moments=0.875)
PERIODIC = experiment("periodic", _PERIODIC, (0, 20, 60), 0.3, periods=5, records=60)


def window(run: LinearRun) -> int:
    """The record from which moments are summed."""
    return int(np.searchsorted(run.path.steps, run.path.moments_from))


def theta_variance(run: LinearRun) -> Pair:
    """Variance of theta across theta* over the window, and V at the window's mean mu."""
    s, p = run.setting, run.path
    first = window(run)
    measured = float(p.var_theta(first)[1:].mean())
    mu = p.mean_perp(first) + p.mean_s(first)
    return measured, float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch))


def second_layer_spread(run: LinearRun) -> Pair:
    """Slope of Var_t(a_i) on |w_i|^2 over neurons, and V/mu^2."""
    s, p = run.setting, run.path
    first = window(run)
    w = np.sum(p.network((first + len(p.steps) - 1) // 2)[:, :-1] ** 2, axis=1)
    slope = float(np.sum(w * p.var_a) / np.sum(w**2))
    mu = p.mean_perp(first) + p.mean_s(first)
    return slope, float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch)) / mu**2


def off_range_decay(run: LinearRun) -> Pair | NotApplicable:
    """ln-decay of the part of a outside the range of W, and d L."""
    s, p = run.setting, run.path
    off = p.s_off_range
    alive = np.flatnonzero(off > 1e-12 * off[0])
    if s.m <= s.d or not len(alive) or alive[-1] == 0:
        return NotApplicable("a has no part outside the range of W")
    k = int(alive[-1])
    clock = decay.decay_clock(p.steps[k], p.perp[0], s.eta, s.sigma, s.d, s.batch)
    return float(np.log(off[0] / off[k])), float(s.d * clock)


def second_layer_size(run: LinearRun) -> Pair:
    """Mean of |a|^2 over the window, and `d V/mu + |theta*|^2/mu`."""
    s, p = run.setting, run.path
    first = window(run)
    mu = p.mean_perp(first) + p.mean_s(first)
    V = float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch))
    return p.mean_s(first), (s.d * V + s.target**2) / mu


def _block_drops(run: LinearRun) -> Pair:
    p = run.path
    step = np.diff(np.log(p.trace))
    blocks = p.steps[:-1] // run.options.half_period(int(p.steps[-1]))
    on = blocks % 2 == 0
    off = [abs(float(step[blocks == b].sum())) for b in np.unique(blocks[~on])]
    return -float(step[on].sum()), max(off, default=0.0)


def on_drop(run: LinearRun) -> Pair:
    """ln-drop of tr M over the blocks with noise, and L over their steps."""
    drops, _ = _block_drops(run)
    s, p = run.setting, run.path
    half = run.options.half_period(int(p.steps[-1]))
    on = float(np.sum(np.arange(p.steps[-1]) // half % 2 == 0))
    return drops, float(decay.decay_clock(on, p.perp[0], s.eta, s.sigma, s.d, s.batch))


def off_drop(run: LinearRun) -> Pair:
    """Largest |ln-drop| of tr M over a block without noise, and 0."""
    return _block_drops(run)[1], 0.0


_stable = partial(claim, conditions=(STABLE,))
_in_window = partial(claim, conditions=(STABLE, MANY_INPUTS), constants=with_(c_inputs=10.0))

CLAIMS: tuple[Claim, ...] = (
    _in_window(
        "second_layer.theta_variance",
        here("decay"),
        r"In Phase I $\mathrm{Var}\,\theta_k = \frac{\eta\mu\sigma^2/2B}{1 - c_B\mu}$.",
        Law(0.05, "time means over a window in which mu moves", planned_spread=0.05),
        theta_variance,
        OSCILLATION,
        measured="variance over the window across theta*, and V at the window's mean mu",
    ),
    _in_window(
        "second_layer.oscillation",
        note("Lemma 4.4, oscillation of the second layer"),
        r"$\mathrm{Var}_t(a_i) = |w_i|^2 V/\mu^2$: the second layer oscillates in proportion to the first.",
        Law(0.1, "time means over a window in which mu moves", planned_spread=0.06),
        second_layer_spread,
        OSCILLATION,
        measured="slope of Var_t(a_i) on |w_i|^2 over neurons, and V/mu^2",
        note="Read once the part of a outside the range of W has decayed; before, that decay is "
        "taken for variance.",
    ),
    _in_window(
        "second_layer.size",
        here("second layer"),
        r"$E|a|^2 = dV/\mu + |\theta^*|^2/\mu$.",
        Law(0.05, "time means over a window in which mu moves", planned_spread=0.06),
        second_layer_size,
        OSCILLATION,
        measured="mean of |a|^2 over the window, and the formula",
    ),
    _stable(
        "periodic.on",
        readme("periodic experiment"),
        r"With noise on and off in turn tr M falls by the law of Phase I while the noise is on.",
        Law(0.12, "relaxation after every switch", planned_spread=0.03),
        on_drop,
        PERIODIC,
        measured="ln-drop of tr M over all blocks with noise, and L over their steps",
    ),
    _stable(
        "periodic.off",
        readme("periodic experiment"),
        r"With noise on and off in turn tr M stands still while the noise is off.",
        Difference(2e-3, "relaxation of theta after a switch moves tr M by |delta|^2"),
        off_drop,
        PERIODIC,
        measured="largest |ln-drop| of tr M over a block without noise, and 0",
    ),
    _stable(
        "second_layer.off_range",
        here("second layer"),
        r"The part of a outside the range of W decays d times as fast as the first layer: like $e^{-dL(t)}$.",
        Law(0.05, "first order in s/M_perp", planned_spread=0.02),
        off_range_decay,
        DROP,
        measured="ln-decay of its square over the run, and d L",
    ),
    reading(
        "oscillation_from_the_start",
        "second_layer.oscillation",
        note("Lemma 4.4, read from the first step on"),
        r"$\mathrm{Var}_t(a_i) = |w_i|^2 V/\mu^2$ over a window that begins at the start.",
        Law(0.1, "the margin of the law in its window", planned_spread=0.2),
        second_layer_spread,
        DROP,
        conditions=(STABLE,),
        measured="slope of Var_t(a_i) on |w_i|^2 over neurons, and V/mu^2",
        note="The decay of the part of a outside the range of W is taken for variance.",
    ),
)
