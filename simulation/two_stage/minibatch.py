"""Mini-batches: which samples a gradient step sees, drawn without replacement within an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

__all__ = ["BatchWeights"]

Floats = NDArray[np.float64]


class BatchWeights:
    """Weights of the samples, one array a step: `n / (batch size)` on the batch, 0 elsewhere.

    The mean of the weights is 1, so the clock counts steps with the full batch's h. A pure function of
    (seed, batch size, step order): iterate it once, from step 0.
    """

    def __init__(self, n: int, batch_size: int | None, seed: int) -> None:
        if batch_size is not None and batch_size > n:
            raise ValueError(f"batch_size must be at most n = {n}, was {batch_size}")
        self.n = n
        self.batch_size = None if batch_size == n else batch_size
        self._rng = generator(seed, "batches")
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def next(self) -> Floats:
        """Weights of the next step, (n,)."""
        if self.batch_size is None:
            return np.ones(self.n)
        if len(self._order) == 0:
            self._order = self._rng.permutation(self.n)
        chosen, self._order = self._order[: self.batch_size], self._order[self.batch_size :]
        weights = np.zeros(self.n)
        weights[chosen] = self.n / len(chosen)
        return weights
