"""Times of a recorded path: when a quantity becomes positive for good, and when it first falls to a level.

Between two records a path is taken to be straight. A path that lies below another at every record stays
positive from a later time on, so that bounds of margins give bounds of times.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["first_at_most", "gap_at", "share_time", "stay_times"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


def stay_times(values: Floats, steps: Steps) -> Floats:
    """Time from which each of the paths (T, k) stays positive, in the unit of `steps` (T,); (k,).

    `steps[0]` where a path is never 0 or below, inf where it ends there.

    >>> stay_times(np.array([[1., -3.], [-1., 1.], [3., 2.]]), np.array([0, 4, 8])).tolist()
    [5.0, 3.0]
    """
    below = values <= 0
    last = len(values) - 1 - np.argmax(below[::-1], axis=0)
    after = np.minimum(last + 1, len(values) - 1)
    low = np.take_along_axis(values, last[None], axis=0)[0]
    high = np.take_along_axis(values, after[None], axis=0)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(high > low, -low / (high - low), 0.0)
    crossed = steps[last] + part * (steps[after] - steps[last])
    return np.where(below.any(axis=0), np.where(below[-1], np.inf, crossed), float(steps[0]))


def share_time(times: Floats, share: float) -> float:
    """Time from which at least this share of the samples has happened, each at its time; 0 without samples.

    >>> share_time(np.array([5.0, 3.0, np.inf]), 0.5), share_time(np.array([]), 1.0)
    (5.0, 0.0)
    """
    if len(times) == 0:
        return 0.0
    return float(np.sort(times)[max(1, math.ceil(share * len(times))) - 1])


def first_at_most(values: Floats, steps: Steps, level: float) -> float:
    """First time at which a path (T,) is at most this level; inf if never.

    >>> first_at_most(np.array([4.0, 2.0, 3.0, 1.0]), np.array([0, 10, 20, 30]), 3.0)
    5.0
    """
    reached = np.flatnonzero(values <= level)
    if len(reached) == 0:
        return math.inf
    k = int(reached[0])
    if k == 0:
        return float(steps[0])
    part = (values[k - 1] - level) / (values[k - 1] - values[k])
    return float(steps[k - 1] + part * (steps[k] - steps[k - 1]))


def gap_at(steps: Steps, time: float) -> float:
    """Distance of the two records between which a time lies, or at which end of them: its resolution.

    For inf, and any time beyond the records, that of the last two; 0 with a single record.

    >>> records = np.array([0, 1, 5, 9])
    >>> [gap_at(records, t) for t in (0.0, 0.3, 1.0, 1.5, 9.0, math.inf)]
    [1.0, 1.0, 1.0, 4.0, 4.0, 4.0]
    """
    if len(steps) < 2:
        return 0.0
    after = min(max(1, int(np.searchsorted(steps, time))), len(steps) - 1)
    return float(steps[after] - steps[after - 1])
