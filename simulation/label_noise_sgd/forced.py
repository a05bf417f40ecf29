"""The second layer imposed: population gradient descent on W alone, with a drawn anew or held at every
step.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import sample_stream
from simulation.label_noise_sgd.problem import LinearProblem

__all__ = ["Imposed", "run_forced"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Imposed = Literal["gaussian", "chain", "constant"]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _advance(
    w: Any, a: Any, target: Any, eta: float, steps: int, law: int, size: float, keep: float, rng: Any,
    records: Any, out: Any,
) -> None:  # fmt: skip
    """w (d, m) in place; out (T, 3): tr M, M along the first axis, and the sum of the latter over steps."""
    d, m = w.shape
    place, along_sum = 0, 0.0
    for t in range(steps + 1):
        along = 0.0
        for i in range(m):
            along += w[0, i] * w[0, i]
        if place < records.shape[0] and records[place] == t:
            total = 0.0
            for j in range(d):
                for i in range(m):
                    total += w[j, i] * w[j, i]
            out[place, 0], out[place, 1], out[place, 2] = total, along, along_sum
            place += 1
        if t == steps:
            return
        along_sum += along
        if law == 0:
            for i in range(m):
                a[i] = size * rng.standard_normal()
        elif law == 1:
            for i in range(m):
                if t == 0 or rng.random() >= keep:
                    a[i] = size * (int(3.0 * rng.random()) - 1)
        for j in range(d):
            error = -target[j]
            for i in range(m):
                error += w[j, i] * a[i]
            c = eta * error
            for i in range(m):
                w[j, i] -= c * a[i]


def run_forced(
    problem: LinearProblem,
    *,
    eta: float,
    steps: int,
    records: Ints,
    imposed: Imposed,
    variance: float,
    persistence: float = 0.0,
    seed: int = 0,
) -> Floats:
    """tr M, M along theta* and the running sum of the latter at the records, (T, 3).

    Args:
        problem: start; theta* must lie along the first axis. `a_0` is used with "constant" only, scaled to
            mean square `variance`.
        imposed: "gaussian": a_i ~ N(0, variance) at every step; "chain": a_i in {-A, 0, A}, A^2 = 3/2
            variance, redrawn uniformly with chance 1 - persistence; "constant".

    Raises:
        ValueError: naming the argument.
    """
    if imposed not in get_args(Imposed):
        raise ValueError(f"imposed must be one of {get_args(Imposed)}, was {imposed!r}")
    if not variance > 0:
        raise ValueError(f"variance must be > 0, was {variance!r}")
    if not 0 <= persistence < 1:
        raise ValueError(f"persistence must lie in [0, 1), was {persistence!r}")
    if np.any(problem.theta_star[1:]):
        raise ValueError("theta_star must lie along the first axis here")
    a = problem.a_0 * np.sqrt(variance / np.mean(problem.a_0**2))
    size = float(np.sqrt(variance) if imposed == "gaussian" else np.sqrt(1.5 * variance))
    out = np.empty((len(records), 3))
    _advance(
        np.ascontiguousarray(problem.w_0.T.copy()),
        a,
        problem.theta_star,
        eta,
        steps,
        get_args(Imposed).index(imposed),
        size,
        persistence,
        sample_stream(seed),
        records,
        out,
    )
    return out
