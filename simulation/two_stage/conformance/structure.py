r"""What holds within one run: its coefficients give its weights, move one way, and can be taken up again."""

from __future__ import annotations

import numpy as np

from simulation.two_stage.conformance.cases import Case
from simulation.two_stage.conformance.check import Measurement, States, compare
from simulation.two_stage.conformance.reference import margins_at, weights_of
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.problem import Problem

__all__ = ["clean_theory", "decomposition", "monotone", "monotone_states", "rebuilt_margins", "restart"]

_J = np.array([1.0, -1.0])[:, None, None]


def rebuilt_margins(problem: Problem, run: States, allowed: float) -> Measurement:
    """Margins of the weights that the coefficients rebuild, against the margins told, at every step."""
    weights = weights_of(problem, run.gamma, run.rho)
    margins = np.array([margins_at(w, problem) for w in weights])
    found = compare(run, States(margins, run.gamma, run.rho), allowed)
    if found.holds and (run.gamma[0].any() or run.rho[0].any()):
        return Measurement(float("inf"), 0.0, "coefficients at step 0 are not 0")
    return found


def decomposition(trial: Trial, case: Case) -> Measurement:
    """`rebuilt_margins` of the case; the weights rebuilt carry the error of the coefficients."""
    return rebuilt_margins(case.problem, trial.of(case), 2 * case.allowed)


def monotone_states(y_observed: np.ndarray, run: States, allowed: float) -> Measurement:
    """Label-side rho (`j = y~_i`) never falls, the other side's never rises."""
    along = np.diff(run.rho * _J * y_observed, axis=0)
    fall = np.maximum(-along, 0.0)
    worst = float(fall.max(initial=0.0))
    step = int(np.unravel_index(fall.argmax(), fall.shape)[0]) if worst > 0 else 0
    return Measurement(worst, allowed, f"j y~_i rho_i falls by {worst:.2g} after step {step}")


def monotone(trial: Trial, case: Case) -> Measurement:
    """`monotone_states` of the case: each difference is of two coefficients."""
    return monotone_states(case.problem.y_observed, trial.of(case), 2 * case.allowed)


def clean_theory(trial: Trial, case: Case) -> Measurement:
    r"""No flipped label: every sample pushes every gamma up that it reaches, by the sum of `gamma_term`.

    `gamma_{j,r}` then grows by `eta |mu|^2/(n m) sum_i g_i 1[<w_{j,r}, y_i mu> > 0]`, where
    `g_i = 1/(1+e^margin_i)`, read off the run's own margins and weights.
    """
    p = case.problem
    clean = Problem(p.mu, p.xi, p.y, p.y, p.w0)
    run = trial.run(clean, case.eta, case.steps)
    weights = weights_of(clean, run.gamma, run.rho)
    products = weights @ p.mu
    active = products[..., None] * p.y > 0
    pull = 1.0 / (1.0 + np.exp(run.margins))
    scale = case.eta * float(p.mu @ p.mu) / (p.n * p.m)
    grown = scale * np.einsum("tjri,ti->tjr", active[:-1], pull[:-1])
    off = np.abs(np.diff(run.gamma, axis=0) - grown)
    # A filter within rounding of its kink may count on either side: such entries are left out.
    kept = np.abs(products[:-1]) > 2 * case.allowed
    error = float(np.max(off, where=kept, initial=0.0))
    return Measurement(error, 4 * case.allowed, f"gamma grows by {error:.2g} more or less than its pushes")


def restart(trial: Trial, case: Case) -> Measurement:
    """run(a + b) = run(b) after run(a), from the weights that the coefficients rebuild, at three cuts."""
    p, run = case.problem, trial.of(case)
    worst = Measurement(0.0, 1.0)
    for cut in (1, case.steps // 2, case.steps - 1):
        w = weights_of(p, run.gamma[cut], run.rho[cut])
        rest = trial.run(Problem(p.mu, p.xi, p.y, p.y_observed, w), case.eta, case.steps - cut)
        # Two runs, and the rebuilt weights carry the error of the first one's coefficients.
        found = compare(rest, run.part(cut), 4 * case.allowed)
        if not found.holds:
            return Measurement(found.error, found.allowed, f"restarted at step {cut}: {found.where}")
        worst = max(worst, found, key=lambda x: x.error / x.allowed)
    return worst
