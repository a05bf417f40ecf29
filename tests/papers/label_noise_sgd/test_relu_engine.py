"""The compiled ReLU engine is gradient descent on the samples that it draws, at any batch size."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.label_noise_sgd.compressed import sample_stream
from simulation.label_noise_sgd.problem import LinearProblem
from simulation.label_noise_sgd.relu import run_relu


def by_hand(
    p: LinearProblem, eta: float, sigma: float, steps: int, batch: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """W (m, d) and a (m,) after plain steps along the mean gradient of `batch` samples."""
    rng, w, a = sample_stream(seed), p.w_0.copy(), p.a_0.copy()
    for _ in range(steps):
        dw, da = np.zeros_like(w), np.zeros_like(a)
        for _ in range(batch):
            x = np.array([rng.standard_normal() for _ in range(w.shape[1])])
            noise = sigma if rng.random() < 0.5 else -sigma
            h = np.maximum(w @ x, 0.0)
            residual = a @ h - p.theta_star @ x - noise
            da += residual * h / batch
            dw += residual * np.outer(a * (h > 0), x) / batch
        w, a = w - eta * dw, a - eta * da
    return w, a


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_the_engine_is_gradient_descent(batch: int) -> None:
    rng = np.random.default_rng(4)
    p = LinearProblem(rng.standard_normal((7, 3)), rng.standard_normal(7), rng.standard_normal(3))
    out = run_relu(p, eta=0.01, sigma=0.7, steps=300, records=np.array([0, 300]), batch=batch, seed=11)
    w, a = by_hand(p, 0.01, 0.7, 300, batch, 11)
    assert np.allclose(out.w[-1], w, rtol=0, atol=1e-10)
    assert np.allclose(out.a[-1], a, rtol=0, atol=1e-10)
    assert np.abs(out.w[-1] - p.w_0).max() > 0.1
