r"""One step of the engine against two independent gradients, and whole runs against autograd.

From a state W, one step gives `W' - W = j gamma mu/|mu|^2 + sum_i rho_i xi_i/|xi_i|^2`, which must be
`-eta grad L(W)`. States: the initial weights and the weights after half of the reference run.

Central differences `(L(W + s e) - L(W - s e)) / 2s` with `s = eps^(1/3) / S`, `S = |mu| + max |xi|`, err by
at most `s^2 |L'''| / 6` and `eps terms (1 + L) / s`. While no filter switches,
`|L'''| <= (S / m)^3 / (6 sqrt 3)`.
Coordinates at which a filter may switch within the difference, some `|<w, v>| <= s |v|`, are left out;
at least nine in ten must remain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.conformance.cases import Case
from simulation.two_stage.conformance.check import Measurement, States, compare
from simulation.two_stage.conformance.reference import loss, loss_gradient, patches_of, weights_of
from simulation.two_stage.conformance.rounding import RULE
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.problem import Problem

__all__ = ["DIFFERENCES_RULE", "GRADIENT_RULE", "against_autograd", "against_differences", "trajectory"]

Floats = NDArray[np.float64]

GRADIENT_RULE = f"{RULE}, on eta x gradient x max |patch|"
DIFFERENCES_RULE = (
    "central differences: s^2 (S/m)^3 / (36 sqrt 3) + eps terms (1 + L) / s, and rounding / eta"
)
_LEFT_OUT = 0.1


def _states(case: Case) -> list[tuple[str, Problem]]:
    p = case.problem
    later = case.reference.weights[case.steps // 2]
    return [("start", p), ("half way", Problem(p.mu, p.xi, p.y, p.y_observed, later))]


def _step(trial: Trial, problem: Problem, eta: float) -> Floats:
    """`W' - W` of one step of the engine, (2, m, d)."""
    run = trial.run(problem, eta, 1)
    return weights_of(problem, run.gamma[1], run.rho[1]) - problem.w0


def _worse(a: Measurement, b: Measurement) -> Measurement:
    if not a.holds:
        return a
    return b if not b.holds or b.error * a.allowed > a.error * b.allowed else a


def against_autograd(trial: Trial, case: Case) -> Measurement:
    """Largest error of a step's weights, times the largest patch."""
    widest = float(np.linalg.norm(patches_of(case.problem), axis=1).max())
    worst = Measurement(0.0, case.allowed)
    for name, problem in _states(case):
        off = _step(trial, problem, case.eta) + case.eta * loss_gradient(problem.w0, problem)
        error = float(np.abs(off).max()) * widest
        worst = _worse(worst, Measurement(error, case.allowed, f"step from {name} off by {error:.2g}"))
    return worst


def against_differences(trial: Trial, case: Case) -> Measurement:
    """Largest error of an entry of the gradient, over coordinates away from kinks."""
    p = case.problem
    patches = patches_of(p)
    norms = np.linalg.norm(patches, axis=1)
    reach = float(norms[0] + norms[1:].max())
    eps = float(np.finfo(float).eps)
    s = eps ** (1 / 3) / reach
    terms = p.d + p.n + 2 * p.m
    worst = Measurement(0.0, 1.0)
    for name, problem in _states(case):
        gradient = -_step(trial, problem, case.eta) / case.eta
        near = np.any(np.abs(problem.w0 @ patches.T) <= s * norms, axis=-1)
        if near.mean() > _LEFT_OUT:
            return Measurement(float("inf"), 0.0, f"{near.mean():.0%} of the filters are near a kink")
        error = 0.0
        for j, r, k in np.ndindex(*problem.w0.shape):
            if near[j, r]:
                continue
            shift = np.zeros_like(problem.w0)
            shift[j, r, k] = s
            slope = (loss(problem.w0 + shift, problem) - loss(problem.w0 - shift, problem)) / (2 * s)
            error = max(error, abs(float(gradient[j, r, k]) - slope))
        truncation = s**2 * (reach / p.m) ** 3 / (36 * np.sqrt(3))
        rounding = eps * terms * (1 + loss(problem.w0, problem)) / s
        allowed = truncation + rounding + case.allowed / (case.eta * norms.max())
        worst = _worse(worst, Measurement(error, allowed, f"gradient at {name} off by {error:.2g}"))
    return worst


def trajectory(trial: Trial, case: Case) -> Measurement:
    """A whole run against gradient descent by autograd."""
    r = case.reference
    return compare(trial.of(case), States(r.margins, r.gamma, r.rho), case.allowed)
