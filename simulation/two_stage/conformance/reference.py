r"""Gradient descent on the network as defined, by torch autograd in float64: what engines are held against.

Written from the definition alone; none of the engines' code enters. Slow, and meant for small problems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.two_stage.problem import Problem
from simulation.two_stage.step_weights import StepWeights
from theory.two_stage.variation import PLAIN, Variation

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


@lru_cache(maxsize=1)
def _tensors(problem: Problem) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`y_i mu` and `xi_i` as columns, and `y~`; kept from step to step."""
    signal, noise = torch.from_numpy(problem.y[:, None] * problem.mu), torch.from_numpy(problem.xi.copy())
    return signal.T, noise.T, torch.from_numpy(problem.y_observed.copy())


def _margins(weights: torch.Tensor, problem: Problem, biases: torch.Tensor | float = 0.0) -> torch.Tensor:
    signal, noise, y_observed = _tensors(problem)
    responses = torch.relu(weights @ signal + biases) + torch.relu(weights @ noise + biases)
    f_plus, f_minus = responses.mean(dim=1)
    margins: torch.Tensor = y_observed * (f_plus - f_minus)
    return margins


def _loss(
    weights: torch.Tensor, problem: Problem, biases: torch.Tensor | float = 0.0, seen: Floats | None = None
) -> torch.Tensor:
    """`seen` (n,) is -1 for a sample whose label is seen flipped, else 1."""
    margins = _margins(weights, problem, biases)
    margins = margins if seen is None else margins * torch.from_numpy(seen)
    losses: torch.Tensor = -torch.nn.functional.logsigmoid(margins)
    return losses.mean()


def margins_at(weights: Floats, problem: Problem, biases: Floats | None = None) -> Floats:
    """`y~_i f(W, x_i)` for weights (2, m, d), and biases (2, m) where there are; (n,)."""
    added = 0.0 if biases is None else torch.from_numpy(biases[..., None].copy())
    return np.asarray(_margins(torch.from_numpy(weights.copy()), problem, added).numpy())


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
    """weights (T, 2, m, d), margins (T, n), gamma (T, 2, m), rho (T, 2, m, n), products W V (T, 2, m, n+1),
    biases (T, 2, m), 0 of a network without."""

    weights: Floats
    margins: Floats
    gamma: Floats
    rho: Floats
    products: Floats
    biases: Floats

    @property
    def preactivations(self) -> Floats:
        """Of the patches mu, -mu, xi_1..xi_n, (T, 2, m, n+2)."""
        both = np.concatenate([self.products[..., :1], -self.products[..., :1]], axis=-1)
        return np.concatenate([both, self.products[..., 1:]], axis=-1) + self.biases[..., None]


def reference_run(problem: Problem, eta: float, steps: int, variation: Variation = PLAIN) -> ReferenceRun:
    """Gradient descent by autograd; the decomposition by least squares on the unit patches.

    Of a variation, labels flipped afresh (`StepWeights` of seed 0 says which) and biases.
    """
    w, b = problem.w0.copy(), np.zeros(problem.w0.shape[:2])
    flips = StepWeights(problem.n, None, 0, fresh_flips=variation.fresh_flips)
    kept, biases = [w], [b]
    for _ in range(steps):
        if variation == PLAIN:
            w = w - eta * loss_gradient(w, problem)
        else:
            leaves = [torch.from_numpy(x.copy()).requires_grad_(True) for x in (w, b)]
            loss = _loss(leaves[0], problem, leaves[1][..., None], np.sign(flips.next()))
            of_w, of_b = (g.numpy() for g in torch.autograd.grad(loss, leaves))
            w, b = w - eta * of_w, b - eta * of_b * variation.biases
        kept.append(w)
        biases.append(b)
    weights = np.array(kept)
    patches = patches_of(problem)
    norms = np.linalg.norm(patches, axis=1)
    change = (weights - problem.w0).reshape(-1, problem.d)
    solution = np.linalg.lstsq((patches / norms[:, None]).T, change.T, rcond=None)[0].T * norms
    coefficients = solution.reshape(steps + 1, 2, problem.m, problem.n + 1)
    return ReferenceRun(
        weights=weights,
        margins=np.array([margins_at(w, problem, b) for w, b in zip(weights, biases, strict=True)]),
        gamma=SIDES * coefficients[..., 0],
        rho=coefficients[..., 1:],
        products=weights @ patches.T,
        biases=np.array(biases),
    )
