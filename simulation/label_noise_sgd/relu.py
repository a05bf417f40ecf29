"""Two-layer ReLU networks under label-noise SGD on a linear teacher, all neurons, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import sample_stream
from simulation.label_noise_sgd.problem import LinearProblem

__all__ = ["ReluPath", "run_relu"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _advance(
    w: Any, a: Any, target: Any, eta: float, sigma: float, steps: int, rng: Any, records: Any, out_w: Any,
    out_a: Any, squares: Any,
) -> None:  # fmt: skip
    """w (d, m), a (m,) in place; squares (2, m): sums of |dw_i|^2 and of da_i^2."""
    d, m = w.shape
    x, h = np.empty(d), np.empty(m)
    place = 0
    for t in range(steps + 1):
        if place < records.shape[0] and records[place] == t:
            for i in range(m):
                out_a[place, i] = a[i]
                for j in range(d):
                    out_w[place, j, i] = w[j, i]
            place += 1
        if t == steps:
            return
        residual, size = 0.0, 0.0
        for j in range(d):
            x[j] = rng.standard_normal()
            residual -= target[j] * x[j]
            size += x[j] * x[j]
        residual -= sigma if rng.random() < 0.5 else -sigma
        for i in range(m):
            h[i] = 0.0
        for j in range(d):
            c = x[j]
            for i in range(m):
                h[i] += c * w[j, i]
        for i in range(m):
            h[i] = max(h[i], 0.0)
            residual += a[i] * h[i]
        c = eta * residual
        for i in range(m):
            on = 1.0 if h[i] > 0.0 else 0.0
            squares[0, i] += c * c * a[i] * a[i] * size * on
            squares[1, i] += c * c * h[i] * h[i]
        for j in range(d):
            for i in range(m):
                w[j, i] -= (c * x[j]) * (a[i] if h[i] > 0.0 else 0.0)
        for i in range(m):
            a[i] -= c * h[i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _advance_batches(
    w: Any, a: Any, target: Any, eta: float, sigma: float, steps: int, batch: int, rng: Any, records: Any,
    out_w: Any, out_a: Any, squares: Any,
) -> None:  # fmt: skip
    """The same with the mean gradient of `batch` samples a step."""
    d, m = w.shape
    x, h, c = np.empty((batch, d)), np.empty((batch, m)), np.empty(batch)
    dw, da = np.empty(d), 0.0
    place = 0
    for t in range(steps + 1):
        if place < records.shape[0] and records[place] == t:
            for i in range(m):
                out_a[place, i] = a[i]
                for j in range(d):
                    out_w[place, j, i] = w[j, i]
            place += 1
        if t == steps:
            return
        for b in range(batch):
            residual = 0.0
            for j in range(d):
                x[b, j] = rng.standard_normal()
                residual -= target[j] * x[b, j]
            residual -= sigma if rng.random() < 0.5 else -sigma
            for i in range(m):
                h[b, i] = 0.0
            for j in range(d):
                for i in range(m):
                    h[b, i] += x[b, j] * w[j, i]
            for i in range(m):
                h[b, i] = max(h[b, i], 0.0)
                residual += a[i] * h[b, i]
            c[b] = eta * residual / batch
        for i in range(m):
            da, dw[:] = 0.0, 0.0
            for b in range(batch):
                if h[b, i] > 0.0:
                    da += c[b] * h[b, i]
                    for j in range(d):
                        dw[j] += c[b] * x[b, j]
            size = 0.0
            for j in range(d):
                step = dw[j] * a[i]
                size += step * step
                w[j, i] -= step
            squares[0, i] += size
            squares[1, i] += da * da
            a[i] -= da


@dataclass(frozen=True, eq=False)
class ReluPath:
    """Records: steps (T,), w (T, m, d), a (T, m); sums of squared steps by neuron, (m,) each."""

    steps: Ints
    w: Floats
    a: Floats
    qv_w: Floats
    qv_a: Floats


def run_relu(
    problem: LinearProblem,
    *,
    eta: float,
    sigma: float,
    steps: int,
    records: Ints,
    batch: int = 1,
    seed: int = 0,
) -> ReluPath:
    """Train `f(x) = sum_i a_i relu(w_i . x)` on `theta* . x` plus fresh +-sigma, x ~ N(0, I), by the mean
    gradient of `batch` samples a step."""
    m, d = problem.w_0.shape
    w, a = np.ascontiguousarray(problem.w_0.T.copy()), problem.a_0.copy()
    out_w, out_a, squares = np.empty((len(records), d, m)), np.empty((len(records), m)), np.zeros((2, m))
    rng, theta = sample_stream(seed), problem.theta_star
    if batch == 1:
        _advance(w, a, theta, eta, sigma, steps, rng, records, out_w, out_a, squares)
    else:
        _advance_batches(w, a, theta, eta, sigma, steps, batch, rng, records, out_w, out_a, squares)
    return ReluPath(records, out_w.transpose(0, 2, 1), out_a, squares[0], squares[1])
