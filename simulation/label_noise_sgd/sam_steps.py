"""SAM written out step by step, with both gradients kept: what its exact identities are held against."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.label_noise_sgd.dynamics import Dynamics
from simulation.label_noise_sgd.full import StepSamples
from simulation.label_noise_sgd.problem import LinearProblem
from theory.label_noise_sgd.trajectory import Trajectory

__all__ = ["run_sam_steps"]

Floats = NDArray[np.float64]


def run_sam_steps(
    problem: LinearProblem, dynamics: Dynamics, steps: int, seed: int
) -> tuple[Trajectory, dict[str, Any]]:
    """Every step recorded; `near`, `far` (steps, d): gradients with respect to theta at the point and at the
    perturbed one; `radius` (steps,): what the gradient was multiplied with to perturb.

    Steps and perturbations come from torch autograd on the loss, not from the formulas of the engines.
    """
    draw = StepSamples(dynamics, problem.d, steps, seed)
    w = torch.tensor(problem.w_0, requires_grad=True)
    a = torch.tensor(problem.a_0, requires_grad=True)
    target = torch.tensor(problem.theta_star)
    kept, near, far = [problem.z_0], np.empty((steps, problem.d)), np.empty((steps, problem.d))
    radii = np.empty(steps)

    def loss(w: torch.Tensor, a: torch.Tensor, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return 0.5 * torch.mean(((x @ w.T) @ a - x @ target - noise) ** 2)

    def theta_gradient(w: torch.Tensor, a: torch.Tensor, x: torch.Tensor, noise: torch.Tensor) -> Floats:
        residual = (x @ w.T) @ a - x @ target - noise
        return np.asarray((residual @ x / len(noise)).detach().numpy())

    for t in range(steps):
        inputs, label_noise = draw(t)
        x, noise = torch.tensor(inputs), torch.tensor(label_noise)
        grad_w, grad_a = torch.autograd.grad(loss(w, a, x, noise), (w, a))
        size = float(torch.sqrt((grad_w**2).sum() + (grad_a**2).sum()))
        radius = dynamics.rho
        if dynamics.normalised:
            radius = radius / size if size > 0 else 0.0
        far_w = (w + radius * grad_w).detach().requires_grad_()
        far_a = (a + radius * grad_a).detach().requires_grad_()
        near[t], far[t] = theta_gradient(w, a, x, noise), theta_gradient(far_w, far_a, x, noise)
        radii[t] = radius
        move_w, move_a = torch.autograd.grad(loss(far_w, far_a, x, noise), (far_w, far_a))
        with torch.no_grad():
            w -= dynamics.eta * move_w
            a -= dynamics.eta * move_a
        kept.append(torch.cat([w, a[:, None]], dim=1).detach().numpy().copy())
    path = Trajectory(
        dynamics.eta,
        problem.theta_star,
        np.arange(steps + 1),
        np.array(kept),
        None,
        np.zeros((steps + 1, 6 + 2 * problem.d)),
        np.empty((steps + 1, 0, problem.d + 1)),
        np.empty((steps + 1, 0)),
        np.zeros((4, problem.m)),
    )
    return path, {"near": near, "far": far, "radius": radii}
