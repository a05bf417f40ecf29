"""What an engine writes down of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Record"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Record:
    """What an engine writes down of one run. T recorded steps, S snapshots.

    `margins` (T, n); `gamma` (T, 2, m); `train_loss` (T,); `coefficients` C (S, 2m, n+1) and `products`
    W V (S, 2m, n+1), sides stacked j = +1 first; `steps` (T,), `snapshot_steps` (S,); `span_residual` (S,)
    the share of `|W^(t) - W^(0)|` outside the span of the patches (0 by construction in the closure);
    `initial_share` (S,) the factor of `W^(0)` in `W^(t)`: 1 unless weights decay; `biases` (S, 2m) of the
    filters, None of a network without.
    """

    steps: NDArray[np.int64]
    margins: Floats
    gamma: Floats
    train_loss: Floats
    snapshot_steps: NDArray[np.int64]
    coefficients: Floats
    products: Floats
    span_residual: Floats
    initial_share: Floats
    biases: Floats | None = None
