"""Engines of the paper's own network on image patches: the network itself, and the kernel flow that predicts
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulation.images.flow import kernel_flow
from simulation.images.patches import train_patches
from simulation.images.run import ImageRun
from simulation.images.torch_engine import missing_images, task_at
from simulation.models import Engine, Job, read_only

__all__ = ["ENGINES", "FlowEngine", "PatchEngine"]

#: Memorisation times are read off at this resolution.
_RATIO = 1.01


@dataclass(frozen=True)
class FlowEngine(Engine):
    """The kernel flow of a setting's images: no network, no initial weights."""

    searchable = False

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ImageRun]:
        """One after the other."""
        return [_kept(_flow(job), job) for job in jobs]

    def work(self, job: Job) -> float:
        """A product of (n, n) and (n,) a step; a library's do fifty multiplications in a unit."""
        return float(max(1, job.steps) * job.setting.n**2 / 50)

    def missing(self, job: Job) -> str | None:
        """The data set that is not on this machine."""
        return missing_images(job)


@dataclass(frozen=True)
class PatchEngine(Engine):
    """Full-batch gradient descent of the network; `run.control` is the kernel flow on the same images."""

    searchable = False
    pace = 3.0

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ImageRun]:
        """One after the other, in float64."""
        out = []
        for job in jobs:
            s = job.setting
            run = train_patches(
                task_at(s, job.seed),
                eta=s.eta,
                m=s.m,
                sigma_0=s.sigma_0,
                steps=max(1, job.steps),
                seed=job.seed,
                paired=bool(s.paired),
                ratio=_RATIO,
            )
            out.append(_kept(replace(run, control=_kept(_flow(job), job)), job))
        return out

    def work(self, job: Job) -> float:
        """Two products of (2m, d) and (d, n) a step; a library's do fifty multiplications in a unit."""
        return float(max(1, job.steps) * 4.0 * job.setting.m * job.setting.n * 64 / 50)

    def missing(self, job: Job) -> str | None:
        """The data set that is not on this machine."""
        return missing_images(job)


def _flow(job: Job) -> ImageRun:
    s = job.setting
    task = task_at(s, job.seed)
    return kernel_flow(
        task.x,
        task.labels,
        max(1, job.steps),
        eta=s.eta,
        m=s.m,
        y=task.y,
        x_test=task.x_test,
        y_test=task.y_test,
        ratio=_RATIO,
        seed=job.seed,
    )


def _kept(run: ImageRun, job: Job) -> ImageRun:
    clock = run.steps * np.float64(job.setting.clock_step)
    made = replace(run, setting=job.setting, seed=job.seed, clock=clock)
    read_only({k: v for k, v in vars(made).items() if k != "control"})
    return made


ENGINES: Mapping[str, Engine] = {"patches": PatchEngine(), "kernel_flow": FlowEngine()}
