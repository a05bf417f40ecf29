"""Two-layer ReLU networks under label-noise SGD on a linear teacher, batch 1, all neurons, compiled."""

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
            out_w[place], out_a[place] = w, a
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


@dataclass(frozen=True, eq=False)
class ReluPath:
    """Records: steps (T,), w (T, m, d), a (T, m); sums of squared steps by neuron, (m,) each."""

    steps: Ints
    w: Floats
    a: Floats
    qv_w: Floats
    qv_a: Floats


def run_relu(
    problem: LinearProblem, *, eta: float, sigma: float, steps: int, records: Ints, seed: int = 0
) -> ReluPath:
    """Train `f(x) = sum_i a_i relu(w_i . x)` on `theta* . x` plus fresh +-sigma, x ~ N(0, I), batch 1."""
    m, d = problem.w_0.shape
    w, a = np.ascontiguousarray(problem.w_0.T.copy()), problem.a_0.copy()
    out_w, out_a, squares = np.empty((len(records), d, m)), np.empty((len(records), m)), np.zeros((2, m))
    _advance(w, a, problem.theta_star, eta, sigma, steps, sample_stream(seed), records, out_w, out_a, squares)
    return ReluPath(records, out_w.transpose(0, 2, 1), out_a, squares[0], squares[1])
