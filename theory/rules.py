"""Decision rules, as declared by a claim before any run.

A rule says what a measurement is compared with, with which margin, and at which error level; how a rule
is applied to observations is `verify.rules.registry`'s business. Every margin carries its reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

__all__ = [
    "Band",
    "Bound",
    "Calibration",
    "Derived",
    "Difference",
    "Event",
    "EventMap",
    "Exponent",
    "FittedBand",
    "Identity",
    "Kind",
    "Law",
    "Ordering",
    "Rule",
    "SameLaw",
    "SameRun",
    "Universal",
    "UniversalBound",
    "ZScores",
]

Kind = Literal[
    "identity",
    "event",
    "ordering",
    "band",
    "exponent",
    "law",
    "universal",
    "bound",
    "difference",
    "same_run",
    "derivation",
]


@dataclass(frozen=True)
class Rule:
    """What every rule is: a frozen dataclass with a kind, and a judge in `verify.rules` that applies it.

    A new kind of rule is a subclass here, or in a claims file, and one file with its judge.
    """

    kind: ClassVar[Kind]


def _open_unit(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), was {value!r}")


def _level(name: str, value: float) -> None:
    if not 0.0 < value < 0.5:
        raise ValueError(f"{name} must lie in (0, 1/2), was {value!r}")


def _positive(name: str, value: float) -> None:
    if not value > 0.0:
        raise ValueError(f"{name} must be > 0, was {value!r}")


def _centre(of: str, bound: float | None, room: float, name: str) -> None:
    if of not in ("median", "mean"):
        raise ValueError(f"of must be median or mean, was {of!r}")
    if bound is not None and not (of == "mean" and bound > room):
        raise ValueError(f"bound must exceed {name} and belongs to of='mean', was {bound!r} with of={of!r}")


@dataclass(frozen=True)
class Identity(Rule):
    """An equality of reals: the measured relative residual stays at rounding level.

    `measure(run)` returns a relative residual (float >= 0), or `(residual, scale)` of which the quotient is
    one (scale > 0). It is accepted up to `factor * eps(dtype) * max(1, steps)`: one rounding error a step,
    `factor` for the operations in a step. A closed form, whose operations do not grow with the run, says
    `per_step=False` and is accepted up to `factor * eps(dtype)`. A single larger residual refutes; nan is not
    measured.
    """

    kind: ClassVar[Kind] = "identity"
    factor: float = 64.0
    reason: str = "rounding: factor * eps(dtype) * steps"
    per_step: bool = True

    def __post_init__(self) -> None:
        _positive("factor", self.factor)


@dataclass(frozen=True)
class Event(Rule):
    """`P(event) >= 1 - delta`, one Bernoulli trial a seed.

    `measure(run)` returns True (holds) or False (violated). SUPPORTED when the exact (Clopper-Pearson)
    one-sided upper limit of the violation rate at level `1 - alpha` is below `delta`, REFUTED when the
    lower limit is above, else INCONCLUSIVE.
    """

    kind: ClassVar[Kind] = "event"
    delta: float = 0.05
    alpha: float = 0.05
    reason: str = "with probability at least 1 - delta, as the paper states its theorems"

    def __post_init__(self) -> None:
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)


@dataclass(frozen=True)
class Ordering(Event):
    """Two measured things come in the stated order, with probability at least 1 - delta."""

    kind: ClassVar[Kind] = "ordering"
    reason: str = "the stated order holds with probability at least 1 - delta"


@dataclass(frozen=True)
class EventMap(Rule):
    """An event's probability over a `Grid`, claimed to be at least `1 - delta` beyond a threshold.

    `measure(run)` returns a bool. Cells whose label `axis` is at least `threshold` are pooled and decided
    as an `Event`; every cell's share is reported with its exact interval, so that the map shows where
    the event stops. `axis` names one of the grid's labels, `axis_text` writes it in sentences.
    """

    axis: str
    threshold: float
    kind: ClassVar[Kind] = "event"
    delta: float = 0.05
    alpha: float = 0.05
    reason: str = "with probability at least 1 - delta where the label reaches the threshold"
    axis_text: str = ""

    def __post_init__(self) -> None:
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)


@dataclass(frozen=True)
class Band(Rule):
    """`lower <= quantity <= upper` with probability at least `1 - delta`; the ends are declared.

    `measure(run)` returns a float.
    """

    lower: float
    upper: float
    reason: str
    kind: ClassVar[Kind] = "band"
    delta: float = 0.05
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise ValueError(f"lower must be below upper, was {self.lower!r} and {self.upper!r}")
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)


@dataclass(frozen=True)
class FittedBand(Rule):
    """A `Theta(.)` or `O(.)` with unnamed constants: fit them on one block of runs, judge on another.

    `measure(run)` returns quantity / predicted scale, a float. Two statements are decided.

    *Constants.* The band fitted on the even-numbered runs is `[min / widen, max * widen]` (`[0, max * widen]`
    when one-sided); the odd-numbered runs are judged as for `Band`. To keep a scale from passing with absurd
    constants, the fitted band must not be wider than `max_ratio` (upper/lower, or upper for a one-sided
    band); the claim is REFUTED as a Theta with usable constants when surely more than delta of the runs leave
    every band of that width.

    *Powers.* No power of a parameter is left in the ratio at fixed dimensionless groups: each lies inside
    `+-power`, by equivalence with Bonferroni's correction over the claim's powers (below `power` alone for a
    one-sided band, which may be looser than it need be). Measured along the sweeps of a `theory.place.Joined`
    place, one slope a replicate; without sweeps by regression over the box. SUPPORT needs all of them; one
    that is surely outside refutes.

    Args:
        powers: the parameters whose powers are measured. None: those of the sweeps; without sweeps those that
            the setting's class names (`Trends.powers`), or of a class that names none every positive number
            that varies by a factor of two or more. For a one-sided band only whole numbers among them: of
            another parameter nobody said at which end the bound is a limit. () claims nothing of how the
            quantity scales: the constants alone are judged, and the sentence says so.
        logs: "up to logarithms": parameter -> the power k of its logarithm that may stand beside the scale.
            The room is then from the power of 1 to that of ln(parameter)^k over the measured range, and
            `power` beyond.
        exact: parameter -> why its scaling is exact; stated, not measured.
    """

    max_ratio: float
    reason: str
    kind: ClassVar[Kind] = "band"
    widen: float = 1.25
    two_sided: bool = True
    delta: float = 0.05
    alpha: float = 0.05
    power: float = 0.1
    powers: tuple[str, ...] | None = None
    logs: Mapping[str, float] = field(default_factory=dict, hash=False)
    exact: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        _positive("max_ratio", self.max_ratio)
        _positive("power", self.power)
        if self.widen < 1.0:
            raise ValueError(f"widen must be at least 1, was {self.widen!r}")
        if self.two_sided and self.max_ratio < self.widen**2:
            raise ValueError(
                f"max_ratio must be at least widen^2 = {self.widen**2:g}, was {self.max_ratio!r}: a single "
                "value's band would be too wide"
            )
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)
        for name, k in self.logs.items():
            if not math.isfinite(k):
                raise ValueError(f"logs[{name!r}] must be a finite power, was {k!r}")
        for name, why in self.exact.items():
            if not why.strip():
                raise ValueError(f"exact[{name!r}] must say why the scaling is exact, was empty")
        both = sorted(set(self.exact) & set(self.powers or ()))
        if both:
            raise ValueError(f"exact and powers both name {both[0]!r}: it is stated or measured")


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
    kind: ClassVar[Kind] = "exponent"
    margin: float = 0.05
    alpha: float = 0.05
    reason: str = "an exponent wrong by 0.1 must not pass; 0.05 is half of that"
    planned_spread: float | None = None

    def __post_init__(self) -> None:
        _positive("margin", self.margin)
        _level("alpha", self.alpha)


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
    kind: ClassVar[Kind] = "law"
    alpha: float = 0.05
    planned_spread: float | None = None
    of: Literal["median", "mean"] = "median"
    bound: float | None = None

    def __post_init__(self) -> None:
        _positive("margin", self.margin)
        _level("alpha", self.alpha)
        _centre(self.of, self.bound, math.log1p(self.margin), "log(1 + margin)")


@dataclass(frozen=True)
class SameLaw(Rule):
    """Every measured quantity has the same distribution under two engines.

    `measure(run)` returns a mapping of names to floats. REFUTED when a two-sample Kolmogorov-Smirnov
    test rejects at `alpha` after Holm's correction; SUPPORTED when no test rejects and the distance
    between the two distributions is certified (Dvoretzky-Kiefer-Wolfowitz, at `1 - alpha` for all
    quantities together) to be below `margin`.
    """

    margin: float
    reason: str
    kind: ClassVar[Kind] = "law"
    alpha: float = 0.01

    def __post_init__(self) -> None:
        _open_unit("margin", self.margin)
        _level("alpha", self.alpha)


@dataclass(frozen=True)
class ZScores(Rule):
    """`measured = predicted` up to a predicted spread: both the value and its standard deviation are right.

    `measure(run)` returns `(measured, predicted, sd, slack)` with sd > 0 and slack >= 0 (what rounding of
    the measured value alone may contribute). Three statements are decided:

    - outliers: at most a share `delta` of runs has `|measured - predicted| > sds * sd + slack` (exact
      binomial limits);
    - bias: the mean of `z = (measured - predicted)/sd` over runs lies within `+-bias` (equivalence, t-tests);
    - spread: the standard deviation of z lies within `spread` (equivalence, chi-squared tests).

    SUPPORTED when all three are shown at alpha, REFUTED when one is significantly broken at alpha/3, else
    INCONCLUSIVE.
    """

    reason: str
    kind: ClassVar[Kind] = "law"
    sds: float = 4.0
    delta: float = 0.01
    bias: float = 0.2
    spread: tuple[float, float] = (0.85, 1.15)
    alpha: float = 0.05

    def __post_init__(self) -> None:
        _positive("sds", self.sds)
        _positive("bias", self.bias)
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)
        low, high = self.spread
        if not 0.0 < low < high:
            raise ValueError(f"spread must be 0 < low < high, was {self.spread!r}")


@dataclass(frozen=True)
class Calibration(Rule):
    """An event happens as often as predicted, in every cell of a `Grid` on average over cells.

    `measure(run)` returns `(happened, probability)`: a bool and its predicted probability. A cell's error is
    the mean of `happened - probability` over infinitely many of its runs; the claim is that the root mean
    square of the cells' errors is at most `margin`, so that errors of opposite sign do not cancel. Its square
    is estimated without bias by the mean of the products of different runs' differences. SUPPORTED when its
    one-sided upper limit at `1 - alpha` is at most `margin^2`, REFUTED when the lower one is above (both by
    the skewed law of a mean square).
    """

    margin: float
    reason: str
    kind: ClassVar[Kind] = "law"
    alpha: float = 0.05

    def __post_init__(self) -> None:
        _open_unit("margin", self.margin)
        _level("alpha", self.alpha)


@dataclass(frozen=True)
class Universal(Rule):
    """A statement about every run: a theorem dies of one counterexample.

    `measure(run)` returns True or False, or the slack of an inequality (a float; it holds where the slack is
    at least `-rounding`), or nan where the run leaves it undecided. Only for quantities that are computed,
    not sampled: an `Estimate` is refused. A single violation refutes. SUPPORTED says "no counterexample in N
    settings": when no run violates it and at most a share `undecided` of the runs is undecided.
    """

    kind: ClassVar[Kind] = "universal"
    reason: str = "a theorem holds without exception"
    rounding: float = 0.0
    undecided: float = 0.0

    def __post_init__(self) -> None:
        if not self.rounding >= 0:
            raise ValueError(f"rounding must be at least 0, was {self.rounding!r}")
        if not 0.0 <= self.undecided < 1.0:
            raise ValueError(f"undecided must lie in [0, 1), was {self.undecided!r}")


@dataclass(frozen=True)
class Bound(Rule):
    """`quantity <= bound` (`>=` with `upper=False`) with probability at least `1 - delta`, and how tight.

    `measure(run)` returns `(quantity, bound)`. The violation rate is decided as for `Event`; a run violates
    beyond `rounding * |bound|`. Told beside it: median and worst of log10(bound / quantity), the constant
    that the bound could be multiplied by and still hold in a share `1 - delta` of runs, with its
    order-statistics interval at 95 %, and the largest ratio seen. A supported bound whose median slack
    exceeds the factor `loose` carries the grade "loose".
    """

    kind: ClassVar[Kind] = "bound"
    delta: float = 0.05
    alpha: float = 0.05
    reason: str = "with probability at least 1 - delta, as the paper states its bounds"
    upper: bool = True
    rounding: float = 1e-12
    loose: float = 10.0

    def __post_init__(self) -> None:
        _open_unit("delta", self.delta)
        _level("alpha", self.alpha)
        if not self.rounding >= 0:
            raise ValueError(f"rounding must be at least 0, was {self.rounding!r}")
        if not self.loose > 1:
            raise ValueError(f"loose must be above 1, was {self.loose!r}")


@dataclass(frozen=True)
class UniversalBound(Bound):
    """A bound that holds in every run: one run beyond it refutes. Only for statements that hold for every
    draw.

    `delta` is then only the share that the tightest constant may leave out, `alpha` decides nothing.
    """

    reason: str = "a proved bound holds without exception"


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
    kind: ClassVar[Kind] = "difference"
    alpha: float = 0.05
    planned_spread: float | None = None
    of: Literal["median", "mean"] = "median"
    bound: float | None = None

    def __post_init__(self) -> None:
        _positive("margin", self.margin)
        _level("alpha", self.alpha)
        _centre(self.of, self.bound, self.margin, "margin")


@dataclass(frozen=True)
class SameRun(Rule):
    """Two ways of making a run agree run by run: engines that share their seeds, or a run and its control.

    With two engines or more (`Experiment(pair_engines=True)`), `measure(run)` returns a number or a mapping
    of names to numbers, and runs of equal setting and seed are compared with the first engine's. With one,
    it returns the pair `(first, second)` or their relative difference. The relative difference
    `|first - second| / max(|first|, |second|, scale)` of every pair must be at most `tolerance`: one larger
    one refutes.
    """

    tolerance: float
    reason: str
    kind: ClassVar[Kind] = "same_run"
    scale: float = 0.0

    def __post_init__(self) -> None:
        _positive("tolerance", self.tolerance)
        if not self.scale >= 0:
            raise ValueError(f"scale must be at least 0, was {self.scale!r}")


@dataclass(frozen=True)
class Derived(Rule):
    """Algebra: a statement that no run enters, proved, or checked on closed forms at chosen settings.

    `scope` says for what it is proved ("symbolic n, m, d", "n = m = 2, d = 3"). Judged by the claim's `proof`
    where it has one, and by the relative residuals that `measure` returns, each at most `factor * eps`. The
    verdict word is "derived"; what runs say needs a claim of its own.
    """

    scope: str
    kind: ClassVar[Kind] = "derivation"
    factor: float = 64.0
    reason: str = "a derivation: rounding of its own operations only"

    def __post_init__(self) -> None:
        if not self.scope.strip():
            raise ValueError("scope must say for what it is derived, was empty")
        _positive("factor", self.factor)
