r"""The cavity law of other optimisers: heavy ball, mini-batches, weight decay; nothing fitted.

A step of plain gradient descent adds `D_jri = y~_i j h g(M_i) 1[A_jri > 0]` to the coefficients, and likewise
to gamma. Here, with w_i = n/b on the batch of a step and 0 elsewhere,

    V <- beta V + (1 - beta) w D,    C <- (1 - h lambda) C + V,    kappa_0 Z <- (1 - h lambda) kappa_0 Z

The fields are as before functions of the coefficients at that time. Filters may be turned off again, batches
turn the direction of U at every step: fields are renewed at every step and keep more of their directions.

Source: derived here (`docs/derivations/clock.md`, The law of other steps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.two_stage.cavity.law import drawn_population
from theory.two_stage.cavity.nodes import samples
from theory.two_stage.cavity.paths import CavityState, Paths, record
from theory.two_stage.cavity.shared_field import SampleField
from theory.two_stage.cavity.terms import FULL
from theory.two_stage.mean_field.mean_field import Population
from theory.two_stage.setting import Setting
from theory.two_stage.stays import stay_times

__all__ = ["DRIVEN_REPLICATES", "Drive", "DrivenLaw", "driven_law", "driven_paths"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Replicates of a law at one setting, each with labels of its own.
DRIVEN_REPLICATES = 100
#: Directions of U that are kept; with 14 shares at one time unit change by .001.
_LONGEST = 24
#: Replicates followed at once.
_TOGETHER = 25


@dataclass(frozen=True)
class Drive:
    """What a step is: `momentum` beta, `batch_size` b (None: all samples), `decay` lambda in clock units.

    Raises:
        ValueError: naming the argument, for momentum outside [0, 1), a batch below 1, or decay below 0.
    """

    momentum: float = 0.0
    batch_size: int | None = None
    decay: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError(f"momentum must lie in [0, 1), was {self.momentum!r}")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, was {self.batch_size!r}")
        if not self.decay >= 0.0:
            raise ValueError(f"decay must be >= 0, was {self.decay!r}")


def driven_paths(
    populations: Sequence[Population], steps: int, rng: np.random.Generator, drive: Drive
) -> Paths:
    """One replicate for each of these label counts; they share all else.

    Raises:
        ValueError: for a batch larger than the data set.
    """
    first, nodes, R = populations[0], samples(*populations), len(populations)
    if drive.batch_size is not None and drive.batch_size > first.n:
        raise ValueError(f"batch_size must be at most n = {first.n}, was {drive.batch_size}")
    field = SampleField(nodes, R, rng)
    signal = rng.standard_normal((nodes.n, R), dtype=np.float32)
    return record(_Driven(drive, first, nodes, field, signal, rng, FULL, _LONGEST), steps)


class _Driven(CavityState):
    """A state whose every step renews the fields."""

    def __init__(self, drive: Drive, *given: Any) -> None:
        super().__init__(*given)
        self._drive, self._rng = drive, given[4]
        self._toward = 2 * self._labelled - 1  # + on the label's side, - on the other
        self._velocity = np.zeros_like(self._coefficients) if drive.momentum else None
        self._gamma_velocity = np.zeros_like(self._gamma)
        self._order: NDArray[np.int64] = np.empty((0, 0), np.int64)
        self._batch = 0

    def renewed(self, step: int) -> bool:
        """Always."""
        return True

    def advance(self, margins: Singles, *, first: bool) -> None:
        """One step of the drive."""
        h, drive = self._population.clock_step, self._drive
        slope: Singles = np.reciprocal(1 + np.exp(margins)) * self._weights()
        moved = self._on * (self._toward * np.float32(h) * slope)[:, None]
        push = self._population.a * h * self._net(slope, first)
        if drive.decay:
            keep = np.float32(1 - h * drive.decay)
            self._coefficients *= keep
            self._initial *= keep
            self._gamma = self._gamma * float(keep)
        if self._velocity is None:
            self._coefficients += moved
            self._gamma = self._gamma + push
            return
        moved *= np.float32(1 - drive.momentum)
        self._velocity *= np.float32(drive.momentum)
        self._velocity += moved
        self._coefficients += self._velocity
        self._gamma_velocity = drive.momentum * self._gamma_velocity + (1 - drive.momentum) * push
        self._gamma = self._gamma + self._gamma_velocity

    def _weights(self) -> Singles | np.float32:
        """n/b on the samples of the batch, (n, R): drawn by replicate, without replacement in an epoch."""
        size, (n, R) = self._drive.batch_size, self._signal.shape
        if size is None or size == n:
            return np.float32(1)
        start = self._batch * size
        if not self._order.size or start >= n:
            self._order = np.argsort(self._rng.random((n, R)), axis=0)
            self._batch = start = 0
        self._batch += 1
        chosen = (self._order >= start) & (self._order < start + size)
        return np.asarray(chosen * np.float32(n / min(size, n - start)))


@dataclass(frozen=True, eq=False)
class DrivenLaw:
    """Of every replicate (R,): clocks of `half` and of `all` flipped labels, inf where not within the run;
    `memorised` at the end, as a share; mean and standard deviation of p_i at the step asked for.
    """

    half: Floats
    all: Floats
    memorised: Floats
    share: Floats
    share_sd: Floats


@lru_cache(maxsize=64)
def driven_law(
    setting: Setting, steps: int, drive: Drive, share_step: int = 0, replicates: int = DRIVEN_REPLICATES
) -> DrivenLaw:
    """The law at a setting, the labels drawn too; a replicate without a flipped label is drawn again.

    Source: derived here.
    """
    rng = generator(0, f"driven cavity law {setting} {steps} {drive} {share_step} {replicates}")
    rows: list[tuple[float, ...]] = []
    while len(rows) < replicates:
        drawn = [drawn_population(setting, rng) for _ in range(min(_TOGETHER, replicates - len(rows)))]
        drawn = [pop for pop in drawn if pop.counts[0][1] + pop.counts[1][1]]
        if not drawn:
            continue
        paths = driven_paths(drawn, steps, rng, drive)
        for r in range(len(drawn)):
            noisy = paths.nodes.agree[:, r] < 0
            margins = paths.margins[:, noisy, r].astype(np.float64)
            times = np.sort(setting.clock_step * stay_times(margins, np.arange(steps + 1)))
            active = paths.active[share_step, :, r].astype(np.float64)
            rows.append(
                (
                    float(times[(len(times) + 1) // 2 - 1]),
                    float(times[-1]),
                    float(np.mean(margins[-1] > 0)),
                    float(active.mean()),
                    float(active.std()),
                )
            )
    return DrivenLaw(*np.array(rows).T)
