"""A reader's question, answered by claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from theory.experiment import Experiment
from theory.run import NotApplicable

__all__ = ["Curve", "Part", "Question"]


@dataclass(frozen=True)
class Part:
    """One statement of an answer: what a group of claims says, by verdict.

    Args:
        claims: claim id -> the words that stand for it in the sentence, such as "Laplace coordinates"; ""
            where the sentence speaks of one claim and needs no name.
        supported, refuted: the sentence for those of the claims that ended so. `{these}` becomes their names
            with the numbers of their runs; a sentence holds no number of its own.
        undecided: what is then left open, completing "Not decided:".
        glance: whether it belongs to the short answer too; the first part of a question always does.
    """

    claims: Mapping[str, str]
    supported: str
    refuted: str
    undecided: str
    glance: bool = False

    def __post_init__(self) -> None:
        if not self.claims:
            raise ValueError("claims must name at least one claim")
        for name in ("supported", "refuted"):
            if "{these}" not in getattr(self, name):
                raise ValueError(f"{name} must contain {{these}}, was {getattr(self, name)!r}")


@dataclass(frozen=True)
class Curve:
    """Quantities over the clock, or over named cases, shown with intervals over an experiment's runs.

    Args:
        id: unique; dotted lower-case words.
        experiment: the runs, those of a claim of the question: a curve makes none of its own.
        at: clocks in time units (or values of what `x_label` names), or names of cases.
        measure: series name -> its values `at` each place; nan where there is none.
        title, y_label: of the figure's panel; text with $formulas$.
        y_range: ends of the axis, where they are known.
        lines: values to draw across, by name.
    """

    id: str
    experiment: Experiment
    at: tuple[float, ...] | tuple[str, ...]
    measure: Callable[[Any], Mapping[str, Sequence[float]] | NotApplicable]
    title: str
    y_label: str
    y_range: tuple[float, float] | None = None
    x_label: str = r"clock $s$ (time units)"
    lines: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A question, the parts of its plain answer, and the curves that its figure shows beside the claims.

    Args:
        asked: the question, in one sentence.
        parts: in the order in which the answer says them; every claim's verdict and numbers enter.
        curves: quantities to draw beside the claims.
    """

    asked: str
    parts: tuple[Part, ...]
    curves: tuple[Curve, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("parts must not be empty")
        if len(set(self.claims)) < len(self.claims):
            raise ValueError(f"a claim stands in two parts of {self.asked!r}")

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of all claims that bear on it."""
        return tuple(claim for part in self.parts for claim in part.claims)
