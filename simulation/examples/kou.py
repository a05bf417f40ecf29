"""The first paper's closure with noise patches orthogonal to the signal, exact in law at any d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from simulation.models import Engine, Job
from simulation.two_stage.fresh_noise import OrthogonalToSignal
from simulation.two_stage.geometry import draw_geometry
from simulation.two_stage.measured import measured_run
from simulation.two_stage.realise import realise
from simulation.two_stage.training import train
from theory.run import Run

__all__ = ["ENGINES", "Orthogonal"]


class Orthogonal(Engine):
    """`xi ~ N(0, sigma^2 (I - mu mu^T/|mu|^2))`, in training and in tests: the first row of the factor R of
    V = [mu, xi_1..xi_n] = Q R holds the parts along mu, which are 0; all else is as in the first paper."""

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """One after the other."""
        return [self.one(job) for job in jobs]

    def one(self, job: Job) -> Run:
        """Drawn in law, realised in n + 1 + 2m dimensions, trained by the exact closure."""
        drawn = draw_geometry(job.setting, job.seed)
        factor = drawn.factor
        R = np.where(np.arange(drawn.n + 1)[:, None] > 0, factor.R, np.diag(np.diag(factor.R)))
        there = replace(factor, R=R)
        problem = realise(replace(drawn, gram=R.T @ R, products=there.B0 @ R, make_factor=lambda: there))
        problem = replace(problem, setting=job.setting, fresh_noise=OrthogonalToSignal(job.setting.sigma_xi))
        kept: dict[str, Any] = {"steps": job.steps, "recorded": job.record, "snapshots": job.snapshots}
        return measured_run(train(problem, engine="reduced", seed=job.seed, **kept), job)

    def work(self, job: Job) -> float:
        """As the first paper's closure."""
        return float(max(1, job.steps) * job.setting.m * (job.setting.n + 20.0) ** 2)


ENGINES: Mapping[str, Engine] = {"orthogonal": Orthogonal()}
