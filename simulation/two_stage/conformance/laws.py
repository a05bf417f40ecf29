r"""Metamorphic laws: a changed problem whose run follows, exactly in real numbers, from the old one's.

| law | change | run |
| --- | --- | --- |
| rotation | all patches and weights turned by one orthogonal matrix | the same |
| neuron permutation | filters of a side reordered | gamma, rho reordered |
| sample permutation | samples with their labels reordered | margins, rho reordered |
| label and head swap | y, y~, mu -> -y, -y~, -mu; sides of w0 exchanged | sides of gamma, rho exchanged |
| signal renaming | y, mu -> -y, -mu; y~ kept | gamma -> -gamma, the rest same |
| scaling | x -> c x, w0 -> w0/c, eta -> eta/c^2 | the same |
| duplicated data | every sample twice (below) | margins twice, gamma same, rho below |
| duplicated filters | every filter twice, eta -> 2 eta | gamma, rho twice |
| all labels flipped | y~ = -y; against y' = -y, mu' = -mu, all clean | gamma -> -gamma, the rest same |

Label and head swap: every patch y mu stays, and with the sides exchanged f becomes -f, so margins -y~ (-f)
stay. The filter of side j is now the old one of side -j, with `(-j) gamma_{-j} mu = j gamma_{-j} (-mu)`: the
new gamma_j is the old gamma_{-j}, without a sign.

Duplicated data: two equal patches are linearly dependent, and the decomposition would not be unique. So the
copies of xi_i are `(xi_i, +|xi_i| e_i)` and `(xi_i, -|xi_i| e_i)` in n further dimensions, in which w0 is 0.
Their pushes along e_i cancel at every step, so the weights stay 0 there and every product is the old one.
Both copies' rho equals the old rho_i: a copy's squared norm is 2 |xi_i|^2, and each does half the work.

Source: derived here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from simulation.two_stage.conformance.cases import Case
from simulation.two_stage.conformance.check import Measurement, States, compare
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.problem import Problem
from theory.rng import generator

__all__ = ["LAWS"]

Law = Callable[[Trial, Case], Measurement]


def _rng(case: Case, purpose: str) -> np.random.Generator:
    return generator(case.seed, f"conformance {purpose}", case.problem.n * 1000 + case.problem.d)


def _compared(
    trial: Trial, case: Case, changed: Problem, expected: States, eta: float | None = None, slack: float = 1.0
) -> Measurement:
    found = trial.run(changed, case.eta if eta is None else eta, case.steps)
    # Both runs carry rounding; `slack` is by how much the changed problem has more terms.
    return compare(found, expected, 2 * slack * case.allowed)


def _rotation(trial: Trial, case: Case) -> Measurement:
    p = case.problem
    turn = np.linalg.qr(_rng(case, "rotation").standard_normal((p.d, p.d)))[0]
    return _compared(
        trial, case, Problem(p.mu @ turn, p.xi @ turn, p.y, p.y_observed, p.w0 @ turn), trial.of(case)
    )


def _neurons(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    rng = _rng(case, "neurons")
    orders = [rng.permutation(p.m) for _ in (0, 1)]

    def permuted(a: np.ndarray, axis: int) -> np.ndarray:
        return np.stack([a.take(j, axis).take(orders[j], axis) for j in (0, 1)], axis)

    expected = States(run.margins, permuted(run.gamma, 1), permuted(run.rho, 1))
    return _compared(trial, case, Problem(p.mu, p.xi, p.y, p.y_observed, permuted(p.w0, 0)), expected)


def _samples(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    # Reversed, not rolled: an engine that pairs samples and labels one off commutes with a rotation.
    order = np.arange(p.n)[::-1]
    expected = States(run.margins[:, order], run.gamma, run.rho[..., order])
    return _compared(trial, case, Problem(p.mu, p.xi[order], p.y[order], p.y_observed[order], p.w0), expected)


def _heads(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    expected = States(run.margins, run.gamma[:, ::-1], run.rho[:, ::-1])
    return _compared(trial, case, Problem(-p.mu, p.xi, -p.y, -p.y_observed, p.w0[::-1]), expected)


def _renamed(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    expected = States(run.margins, -run.gamma, run.rho)
    return _compared(trial, case, Problem(-p.mu, p.xi, -p.y, p.y_observed, p.w0), expected)


def _scaled(trial: Trial, case: Case) -> Measurement:
    p = case.problem
    worst = Measurement(0.0, 1.0)
    for c in (0.3, 7.0):
        changed = Problem(c * p.mu, c * p.xi, p.y, p.y_observed, p.w0 / c)
        found = _compared(trial, case, changed, trial.of(case), eta=case.eta / c**2)
        if not found.holds:
            return found
        worst = max(worst, found, key=lambda x: x.error / x.allowed)
    return worst


def _duplicated_data(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    more = np.diag(np.linalg.norm(p.xi, axis=1))
    xi = np.concatenate([np.concatenate([p.xi, more], axis=1), np.concatenate([p.xi, -more], axis=1)])
    changed = Problem(
        np.concatenate([p.mu, np.zeros(p.n)]),
        xi,
        np.tile(p.y, 2),
        np.tile(p.y_observed, 2),
        np.concatenate([p.w0, np.zeros((2, p.m, p.n))], axis=2),
    )
    expected = States(np.tile(run.margins, 2), run.gamma, np.tile(run.rho, 2))
    # sqrt 2 longer patches, and (d + n) + 2n + 2m <= 3 (d + n + 2m) terms.
    return _compared(trial, case, changed, expected, slack=3 * 2**0.5)


def _duplicated_filters(trial: Trial, case: Case) -> Measurement:
    p, run = case.problem, trial.of(case)
    changed = Problem(p.mu, p.xi, p.y, p.y_observed, np.tile(p.w0, (1, 2, 1)))
    expected = States(run.margins, np.tile(run.gamma, (1, 1, 2)), np.tile(run.rho, (1, 1, 2, 1)))
    return _compared(trial, case, changed, expected, eta=2 * case.eta, slack=2.0)


def _all_flipped(trial: Trial, case: Case) -> Measurement:
    p = case.problem
    clean = trial.run(Problem(-p.mu, p.xi, -p.y, -p.y, p.w0), case.eta, case.steps)
    expected = States(clean.margins, -clean.gamma, clean.rho)
    return _compared(trial, case, Problem(p.mu, p.xi, p.y, -p.y, p.w0), expected)


#: The laws by name.
LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "rotation": _rotation,
        "neuron permutation": _neurons,
        "sample permutation": _samples,
        "label and head swap": _heads,
        "signal renaming": _renamed,
        "scaling": _scaled,
        "duplicated data": _duplicated_data,
        "duplicated filters": _duplicated_filters,
        "all labels flipped": _all_flipped,
    }
)
