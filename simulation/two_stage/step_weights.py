"""What a gradient step sees of the samples: mini-batches, schedules, fresh flips, as sample weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.two_stage.schedule import Schedule

__all__ = ["StepWeights"]

Floats = NDArray[np.float64]


class StepWeights:
    """Weights of the samples, one array a step: `n / (batch size)` on the batch and 0 elsewhere, times the
    schedule's factor of that step; negative for a sample whose label that step sees flipped.

    The mean of a batch's weights is 1 in size, so the clock counts steps with the full batch's h. A step
    `eta_t = eta x factor` on all samples is a step eta on samples so weighted. A pure function of (seed,
    batch size, schedule, flip rate, step order): iterate it once, from step 0. Flips take no draw of the
    batches.
    """

    def __init__(
        self,
        n: int,
        batch_size: int | None,
        seed: int,
        schedule: Schedule | None = None,
        fresh_flips: float = 0.0,
    ) -> None:
        if batch_size is not None and batch_size > n:
            raise ValueError(f"batch_size must be at most n = {n}, was {batch_size}")
        self.n = n
        self.batch_size = None if batch_size == n else batch_size
        self.schedule = schedule
        self.fresh_flips = fresh_flips
        self._rng = generator(seed, "batches")
        self._flips = generator(seed, "fresh flips")
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._step = 0

    def next(self) -> Floats:
        """Weights of the next step, (n,)."""
        weights = self._sizes()
        if not self.fresh_flips:
            return weights
        return np.where(self._flips.random(self.n) < self.fresh_flips, -weights, weights)

    def _sizes(self) -> Floats:
        factor = 1.0 if self.schedule is None else self.schedule.factor(self._step)
        self._step += 1
        if self.batch_size is None:
            return np.full(self.n, factor)
        if len(self._order) == 0:
            self._order = self._rng.permutation(self.n)
        chosen, self._order = self._order[: self.batch_size], self._order[self.batch_size :]
        weights = np.zeros(self.n)
        weights[chosen] = factor * self.n / len(chosen)
        return weights
