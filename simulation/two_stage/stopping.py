"""Stop rules: when a run has shown what it was made for, and may end early.

A rule is judged on the margins of a step before the step is made; where it holds, that step is the last.
Rules combine: `LossAtMost(0.1) & NoisyFit(10) | StepLimit(500)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BOTH",
    "EITHER",
    "LOSS",
    "MEMORISED",
    "NOISY",
    "STEP",
    "Both",
    "Either",
    "LossAtMost",
    "Memorised",
    "Monitor",
    "NoisyFit",
    "StepLimit",
    "StopRule",
    "postfix",
]

Floats = NDArray[np.float64]

#: Codes of the instructions of `postfix`.
LOSS, NOISY, STEP, BOTH, EITHER, MEMORISED = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0


class StopRule:
    """A condition on the run so far. `a & b` holds where both do, `a | b` where either does."""

    def __and__(self, other: StopRule) -> Both:
        return Both(self, _rule(other))

    def __or__(self, other: StopRule) -> Either:
        return Either(self, _rule(other))


def _rule(value: object) -> StopRule:
    if not isinstance(value, StopRule):
        raise TypeError(f"a stop rule combines with a stop rule, was {value!r}")
    return value


@dataclass(frozen=True)
class LossAtMost(StopRule):
    """The training loss `(1/n) sum_i log(1 + exp(-margin_i))` is at most `eps`."""

    eps: float

    def __post_init__(self) -> None:
        if not 0.0 < self.eps < float("inf"):
            raise ValueError(f"eps must be a finite number > 0, was {self.eps!r}")


@dataclass(frozen=True)
class NoisyFit(StopRule):
    """Every sample with a flipped label has had a margin > 0 at this and the `steps - 1` steps before.

    Of a run with no flipped label this holds from step `steps - 1` on.
    """

    steps: int = 1

    def __post_init__(self) -> None:
        _check_count(self.steps, 1)


@dataclass(frozen=True)
class Memorised(StopRule):
    """At least this share of the samples with a flipped label has a margin > 0; always in a run with none."""

    share: float

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise ValueError(f"share must lie in (0, 1], was {self.share!r}")


@dataclass(frozen=True)
class StepLimit(StopRule):
    """`steps` gradient steps have been made."""

    steps: int

    def __post_init__(self) -> None:
        _check_count(self.steps, 0)


@dataclass(frozen=True)
class Both(StopRule):
    """`first & second`."""

    first: StopRule
    second: StopRule


@dataclass(frozen=True)
class Either(StopRule):
    """`first | second`."""

    first: StopRule
    second: StopRule


def _check_count(steps: object, least: int) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < least:
        raise ValueError(f"steps must be an integer >= {least}, was {steps!r}")


def postfix(rule: StopRule | None) -> Floats:
    """A rule as instructions (k, 2) for a stack machine: code and parameter; (0, 2) for no rule.

    >>> postfix(LossAtMost(0.5) | StepLimit(3)).tolist()
    [[0.0, 0.5], [2.0, 3.0], [4.0, 0.0]]
    """
    return np.array([] if rule is None else _instructions(rule), dtype=np.float64).reshape(-1, 2)


def _instructions(rule: StopRule) -> list[tuple[float, float]]:
    match rule:
        case LossAtMost(eps):
            return [(LOSS, eps)]
        case NoisyFit(steps):
            return [(NOISY, float(steps))]
        case Memorised(share):
            return [(MEMORISED, share)]
        case StepLimit(steps):
            return [(STEP, float(steps))]
        case Both(first, second):
            return [*_instructions(first), *_instructions(second), (BOTH, 0.0)]
        case Either(first, second):
            return [*_instructions(first), *_instructions(second), (EITHER, 0.0)]
    raise TypeError(f"stop must be built from the rules of simulation.two_stage.stopping, was {rule!r}")


@dataclass
class Monitor:
    """Follows one run; `noisy` (n,) marks the samples whose label was flipped."""

    rule: StopRule
    noisy: NDArray[np.bool_]
    _streak: int = field(default=0, init=False)

    def holds(self, step: int, margins: Floats) -> bool:
        """Whether the run ends at this step; to be asked at every step, in order."""
        self._streak = self._streak + 1 if bool((margins[self.noisy] > 0).all()) else 0
        return self._judge(self.rule, step, margins)

    def _judge(self, rule: StopRule, step: int, margins: Floats) -> bool:
        match rule:
            case LossAtMost(eps):
                return float(np.logaddexp(0.0, -margins).mean()) <= eps
            case NoisyFit(steps):
                return self._streak >= steps
            case Memorised(share):
                noisy = margins[self.noisy]
                return bool((noisy > 0).sum() >= share * len(noisy))
            case StepLimit(steps):
                return step >= steps
            case Both(first, second):
                return self._judge(first, step, margins) and self._judge(second, step, margins)
            case Either(first, second):
                return self._judge(first, step, margins) or self._judge(second, step, margins)
        raise TypeError(f"stop must be built from the rules of simulation.two_stage.stopping, was {rule!r}")
