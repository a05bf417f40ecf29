"""Gradient descent on the logistic loss of separable data, far beyond the steps that a fixed size affords."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.models import Engine, Job
from theory.examples.max_margin.mixture import Mixture
from theory.rng import generator
from theory.run import Run

__all__ = ["ENGINES", "Descent", "DescentRun", "dual"]

Floats = NDArray[np.float64]


def dual(x: Floats) -> tuple[Floats, float]:
    """Weights p (n,) >= 0 of the support vectors, of sum 1, and the largest margin `|X^T p|`.

    By non-negative least squares on `(X^T, 1)`: its optimality conditions are the hard margin's, up to scale.
    """
    from scipy.optimize import nnls

    weights, _ = nnls(np.vstack([x.T, np.ones(len(x))]), np.append(np.zeros(x.shape[1]), 1.0))
    weights /= weights.sum()
    return weights, float(np.linalg.norm(weights @ x))


class DescentRun:
    """ln t, ln L and the margin of w/|w| at every step (T,); the dual weights and the largest margin."""

    engine = "descent"

    def __init__(self, job: Job, x: Floats, records: Floats) -> None:
        self.setting, self.seed, self.dtype = job.setting, job.seed, job.dtype
        self.log_time, self.log_loss, self.margin = records.T
        self.steps = np.arange(len(records))
        self.clock = self.steps * job.setting.clock_step
        self.weights, self.best = dual(x)

    def gap(self, log_time: float) -> float:
        """Largest margin less the margin of w/|w|, at ln t; nan where the run is not so long."""
        gaps = self.best - self.margin[1:]
        return float(np.interp(log_time, self.log_time[1:], gaps, left=np.nan, right=np.nan))


class Descent(Engine):
    """Steps of size eta/L at loss L, from w = 0; the time t is the sum of the step sizes. Where L falls as
    1/t steps are even in ln t, and t = e^100 takes thousands (Nacson et al. 2019), not e^100/eta."""

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """One after the other."""
        return [self.one(job) for job in jobs]

    def one(self, job: Job) -> DescentRun:
        """Margins (n,) move with the Gram matrix; w is a combination of the data with weights a (n,)."""
        s: Mixture = job.setting
        x = generator(job.seed, "data").standard_normal((s.n, s.d))
        x[:, 0] += s.separation
        gram = x @ x.T
        eta = s.step / float(np.diag(gram).max())
        a, margins, log_time = np.zeros(s.n), np.zeros(s.n), -math.inf
        records = []
        for _ in range(job.steps + 1):
            tail = np.log1p(np.exp(-abs(margins)))
            losses = np.where(margins > 30, -margins, np.log(np.maximum(-margins, 0) + tail + 1e-300))
            log_loss = float(np.logaddexp.reduce(losses)) - math.log(s.n)
            norm = math.sqrt(a @ margins) if a.any() else math.inf
            records.append((log_time, log_loss, margins.min() / norm))
            pull = eta * np.exp(-np.maximum(margins, 0) - tail - log_loss) / s.n
            log_time = float(np.logaddexp(log_time, math.log(eta) - log_loss))
            a += pull
            margins += gram @ pull
        return DescentRun(job, x, np.array(records))

    def work(self, job: Job) -> float:
        """A product with the Gram matrix a step, and some thirty microseconds of the interpreter."""
        return float((job.steps + 1) * (3000.0 + job.setting.n**2))


ENGINES: Mapping[str, Engine] = {"descent": Descent()}
