"""Gradient descent on the two weight matrices of a linear network, from real samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.models import Engine, Job
from theory.examples.deep_linear.network import Linear
from theory.rng import generator
from theory.run import Run

__all__ = ["ENGINES", "Descent", "LinearRun"]

Floats = NDArray[np.float64]


class LinearRun:
    """Strengths `u_k^T W_2 W_1 v_k` of the modes at every step, (T, modes)."""

    engine = "descent"

    def __init__(self, job: Job, strengths: Floats, balance: float) -> None:
        self.setting, self.seed, self.dtype = job.setting, job.seed, job.dtype
        self.strengths, self.balance = strengths, balance
        self.steps = np.arange(job.steps + 1)
        self.clock = self.steps * job.setting.clock_step

    @property
    def half_times(self) -> Floats:
        """Clocks (modes,) at which a mode passes half of its strength, between two steps; inf if never."""
        half = self.strengths / self.setting.strengths - 0.5
        found = []
        for mode in half.T:
            k = int(np.argmax(mode > 0))
            back = mode[k] / (mode[k] - mode[k - 1]) if k else -np.inf
            found.append(self.clock[k] - self.setting.step * back)
        return np.array(found)


class Descent(Engine):
    """Full batch; the inputs are whitened exactly, X X^T/n = I."""

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """One after the other."""
        return [self.one(job) for job in jobs]

    def one(self, job: Job) -> LinearRun:
        """The weights, both from the old ones; nothing is assumed of modes on the way."""
        s: Linear = job.setting
        rng = generator(job.seed, "network")
        u, v, r = (np.linalg.qr(rng.standard_normal((s.width, s.width)))[0][:, : s.modes] for _ in range(3))
        n = 2 * s.width
        x = np.linalg.qr(rng.standard_normal((n, s.width)))[0].T * np.sqrt(n)
        y = (u * s.strengths) @ v.T @ x
        root = np.sqrt(s.start * s.strengths)
        first, second = (r * root) @ v.T, (u * root) @ r.T
        records = np.empty((job.steps + 1, s.modes))
        for t in range(job.steps + 1):
            records[t] = np.einsum("ik,ij,jk->k", u, second @ first, v)
            error = (y - second @ first @ x) @ x.T / n
            first, second = first + s.step * second.T @ error, second + s.step * error @ first.T
        balance = float(np.linalg.norm(first @ first.T - second.T @ second))
        return LinearRun(job, records, balance)

    def work(self, job: Job) -> float:
        """Products of the matrices and the interpreter's part."""
        return float((job.steps + 1) * (5000.0 + 10 * job.setting.width**3))


ENGINES: Mapping[str, Engine] = {"descent": Descent()}
