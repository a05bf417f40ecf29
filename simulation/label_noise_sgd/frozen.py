"""One step, many draws, from a state that stays: the conditional law of how a neuron's balance changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import sample_stream
from simulation.label_noise_sgd.problem import LinearProblem

__all__ = ["OneStep", "one_step"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OneStep:
    """What `draws` independent steps from one state do to `D_i = |w_i|^2 - a_i^2`.

    `decreases` (m,): share of the draws with D_i lower after the step; `drift` (m,): mean change of D_i;
    `drift_sum`, `drift_sum_error`: mean and standard error of the change of sum_i D_i.
    """

    draws: int
    decreases: Floats
    drift: Floats
    drift_sum: float
    drift_sum_error: float


def one_step(
    problem: LinearProblem,
    *,
    eta: float,
    batch: int,
    sigma: float,
    draws: int,
    seed: int = 0,
    data: Floats | None = None,
) -> OneStep:
    """Draw `draws` batches at the problem's start and make a step from it with each.

    With `data` (n, d) batches are drawn from its rows with replacement, else x ~ N(0, I).
    """
    rng = sample_stream(seed)
    w, a = problem.w_0, problem.a_0
    delta = w.T @ a - problem.theta_star
    start = np.sum(w**2, axis=1) - a**2
    count, total, of_sum = np.zeros(len(a)), np.zeros(len(a)), []
    block = max(1, 4_000_000 // (len(a) + batch * len(delta)))
    for first in range(0, draws, block):
        size = min(block, draws - first)
        if data is None:
            x = rng.standard_normal((size, batch, len(delta)))
        else:
            x = data[(rng.random((size, batch)) * len(data)).astype(np.int64)]
        noise = np.where(rng.random((size, batch)) < 0.5, sigma, -sigma)
        g = np.einsum("nb,nbj->nj", x @ delta - noise, x) / batch
        pre = g @ w.T
        # Both terms are differences of the step itself, not the formula under test.
        new_a = a - eta * pre
        square = np.sum(w**2, axis=1) - 2 * eta * a * pre + eta**2 * a**2 * np.sum(g**2, axis=1)[:, None]
        change = square - new_a**2 - start
        count += np.sum(change < 0, axis=0)
        total += change.sum(axis=0)
        of_sum.append(change.sum(axis=1))
    every = np.concatenate(of_sum)
    return OneStep(
        draws,
        count / draws,
        total / draws,
        float(every.mean()),
        float(every.std(ddof=1) / np.sqrt(draws)),
    )
