"""The two-layer CNN with activation ReLU^q: exact gradient descent in n + 1 numbers a filter instead of d.

With V = [mu, xi_1..xi_n], K = V^T V and A = W V every step is `A <- A + C K`, `W <- W + C V^T`, where C holds
the slopes of the loss at each patch (2m, n + 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from simulation.models import Engine, Job
from theory.examples.cao.patches import Patches
from theory.rng import generator
from theory.run import Run

__all__ = ["ENGINES", "Closure", "PatchRun"]

Floats = NDArray[np.float64]
#: Training ends where the loss is this; fresh points of the error; the signal patch's sign at label 1 and -1.
LOSS, FRESH, SIGNS = 0.1, 4000, np.array([1.0, -1.0])


class PatchRun:
    """The weights at the first step with loss <= .1, or after all steps; the loss at each step (T,)."""

    engine = "closure"

    def __init__(self, job: Job, losses: Floats, signal: Floats, noise: Floats) -> None:
        self.setting, self.seed, self.dtype = job.setting, job.seed, job.dtype
        self.losses = losses
        self.steps = np.arange(len(losses))
        self.clock = self.steps * job.setting.clock_step
        self.signal, self.noise = signal, noise  # W mu (2m,); the Gram matrix of W off mu (2m, 2m)

    @cached_property
    def error(self) -> float:
        """0-1 error on fresh points; only the pre-activations of a fresh patch are drawn."""
        rng, s = generator(self.seed, "fresh"), self.setting
        values, axes = np.linalg.eigh(self.noise)
        z = rng.standard_normal((FRESH, len(values))) * np.sqrt(np.maximum(values, 0)) @ axes.T
        y = np.where(rng.random(FRESH) < 0.5, 1.0, -1.0)
        f = powers(np.outer(y, self.signal), s.q)[1] + powers(z, s.q)[1]
        return float(np.mean(y * (f @ sides(s)) <= 0))


def powers(z: Floats, q: int) -> tuple[Floats, Floats]:
    """ReLU^(q-1) and ReLU^q, by products, which cost less than a power."""
    slope = reduce(np.multiply, [positive := np.maximum(z, 0.0)] * (q - 1))
    return slope, slope * positive


def sides(s: Patches) -> Floats:
    """Second layer, (2m,): j/m."""
    return np.repeat([1.0, -1.0], s.m) / s.m


class Closure(Engine):
    """Full-batch gradient descent on the logistic loss, on data drawn in R^d, labels as they are."""

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """One after the other."""
        return [self.one(job) for job in jobs]

    def one(self, job: Job) -> PatchRun:
        """Signal patches y_i mu have pre-activations y_i A_0, noise patches A_i."""
        s: Patches = job.setting
        mu, head = s.signal_norm, sides(s)
        y = np.where(generator(job.seed, "labels").random(s.n) < 0.5, 1.0, -1.0)
        patches = np.zeros((s.n + 1, s.d))
        patches[0, 0] = mu
        patches[1:, 1:] = generator(job.seed, "noise").standard_normal((s.n, s.d - 1))
        w = generator(job.seed, "weights").standard_normal((2 * s.m, s.d)) * s.start / max(mu, s.d**0.5)
        gram, a = patches @ patches.T, w @ patches.T
        eta = s.step * s.m / (s.q * max(mu**2, s.d / s.n))
        total, change, losses, of = np.zeros_like(a), np.empty_like(a), [], np.where(y > 0, 0, 1)
        for t in range(job.steps + 1):
            both = powers(a[:, :1] * SIGNS, s.q)  # signal patches of either label
            (slope, value), (by_signal, signal) = powers(a[:, 1:], s.q), (x.take(of, 1) for x in both)
            margins = y * (head @ (signal + value))
            losses.append(float(np.add.reduce(np.logaddexp(0, -margins)) / s.n))
            if losses[-1] <= LOSS or t == job.steps:
                break
            pull = eta * s.q / (s.n * (1 + np.exp(np.minimum(margins, 500))))
            change[:, 0] = by_signal @ pull  # y_i from the loss times y_i of the patch
            change[:, 1:] = slope * (pull * y)
            change *= head[:, None]
            total += change
            a += change @ gram
        w += total @ patches
        return PatchRun(job, np.array(losses), w[:, 0] * mu, w[:, 1:] @ w[:, 1:].T)

    def work(self, job: Job) -> float:
        """The interpreter's part of a thousand steps or so, and the data."""
        s = job.setting
        return float(min(job.steps, 1000) * (4000.0 + 2 * s.m * s.n * s.n) + 100.0 * s.n * s.d)


ENGINES: Mapping[str, Engine] = {"closure": Closure()}
