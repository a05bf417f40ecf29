"""Gradient descent on the mixture model in a few plain lines, from the loss's definition and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np


def plain_descent(
    x: Any,
    label: Any,
    eta: float,
    steps: int,
    *,
    lam: float = 0.0,
    beta: float = 0.0,
    eps: float | None = None,
    kl: bool = False,
    theta_0: Any = None,
) -> Any:
    """theta after `steps` steps, (p,). Class 0 is the sign +1; targets and probabilities are (n, 2)."""
    n, dim = x.shape
    theta = np.zeros(dim) if theta_0 is None else np.array(theta_0, dtype=float)
    y = np.stack([label > 0, label < 0], axis=1).astype(float)
    t = np.zeros((n, 2))
    for _ in range(steps):
        z = x @ theta
        top = 1.0 / (1.0 + np.exp(-z))
        p = np.stack([top, 1.0 - top], axis=1)
        slope = p[:, 0] - y[:, 0]  # of the cross entropy, in z
        if lam:
            q = p if eps is None else np.clip(p, eps, 1.0 - eps)
            t = beta * t + (1.0 - beta) * q / q.sum(axis=1, keepdims=True)
            of_p = -lam * t / q if kl else -lam * t / (1.0 - (t * q).sum(axis=1, keepdims=True))
            through = np.stack([top * (1.0 - top), -top * (1.0 - top)], axis=1)
            if eps is not None:
                through = np.where((p >= eps) & (p <= 1.0 - eps), through, 0.0)
            slope = slope + (of_p * through).sum(axis=1)
        theta = theta - eta / n * (slope @ x)
    return theta
