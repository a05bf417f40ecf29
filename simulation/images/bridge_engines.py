"""The engine of the bridge: images as signal patch, Gaussian noise as second patch, the paper's network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.images.patches import train_patches
from simulation.images.run import ImageRun
from simulation.images.torch_engine import missing_images, task_at
from simulation.models import Engine, Job, read_only
from theory.images.setting import BridgeSetting
from theory.rng import generator

__all__ = ["ENGINES", "BridgeEngine", "BridgeRun", "signal_patches"]

#: Times are read off at this resolution.
_RATIO = 1.02


@dataclass(frozen=True, eq=False)
class BridgeRun(ImageRun):
    """A run with the energies that the time law needs.

    Args:
        signal_energy: |mu|^2. within_energy: E_w, the mean square length of an image's kept deviation.
        noise_energy: sigma^2 d. sigma_0, eta: initial scale and step size.
    """

    signal_energy: float = 0.0
    within_energy: float = 0.0
    noise_energy: float = 0.0
    sigma_0: float = 0.0
    eta: float = 0.0


def signal_patches(
    x: NDArray[np.floating], y: NDArray[np.int64], w: float
) -> tuple[NDArray[np.float64], float, float]:
    """Patches y mu + w (x - mean of the class), (n, D), with |mu|^2 and the mean square of the second part.

    mu is half the difference of the class means, y -1 or +1.
    """
    flat = x.reshape(len(x), -1).astype(np.float64)
    means = np.stack([flat[y == c].mean(axis=0) for c in (0, 1)])
    mu = (means[1] - means[0]) / 2
    own = w * (flat - means[y])
    patches = (2.0 * y - 1)[:, None] * mu + own
    return patches, float(mu @ mu), float(np.mean(np.sum(own**2, axis=1)))


@dataclass(frozen=True)
class BridgeEngine(Engine):
    """Full-batch gradient descent in float64, one run after the other."""

    searchable = False

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ImageRun]:
        """One run a job."""
        return [_run(job) for job in jobs]

    def work(self, job: Job) -> float:
        """Multiplications of a step times steps; a library's products do fifty in a unit."""
        s = job.setting
        return float(max(1, job.steps) * 4.0 * 2 * s.m * s.n * s.d / 50)

    def missing(self, job: Job) -> str | None:
        """The data set that is not on this machine."""
        return missing_images(job)


def _run(job: Job) -> BridgeRun:
    s: BridgeSetting = job.setting
    task = task_at(s, job.seed)
    patches, signal, within = signal_patches(task.x, task.y, s.w)
    n = len(patches)
    noise = n * signal / s.a
    sigma = math.sqrt(noise / s.d)
    sigma_0 = s.kappa_0 * math.sqrt(n) / (sigma * s.d)
    eta = s.h * n * s.m / noise
    gaussian = sigma * generator(job.seed, "images.bridge.noise").standard_normal((n, s.d))
    signal_patch = np.pad(patches, ((0, 0), (0, s.d - patches.shape[1])))
    run = train_patches(
        task, eta=eta, m=s.m, sigma_0=sigma_0, steps=max(1, job.steps), seed=job.seed, ratio=_RATIO,
        patches=(signal_patch, gaussian),
    )  # fmt: skip
    made = BridgeRun(
        **{**vars(run), "setting": s, "clock": run.steps * s.h, "engine": "bridge"},
        signal_energy=signal, within_energy=within, noise_energy=noise, sigma_0=sigma_0, eta=eta,
    )  # fmt: skip
    read_only(vars(made))
    return made


ENGINES: Mapping[str, Engine] = {"bridge": BridgeEngine()}
