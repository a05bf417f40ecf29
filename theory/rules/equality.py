"""Rules that a number equals its prediction up to a margin, by equivalence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from theory.rules.rule import Rule, check_level, check_positive

__all__ = ["Difference", "Exponent", "Law"]


def _centre(of: str, bound: float | None, room: float, name: str) -> None:
    if of not in ("median", "mean"):
        raise ValueError(f"of must be median or mean, was {of!r}")
    if bound is not None and not (of == "mean" and bound > room):
        raise ValueError(f"bound must exceed {name} and belongs to of='mean', was {bound!r} with of={of!r}")


@dataclass(frozen=True)
class Law(Rule):
    """`measured = predicted` up to a relative margin, nothing fitted: in the median, or the geometric mean.

    `measure(run)` returns `(measured, predicted)`, both positive. Judged by equivalence of the median of the
    log ratios with 0 at `log(1 + margin)`, by exact order-statistics limits: no law of the ratios is assumed.
    Five trials can support and six refute at level .05; a verdict that must survive the budget of a paper
    needs 15 or more. Errors of opposite sign at the two ends of a box cancel in a median: a slope of the log
    ratio in a parameter or dimensionless group of the setting, surely steeper than errors within the margin
    can make, also refutes.

    It is not for expectations: `E[Q] = P` says nothing of the median of `Q / P`. For these return
    `(Q / P, 1)` under `Difference(of="mean", bound=...)`, or average many draws inside a run.

    `of="mean"` is the mean of the log ratio, so the geometric mean of `measured / predicted`: where every log
    ratio is known to lie within `+-bound`, the test is exact at every level; without a bound it supports
    nothing below 200 trials and refutes nothing below 800, since tests of a mean keep no small levels for
    skewed ratios (`verify.statistics.means`).

    `planned_spread` is the standard deviation of a trial's log ratio that the numbers of runs are planned
    with; None: the observed one.
    """

    margin: float
    reason: str
    kind = "law"
    alpha: float = 0.05
    planned_spread: float | None = None
    of: Literal["median", "mean"] = "median"
    bound: float | None = None

    def __post_init__(self) -> None:
        check_positive("margin", self.margin)
        check_level("alpha", self.alpha)
        _centre(self.of, self.bound, math.log1p(self.margin), "log(1 + margin)")


@dataclass(frozen=True)
class Difference(Rule):
    """`measured = predicted` up to an absolute margin, nothing fitted: in the median, or on average.

    `measure(run)` returns `(measured, predicted)`. Judged by equivalence of the median of measured minus
    predicted with 0 at `margin`, by exact order-statistics limits: no law of the differences is assumed.
    Eight trials decide at level .05; a verdict that must survive the budget of a paper needs 15 or more. As
    for `Law`, a slope of the difference in a parameter of the setting that errors within the margin cannot
    have also refutes.

    `of="mean"` is for theorems about the mean: where every difference is known to lie within `+-bound`, the
    test is exact at every level; without a bound it supports nothing below 200 trials and refutes nothing
    below 800, since tests of a mean keep no small levels for skewed differences (`verify.statistics.means`).

    `planned_spread` is the standard deviation of a trial's difference that the numbers of runs are planned
    with; None: the observed one.
    """

    margin: float
    reason: str
    kind = "difference"
    alpha: float = 0.05
    planned_spread: float | None = None
    of: Literal["median", "mean"] = "median"
    bound: float | None = None

    def __post_init__(self) -> None:
        check_positive("margin", self.margin)
        check_level("alpha", self.alpha)
        _centre(self.of, self.bound, self.margin, "margin")


@dataclass(frozen=True)
class Exponent(Rule):
    """`quantity` is proportional to `parameter ** value` along a `Sweep`, up to `margin`.

    `measure(run)` returns a positive float. Judged by equivalence (two one-sided t-tests over
    replicates, each replicate one slope along the sweep): SUPPORTED when the `1 - 2 alpha` interval lies
    inside `value +- margin`, REFUTED when the `1 - alpha` interval lies outside it, else INCONCLUSIVE.
    `planned_spread` is the standard deviation of a replicate's slope that the numbers of runs are planned
    with; None: the observed one.
    """

    parameter: str
    value: float
    kind = "exponent"
    margin: float = 0.05
    alpha: float = 0.05
    reason: str = "an exponent wrong by 0.1 must not pass; 0.05 is half of that"
    planned_spread: float | None = None

    def __post_init__(self) -> None:
        check_positive("margin", self.margin)
        check_level("alpha", self.alpha)
