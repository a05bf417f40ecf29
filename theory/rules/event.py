"""Rules about how often something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from theory.rules.rule import Kind, Rule, check_level, check_share

__all__ = ["Calibration", "Event", "EventMap", "Ordering"]


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
    reason: str = "with probability at least 1 - delta"

    def __post_init__(self) -> None:
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)


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
        check_share("delta", self.delta)
        check_level("alpha", self.alpha)


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
    kind = "law"
    alpha: float = 0.05

    def __post_init__(self) -> None:
        check_share("margin", self.margin)
        check_level("alpha", self.alpha)
