"""Rules about the range of a quantity: its ends declared, fitted, or another quantity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from theory.rules.rule import Rule, check_level, check_positive, check_share

__all__ = ["Band", "Bound", "FittedBand", "UniversalBound"]


@dataclass(frozen=True)
class Band(Rule):
    """`lower <= quantity <= upper` with probability at least `1 - delta`; the ends are declared.

    `measure(run)` returns a float.
    """

    lower: float
    upper: float
    reason: str
    kind = "band"
    delta: float = 0.05
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not self.lower < self.upper:
            raise ValueError(f"lower must be below upper, was {self.lower!r} and {self.upper!r}")
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)


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
    kind = "band"
    widen: float = 1.25
    two_sided: bool = True
    delta: float = 0.05
    alpha: float = 0.05
    power: float = 0.1
    powers: tuple[str, ...] | None = None
    logs: Mapping[str, float] = field(default_factory=dict, hash=False)
    exact: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        check_positive("max_ratio", self.max_ratio)
        check_positive("power", self.power)
        if self.widen < 1.0:
            raise ValueError(f"widen must be at least 1, was {self.widen!r}")
        if self.two_sided and self.max_ratio < self.widen**2:
            raise ValueError(
                f"max_ratio must be at least widen^2 = {self.widen**2:g}, was {self.max_ratio!r}: a single "
                "value's band would be too wide"
            )
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)
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
class Bound(Rule):
    """`quantity <= bound` (`>=` with `upper=False`) with probability at least `1 - delta`, and how tight.

    `measure(run)` returns `(quantity, bound)`. The violation rate is decided as for `Event`; a run violates
    beyond `rounding * |bound|`. Told beside it: median and worst of log10(bound / quantity), the constant
    that the bound could be multiplied by and still hold in a share `1 - delta` of runs, with its
    order-statistics interval at 95 %, and the largest ratio seen. A supported bound whose median slack
    exceeds the factor `loose` carries the grade "loose".
    """

    kind = "bound"
    delta: float = 0.05
    alpha: float = 0.05
    reason: str = "with probability at least 1 - delta"
    upper: bool = True
    rounding: float = 1e-12
    loose: float = 10.0

    def __post_init__(self) -> None:
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)
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
