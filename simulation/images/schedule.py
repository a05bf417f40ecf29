"""The steps at which a network is evaluated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["evaluation_steps"]


def evaluation_steps(steps: int, ratio: float = 1.08) -> NDArray[np.int64]:
    """0, 1, 2, ... then spaced geometrically by at most `ratio`, the last is `steps`.

    Early learning may last a dozen steps, memorisation thousands: equal spacing would miss the one or cost
    the other.

    Raises:
        ValueError: steps < 1, or ratio outside (1, 2].

    >>> evaluation_steps(20, 1.5).tolist()
    [0, 1, 2, 3, 4, 6, 9, 13, 19, 20]
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, was {steps}")
    if not 1 < ratio <= 2:
        raise ValueError(f"ratio must lie in (1, 2], was {ratio}")
    out = [0, 1]
    while out[-1] < steps:
        out.append(max(out[-1] + 1, int(out[-1] * ratio)))
    out[-1] = steps
    return np.array(sorted(set(out)), dtype=np.int64)
