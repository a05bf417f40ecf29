"""The kernel flow and the paper's own network on patches, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from papers.images.cases import stripes
from simulation.images import flip, kernel_flow
from simulation.images.errors import DataError
from simulation.images.flow import arc_kernel, patch_vectors
from simulation.images.patches import train_patches
from simulation.images.task import task_of
from theory.rng import generator


def test_kernel_is_the_mean_over_random_filters() -> None:
    """H_ik = <x_i, x_k> P(both active), by integration over the angle of a Gaussian filter."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 5))
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    both, _ = quad(lambda u: float(np.cos(u) > 0 and np.cos(u - angle) > 0), 0, 2 * np.pi, limit=2000)
    assert arc_kernel(a[None], b[None])[0, 0] == pytest.approx(a @ b * both / (2 * np.pi), rel=1e-3)
    x = rng.standard_normal((7, 3))
    h = arc_kernel(x, x)
    np.testing.assert_allclose(h, h.T)
    np.testing.assert_allclose(np.diag(h), 0.5 * (x**2).sum(axis=1))
    assert np.linalg.eigvalsh(h).min() > -1e-12


def test_flow_follows_its_recursion() -> None:
    images = flip(stripes(40), 0.2, seed=1)
    run = kernel_flow(
        images.x, images.labels, 30, eta=3.0, m=10, y=images.y, x_test=images.x[:5], y_test=images.y[:5]
    )
    x, test = patch_vectors(images.x, images.x[:5])
    h, towards = arc_kernel(x, x), arc_kernel(test, x)
    sign = 2.0 * images.labels - 1
    margin, mass = np.zeros(40), np.zeros(40)
    for _ in range(30):
        pull = expit(-margin)
        margin = margin + 2 * 3.0 / (40 * 10) * sign * (h @ (sign * pull))
        mass += pull
    np.testing.assert_allclose(run.margins[-1], margin, rtol=1e-12)
    f = 2 * 3.0 / (40 * 10) * towards @ (sign * mass)
    assert run.test_accuracy[-1] == ((f > 0) == (images.y[:5] == 1)).mean()
    with pytest.raises(DataError, match="labels 0 and 1"):
        kernel_flow(images.x, images.labels + 1, 5)


def test_network_follows_the_definition() -> None:
    """One filter and one image at a time, as the gradient of the mean of log(1 + exp(-y f)) is written."""
    task = task_of(flip(stripes(60), 0.2, seed=0), n=20, seed=0)
    m, eta, seed = 3, 2.0, 5
    run = train_patches(task, eta=eta, m=m, sigma_0=0.5, steps=8, seed=seed, ratio=1.0001)
    (x, _) = patch_vectors(task.x, task.x_test)
    y = 2.0 * task.labels - 1
    w = 0.5 * generator(seed, "images.weights").standard_normal((2, m, x.shape[1]))

    def f(i: int) -> float:
        return sum(s * max(w[j, r] @ x[i], 0.0) / m for j, s in ((0, -1), (1, 1)) for r in range(m))

    for at in range(9):
        np.testing.assert_allclose(run.margins[at], [y[i] * f(i) for i in range(20)], rtol=1e-9)
        change = np.zeros_like(w)
        for i in range(20):
            pull = expit(-y[i] * f(i)) * y[i] / 20
            for j, s in ((0, -1), (1, 1)):
                for r in range(m):
                    if w[j, r] @ x[i] > 0:
                        change[j, r] += eta * pull * s / m * x[i]
        w = w + change


def test_large_weights_follow_the_flow() -> None:
    task = task_of(flip(stripes(80), 0.2, seed=0), n=30, seed=0)
    run = train_patches(task, eta=20.0, m=2000, sigma_0=100.0, steps=2000, seed=0, paired=True)
    flow = kernel_flow(task.x, task.labels, 2000, eta=20.0, m=2000)
    np.testing.assert_allclose(run.margins[-1], flow.margins[-1], rtol=0.12, atol=0.05)


def test_paired_weights_start_at_zero() -> None:
    task = task_of(stripes(80), n=30, seed=0)
    assert (
        np.abs(train_patches(task, eta=1, m=5, sigma_0=3.0, steps=1, seed=0, paired=True).margins[0]).max()
        < 1e-12
    )
