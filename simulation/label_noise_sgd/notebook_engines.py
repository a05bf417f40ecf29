"""Runs of the released notebook's network for the judge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulation.label_noise_sgd.notebook import run_notebook
from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.label_noise_sgd.run import ValuesRun

__all__ = ["ENGINES"]


class _Notebook(Engine):
    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ValuesRun]:
        """The jobs' runs, in order."""
        return [self._one(job) for job in jobs]

    def _one(self, job: Job) -> ValuesRun:
        s, steps = job.setting, max(1, int(job.steps))
        out = run_notebook(
            n=s.n,
            inputs=s.inputs,
            width=s.width,
            classes=s.classes,
            p=s.p,
            eta=s.eta,
            steps=steps,
            seed=job.seed,
        )
        values = {
            "noisy": out.noisy,
            "shifted": out.shifted,
            "clean": out.clean,
            "norms": out.norms,
            "labels": out.labels,
        }
        at = np.array([0, steps])
        return ValuesRun(s, job.seed, "notebook", at, at.astype(float), read_only(values))

    def work(self, job: Job) -> float:
        """Products of every step."""
        s = job.setting
        return float(8e-10 * UNITS_A_SECOND * max(1, job.steps) * s.n * s.width * (s.n + 60))


ENGINES = {"notebook": _Notebook()}
