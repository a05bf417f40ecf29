"""The two-layer CNN with activation ReLU^q: exact gradient descent in n + 1 numbers a filter instead of d.

With V = [mu, xi_1..xi_n], K = V^T V and A = W V every step is `A <- A + C K`, `W <- W + C V^T`, where C holds
the slopes of the loss at each patch (2m, n + 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulation.models import Engine, Job
from theory.compiled import compiled
from theory.examples.cao.patches import Patches
from theory.rng import generator
from theory.run import Run

__all__ = ["ENGINES", "Closure", "PatchRun"]

Floats = NDArray[np.float64]
#: Training ends where the loss is this, and fresh points that the error is counted on.
LOSS, FRESH = 0.1, 4000


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
        f = power(np.outer(y, self.signal), s.q) + power(z, s.q)
        return float(np.mean(y * (f @ sides(s)) <= 0))


def power(z: Floats, q: int) -> Floats:
    """ReLU^q."""
    return np.asarray(np.maximum(z, 0.0) ** q)


def sides(s: Patches) -> Floats:
    """Second layer, (2m,): j/m."""
    return np.repeat([1.0, -1.0], s.m) / s.m


@compiled
def descend(a, gram, y, head, q, eta, steps):  # type: ignore[no-untyped-def]
    """Steps until the loss is LOSS: the sum of C over them (2m, n + 1), and the losses; `a` moves along."""
    n = len(y)
    total, change, losses = np.zeros_like(a), np.empty_like(a), np.empty(steps + 1)
    up, down = np.empty(len(a)), np.empty(len(a))  # ReLU^(q-1) of the signal patches of either label
    margins = np.empty(n)
    for t in range(steps + 1):
        margins[:] = 0.0
        for r in range(len(a)):
            signal, against = max(a[r, 0], 0.0), max(-a[r, 0], 0.0)
            up[r], down[r] = signal ** (q - 1), against ** (q - 1)
            for i in range(n):
                noise = max(a[r, i + 1], 0.0)
                change[r, i + 1] = noise ** (q - 1)
                of_signal = up[r] * signal if y[i] > 0 else down[r] * against
                margins[i] += head[r] * (of_signal + change[r, i + 1] * noise)
        margins *= y
        losses[t] = np.logaddexp(0.0, -margins).mean()
        if losses[t] <= LOSS:
            return total, losses[: t + 1]
        if t == steps:
            break
        pull = eta * q / (n * (1 + np.exp(np.minimum(margins, 500.0))))
        # y_i from the loss times y_i of the patch
        plus, minus = pull[y > 0].sum(), pull[y < 0].sum()
        for r in range(len(a)):
            change[r, 0] = head[r] * (up[r] * plus + down[r] * minus)
            for i in range(n):
                change[r, i + 1] *= head[r] * pull[i] * y[i]
        total += change
        for r in range(len(a)):
            for k in range(n + 1):
                for i in range(n + 1):
                    a[r, i] += change[r, k] * gram[k, i]
    return total, losses


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
        total, losses = descend(a, gram, y, head, s.q, eta, job.steps)
        w += total @ patches
        return PatchRun(job, losses, w[:, 0] * mu, w[:, 1:] @ w[:, 1:].T)

    def work(self, job: Job) -> float:
        """The interpreter's part of a thousand steps or so, and the data."""
        s = job.setting
        return float(min(job.steps, 1000) * (4000.0 + 2 * s.m * s.n * s.n) + 100.0 * s.n * s.d)


ENGINES: Mapping[str, Engine] = {"closure": Closure()}
