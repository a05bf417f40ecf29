"""Planned power: how likely a number of runs is to settle a claim that is true with room to spare.

The exact numbers behind `Judge.power`: binomial for rates, t-tests for means. docs/statistics.md argues what
a verdict does with them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from verify.statistics.intervals import MAX_RUNS, MIN_REPLICATES, rate_upper

__all__ = [
    "LEAST_POWER",
    "TRUE_RATE_SHARE",
    "equivalence_power",
    "first_runs",
    "rate_power",
    "runs_to_survive",
]

#: Below this planned power a claim is not SUPPORTED.
LEAST_POWER = 0.8

#: An event is planned for as if its true violation rate were this share of the allowed one: at the rate
#: delta itself no number of runs can support it, at 0 the plan would be too bold.
TRUE_RATE_SHARE = 0.1


def rate_power(rate: float, trials: int, delta: float, alpha: float) -> float:
    """P(the upper limit of the violation rate is below delta) at this true rate; exact binomial."""
    from scipy.special import bdtr

    low, high = -1, trials + 1  # the most violations that support: -1 when none does
    while high - low > 1:
        middle = (low + high) // 2
        if rate_upper(middle, trials, alpha) < delta:
            low = middle
        else:
            high = middle
    return float(bdtr(low, trials, rate)) if low >= 0 else 0.0


def equivalence_power(replicates: int, spread: float | None, margin: float, alpha: float) -> float | None:
    """P(two one-sided t-tests support) when the true mean is the claimed value.

    Given the sample's standard deviation `S` the mean must fall within `margin - t S / sqrt(R)`; the
    average over `S` is a sum over 4000 equally likely values of its chi-squared law.
    """
    from scipy.special import ndtr, stdtrit

    if spread is None:
        return None
    if replicates < MIN_REPLICATES:
        return 0.0
    if spread == 0:
        return 1.0
    error = spread / math.sqrt(replicates)
    degrees = replicates - 1
    sample_error = error * _spread_quantiles(degrees)
    room = np.maximum(margin + stdtrit(degrees, alpha) * sample_error, 0.0)
    return float(np.mean(2 * ndtr(room / error) - 1))


@lru_cache(maxsize=1024)
def _spread_quantiles(degrees: int) -> NDArray[np.float64]:
    """Equally likely values of a normal sample's standard deviation over the true one, (4000,)."""
    from scipy.special import chdtri

    return np.asarray(np.sqrt(chdtri(degrees, (np.arange(4000) + 0.5) / 4000) / degrees))


def first_runs(reached: Callable[[int], bool], start: int) -> int | None:
    """The smallest number from `start` on that is reached, of a condition that stays once reached."""
    low, high = start, start
    while not reached(high):
        if high >= MAX_RUNS:
            return None
        low, high = high + 1, min(2 * high, MAX_RUNS)
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return high


def runs_to_survive(trials: int, p_value: float, level: float, power: float = 0.8) -> int | None:
    """Runs that show a p-value below `level` with this probability, if the effect is as large as it looks.

    A normal quantile grows like the square root of the runs: `trials ((z_level + z_power)/z_p)^2`. None
    where the data show no effect, and beyond `MAX_RUNS`.

    >>> runs_to_survive(100, 0.01, 0.0001), runs_to_survive(100, 0.6, 0.0001)
    (385, None)
    """
    from scipy.special import ndtri

    effect = -float(ndtri(p_value))
    if not effect > 0:
        return None
    if math.isinf(effect):
        return trials + 1
    runs = trials * ((float(ndtri(power)) - float(ndtri(level))) / effect) ** 2
    return max(trials + 1, math.ceil(runs)) if runs <= MAX_RUNS else None
