"""A reader's question, answered by claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from theory.experiment import Experiment
from theory.run import NotApplicable

__all__ = ["Comparison", "Curve", "OfCurve", "Part", "Question"]


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
class OfCurve:
    """A number that a question's curve measures and no claim judges: its values at a named case.

    Args:
        curve: id of a curve of the question that has one series, over named cases.
        at: the case.
        less: of each run the value at this case is taken, and that at `at` subtracted; "" for none.
        limit: in how many runs the number lies above it, or, of a difference, below it, is told.
    """

    curve: str
    at: str
    less: str = ""
    limit: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Claims side by side, a number each: rules by where they are used.

    Args:
        caption: what the numbers are.
        head: of the columns; the first names the rows.
        rows: their names, and a column a claim's id, or what a curve measures; "" where there is neither.
        said: words around a claim's number, `{these}`, where it is of another kind than the caption says.

    Raises:
        ValueError: when a row has not as many cells as the head has columns after the first.
    """

    caption: str
    head: tuple[str, ...]
    rows: Mapping[str, tuple[str | OfCurve, ...]]
    said: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, claims in self.rows.items():
            if len(claims) != len(self.head) - 1:
                raise ValueError(f"row {name!r} must have {len(self.head) - 1} claims, was {claims!r}")


@dataclass(frozen=True)
class Question:
    """A question, the parts of its plain answer, and the curves that its figure shows beside the claims.

    Args:
        asked: the question, in one sentence.
        parts: in the order in which the answer says them; every claim's verdict and numbers enter.
        curves: quantities to draw beside the claims.
        compared: a table of some of its claims that stands in the report itself.
    """

    asked: str
    parts: tuple[Part, ...]
    curves: tuple[Curve, ...] = ()
    compared: Comparison | None = None

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("parts must not be empty")
        if len(set(self.claims)) < len(self.claims):
            raise ValueError(f"a claim stands in two parts of {self.asked!r}")
        cells = [cell for row in self.compared.rows.values() for cell in row] if self.compared else []
        named = {cell for cell in cells if isinstance(cell, str) and cell}
        if named - set(self.claims):
            raise ValueError(f"compared: no part speaks of {sorted(named - set(self.claims))[0]!r}")
        cases = {curve.id: set(map(str, curve.at)) for curve in self.curves}
        for cell in cells:
            if isinstance(cell, OfCurve) and not {cell.at, cell.less} - {""} <= cases.get(cell.curve, set()):
                raise ValueError(f"compared: no curve has the cases of {cell!r}")

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of all claims that bear on it."""
        return tuple(claim for part in self.parts for claim in part.claims)
