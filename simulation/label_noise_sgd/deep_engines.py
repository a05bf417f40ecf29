"""Runs of deep networks for the judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.label_noise_sgd.run import ValuesRun

__all__ = ["ENGINES"]


class _Deep(Engine):
    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ValuesRun]:
        """The jobs' runs, in order."""
        return [self._one(job) for job in jobs]

    def _one(self, job: Job) -> ValuesRun:
        from simulation.label_noise_sgd.deep import run_deep

        s, steps = job.setting, max(1, int(job.steps))
        out = run_deep(
            (s.inputs, s.first, s.second, s.outputs),
            eta=s.eta,
            batch=s.batch,
            steps=steps,
            activation=s.activation,
            loss=s.loss,
            noise=0.5,
            seed=job.seed,
        )
        values = {"change": out.change, "squares": out.squares, "total": out.total}
        at = np.array([0, steps])
        return ValuesRun(s, job.seed, "deep", at, at.astype(float), read_only(values))

    def work(self, job: Job) -> float:
        """A millisecond a step."""
        return 1e-3 * UNITS_A_SECOND * max(1, job.steps)


ENGINES = {"deep": _Deep()}
