r"""Gradient descent on the network as defined, by torch autograd in float64: what engines are held against.

Written from the definition alone; none of the engines' code enters. Slow, and meant for small problems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.two_stage.problem import Problem

__all__ = [
    "SIDES",
    "ReferenceRun",
    "loss",
    "loss_gradient",
    "margins_at",
    "patches_of",
    "reference_run",
    "weights_of",
]

Floats = NDArray[np.float64]
#: j of the two sides, ready to multiply arrays (2, m, ...).
SIDES: Floats = np.array([1.0, -1.0])[:, None]


def patches_of(problem: Problem) -> Floats:
    """`mu, xi_1..xi_n` as rows, (n + 1, d)."""
    return np.concatenate([problem.mu[None], problem.xi])


def _margins(weights: torch.Tensor, problem: Problem) -> torch.Tensor:
    signal = torch.from_numpy(problem.y[:, None] * problem.mu)
    noise = torch.from_numpy(problem.xi.copy())
    responses = torch.relu(weights @ signal.T) + torch.relu(weights @ noise.T)
    f_plus, f_minus = responses.mean(dim=1)
    margins: torch.Tensor = torch.from_numpy(problem.y_observed.copy()) * (f_plus - f_minus)
    return margins


def _loss(weights: torch.Tensor, problem: Problem) -> torch.Tensor:
    losses: torch.Tensor = -torch.nn.functional.logsigmoid(_margins(weights, problem))
    return losses.mean()


def margins_at(weights: Floats, problem: Problem) -> Floats:
    """`y~_i f(W, x_i)` for weights (2, m, d); (n,)."""
    return np.asarray(_margins(torch.from_numpy(weights.copy()), problem).numpy())


def loss(weights: Floats, problem: Problem) -> float:
    """`(1/n) sum_i log(1 + exp(-y~_i f(W, x_i)))`."""
    return float(_loss(torch.from_numpy(weights.copy()), problem))


def loss_gradient(weights: Floats, problem: Problem) -> Floats:
    """Gradient of the loss by autograd, (2, m, d)."""
    leaf = torch.from_numpy(weights.copy()).requires_grad_(True)
    (gradient,) = torch.autograd.grad(_loss(leaf, problem), [leaf])
    return np.asarray(gradient.numpy())


def weights_of(problem: Problem, gamma: Floats, rho: Floats) -> Floats:
    """`w0 + j gamma mu/|mu|^2 + sum_i rho_i xi_i/|xi_i|^2` for gamma (..., 2, m), rho (..., 2, m, n)."""
    signal = (SIDES * gamma)[..., None] * (problem.mu / (problem.mu @ problem.mu))
    noise = rho @ (problem.xi / np.sum(problem.xi**2, axis=1)[:, None])
    return np.asarray(problem.w0 + signal + noise)


@dataclass(frozen=True, eq=False)
class ReferenceRun:
    """weights (T, 2, m, d), margins (T, n), gamma (T, 2, m), rho (T, 2, m, n), products W V (T, 2, m, n+1)"""

    weights: Floats
    margins: Floats
    gamma: Floats
    rho: Floats
    products: Floats


def reference_run(problem: Problem, eta: float, steps: int) -> ReferenceRun:
    """Gradient descent by autograd; the decomposition by least squares on the unit patches."""
    w = problem.w0.copy()
    kept = [w]
    for _ in range(steps):
        w = w - eta * loss_gradient(w, problem)
        kept.append(w)
    weights = np.array(kept)
    patches = patches_of(problem)
    norms = np.linalg.norm(patches, axis=1)
    change = (weights - problem.w0).reshape(-1, problem.d)
    solution = np.linalg.lstsq((patches / norms[:, None]).T, change.T, rcond=None)[0].T * norms
    coefficients = solution.reshape(steps + 1, 2, problem.m, problem.n + 1)
    return ReferenceRun(
        weights=weights,
        margins=np.array([margins_at(w, problem) for w in weights]),
        gamma=SIDES * coefficients[..., 0],
        rho=coefficients[..., 1:],
        products=weights @ patches.T,
    )
