"""Numbers of many runs in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from verify.statistics.intervals import mean_interval, rate_interval

__all__ = [
    "below_in_words",
    "beyond_in_words",
    "end_in_words",
    "mean_in_words",
    "number_in_words",
    "share_in_words",
    "with_median",
]


def below_in_words(value: float, limit: float) -> str:
    """A number in two digits, or in as many as show that it lies below its limit.

    >>> below_in_words(0.64, 0.8), below_in_words(0.7982, 0.8), below_in_words(0.79999999, 0.8)
    ('0.64', '0.798', '0.79999999')
    """
    return next((t for k in range(2, 16) if float(t := f"{value:.{k}g}") < limit), f"{value!r}")


def share_in_words(held: Sequence[bool]) -> str:
    """How often something happened, with its exact 95 % interval.

    >>> share_in_words([True] * 60)
    '60 of 60 runs, 94–100 %'
    """
    share = rate_interval(sum(held), len(held), 0.05)
    return f"{sum(held)} of {len(held)} runs, {100 * share.low:.3g}–{100 * share.high:.3g} %"


def mean_in_words(values: Sequence[float]) -> str:
    """Mean, 95 % interval and standard deviation (sd) over runs.

    >>> mean_in_words([1.0, 2.0, 3.0]), mean_in_words([math.nan])
    ('2, -0.484 to 4.48, sd 1', 'no finite value')
    """
    kept = [v for v in values if math.isfinite(v)]
    if not kept:
        return "no finite value"
    mean = mean_interval(kept, 0.05)
    if len(kept) == 1 or mean.high - mean.low < 1e-12:
        value = number_in_words(mean.value)
        text = f"{value} in {len(kept)} runs" if len(kept) > 1 else value
    else:
        ends = f"{number_in_words(mean.low)} to {number_in_words(mean.high)}"
        text = f"{number_in_words(mean.value)}, {ends}, sd {number_in_words(float(np.std(kept, ddof=1)))}"
    if len(kept) < len(values):
        text += f", {len(values) - len(kept)} without a value"
    return text


def with_median(text: str, of: str, median: float | None) -> str:
    """A mean in words, and the median where that is what decides.

    >>> with_median("2, -0.484 to 4.48, sd 1", "median", 1.9), with_median("2", "mean", 1.9)
    ('2, -0.484 to 4.48, sd 1, median 1.9', '2')
    """
    return f"{text}, median {number_in_words(median)}" if of == "median" and median is not None else text


def number_in_words(value: float) -> str:
    """Three significant digits, at most four decimals.

    >>> number_in_words(0.000123), number_in_words(1.0), number_in_words(-12.34)
    ('0.0001', '1', '-12.3')
    """
    text = f"{float(f'{float(value):.3g}'):.4f}" if abs(value) < 100 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def beyond_in_words(lower: float, upper: float) -> str:
    """Where a number lies that is not within these ends; an infinite end is none.

    >>> beyond_in_words(0.0, 0.5), beyond_in_words(-math.inf, 0.02), beyond_in_words(0.95, math.inf)
    ('outside [0, 0.5]', 'above 0.02', 'below 0.95')
    """
    if math.isinf(lower) and lower < 0:
        return f"above {end_in_words(upper)}"
    if math.isinf(upper):
        return f"below {end_in_words(lower)}"
    return f"outside [{end_in_words(lower)}, {end_in_words(upper)}]"


def end_in_words(value: float) -> str:
    """An end of a band.

    >>> end_in_words(0.123456), end_in_words(math.inf), end_in_words(40_000)
    ('0.1235', '∞', '40000')
    """
    if isinstance(value, int):
        return str(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}"
