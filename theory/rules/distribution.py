"""Rules about the whole distribution of a quantity."""

from __future__ import annotations

from dataclasses import dataclass

from theory.rules.rule import Rule, check_level, check_positive, check_share

__all__ = ["SameLaw", "ZScores"]


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
    kind = "law"
    alpha: float = 0.01

    def __post_init__(self) -> None:
        check_share("margin", self.margin)
        check_level("alpha", self.alpha)


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
    kind = "law"
    sds: float = 4.0
    delta: float = 0.01
    bias: float = 0.2
    spread: tuple[float, float] = (0.85, 1.15)
    alpha: float = 0.05

    def __post_init__(self) -> None:
        check_positive("sds", self.sds)
        check_positive("bias", self.bias)
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)
        low, high = self.spread
        if not 0.0 < low < high:
            raise ValueError(f"spread must be 0 < low < high, was {self.spread!r}")
