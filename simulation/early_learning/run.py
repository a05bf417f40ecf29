"""A run of the mixture model as claims see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from simulation.early_learning.gram import Gram
from simulation.early_learning.margins import HardMargin, hard_margin_of_gram
from simulation.early_learning.training import MixtureResult
from theory.early_learning.setting import MixtureSetting

__all__ = ["MixtureRun", "crossing"]

Floats = NDArray[np.float64]


def crossing(clock: Floats, values: Floats, level: float, direction: Literal["up", "down"]) -> float:
    """The clock at which values first cross a level, by linear interpolation; inf if they do not.

    Args:
        direction: "up", or "down" after the values have been above the level.

    >>> crossing(np.arange(4.), np.array([0., 2., 4., 1.]), 3., "up")
    1.5
    >>> crossing(np.arange(4.), np.array([0., 2., 4., 1.]), 3., "down")
    2.3333333333333335
    """
    above = values > level
    if not above.any():
        return float("inf")
    first = int(np.argmax(above))
    if direction == "up":
        k = first
        if k == 0:
            return float(clock[0])
    else:
        below = ~above[first:]
        if not below.any():
            return float("inf")
        k = first + int(np.argmax(below))
    part = (level - values[k - 1]) / (values[k] - values[k - 1])
    return float(clock[k - 1] + part * (clock[k] - clock[k - 1]))


@dataclass(eq=False)
class MixtureRun:
    """A trajectory with its setting, seed and Gram matrix; `theory.early_learning.run` says what is
    measured."""

    setting: MixtureSetting
    seed: int
    engine: str
    result: MixtureResult
    gram: Gram
    dtype: str = "float64"
    separable: bool | None = None
    ways: dict[str, MixtureResult] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        # What the trajectory itself knows: f, a, coefficients, noise_norm, s, shares and accuracies.
        if name.startswith("__") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)

    @property
    def clock(self) -> Floats:
        """Training times of the records, (T,)."""
        return np.asarray(self.result.steps * self.setting.eta)

    @cached_property
    def share(self) -> float:
        """Realised share of wrong labels."""
        return float(np.mean(self.result.s < 0))

    @cached_property
    def cosine(self) -> Floats:
        """Cosine of theta with v, (T,)."""
        length = np.hypot(self.result.a, self.result.noise_norm)
        return np.divide(self.result.a, length, out=np.zeros_like(length), where=length > 0)

    @cached_property
    def displacement(self) -> Floats:
        """`|theta - theta_0|`, (T,)."""
        c = self.result.coefficients
        across = np.sum((c @ self.gram.noise) * c, axis=1) / len(self.gram.h)
        return np.asarray(np.hypot(c @ self.gram.h / len(self.gram.h), np.sqrt(np.maximum(across, 0.0))))

    @cached_property
    def gradient_cosine(self) -> Floats:
        """Cosine of minus the gradient of the cross entropy with v, (T,)."""
        force = self.result.s * expit(-self.result.s * self.result.f)
        along = force @ self.gram.h / len(self.gram.h)
        across = np.sum((force @ self.gram.noise) * force, axis=1) / len(self.gram.h)
        return np.asarray(along / np.sqrt(along**2 + np.maximum(across, 0.0)))

    @cached_property
    def hard_margin(self) -> HardMargin:
        """The hard margin of the observed labels, from the Gram matrix."""
        s = self.gram.s
        return hard_margin_of_gram(self.gram.kernel * len(s) * np.outer(s, s))

    @cached_property
    def largest_eigenvalue(self) -> float:
        """Of K."""
        return float(np.linalg.eigvalsh(self.gram.kernel)[-1])

    @cached_property
    def mean_wrong(self) -> Floats:
        """Mean margin of the wrongly labelled examples, (T,)."""
        return np.asarray(self.result.f[:, self.result.wrong].mean(axis=1))

    @cached_property
    def mean_clean(self) -> Floats:
        """Mean margin of the rightly labelled examples, (T,)."""
        return np.asarray(self.result.f[:, ~self.result.wrong].mean(axis=1))

    @cached_property
    def median_wrong(self) -> Floats:
        """Median margin of the wrongly labelled examples, (T,)."""
        return np.asarray(np.median(self.result.f[:, self.result.wrong], axis=1))

    def at(self, clock: float) -> int:
        """Index of the first record whose clock is at least this (the last if none)."""
        late = np.nonzero(self.clock >= clock - 1e-9)[0]
        return int(late[0]) if len(late) else len(self.clock) - 1

    def near(self, clock: float) -> int:
        """Index of the record whose clock is nearest to this."""
        return int(np.argmin(np.abs(self.clock - clock)))

    def time_of(self, values: Floats, level: float, direction: Literal["up", "down"]) -> float:
        """Training time at which values (T,) cross a level; inf if they do not."""
        return crossing(self.clock, values, level, direction)

    def rates(self, share: float) -> tuple[float, float]:
        """Mean growth of the coefficients per unit of training time over the last `share` of the run."""
        clock, c = self.clock, self.result.coefficients
        start = self.near((1 - share) * float(clock[-1]))
        growth = (c[-1] - c[start]) / (clock[-1] - clock[start])
        wrong = self.result.wrong
        return float(growth[~wrong].mean()), float(growth[wrong].mean())
