"""A paper: a name under which claims stand, with all that commands and reports need of it.

`theory/NAME/paper.py` ends in `THIS = Paper(...)`; nothing is registered anywhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from theory.claim import Claim
from theory.condition import Condition, Constants
from theory.exhibit import Exhibit
from theory.falsehood import Falsehood
from theory.item import Item, check_items
from theory.letters import Entry
from theory.paper_names import ENTRY_POINTS, paper_names
from theory.parameters import Parameters
from theory.place import Box, class_made
from theory.plane import Plane
from theory.quantity import Quantity
from theory.question import Question
from theory.setting import AbstractSetting
from theory.source import Reference
from theory.table import Table

if TYPE_CHECKING:
    from theory.ledger import Ledger

__all__ = ["ENTRY_POINTS", "Paper", "find_papers", "load_paper", "load_papers", "paper_names", "paper_of"]


def _no_sentences(setting: Any) -> tuple[str, ...]:
    return ()


def _no_falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    return ()


@dataclass(frozen=True)
class Paper:
    """A folder of claims.

    Args:
        name: the folder's (dotted for a folder in a folder), with which every claim's id begins.
        reference: authors, year, title, where.
        claims: in the order of the paper.
        settings: classes of settings that its claims speak of.
        conditions: heading -> conditions, for `doctor` and the report.
        asked: headings of the conditions that `doctor` finds the nearest setting for; () for all.
        constants: the values in use of the constants in conditions.
        reasons: constant -> why it has its value, in a line; shown beside the conditions.
        reading: how what the paper leaves open was read, and what another reading changes; shown there too.
        parameters: how a setting is made of named values, by class: sweeps, doctor, `--set`.
        reference_box: the space that conditions are held against; with several classes of settings a tuple of
            boxes, one for each class that they make.
        regime: sentences that say where a setting lies.
        exhibits, questions, planes, quantities, letters, tables: data that the core draws and tabulates.
        items: the headings of its report with their claims, `MOST_CLAIMS` in all; without any it takes the
            claims as they come, the paper's own first.
        falsehoods: the declared false variants of claims in a ledger.
        commands: word -> dotted function of the words after it, which returns the exit status; for
            `python -m verify WORD` and `python -m simulation WORD`. A parameter `judge` is given the core's
            judge of runs that are made already.
        caveat: said at the top of its report, where its statements were not read in the paper itself.
        builds_on: names of papers that it imports.
        optional: judged when named only (examples).

    Raises:
        ValueError: when a claim's id does not begin with the name, reasons are given of what is no constant,
            two reference boxes make settings of one class, or items name a claim twice or too many.
    """

    name: str
    reference: Reference
    claims: tuple[Claim, ...]
    settings: tuple[type[AbstractSetting], ...] = ()
    conditions: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    constants: Constants = field(default_factory=lambda: Constants({}))
    reasons: Mapping[str, str] = field(default_factory=dict)
    reading: str = ""
    parameters: Mapping[type[AbstractSetting], Parameters] = field(default_factory=dict)
    reference_box: Box | tuple[Box, ...] | None = None
    regime: Callable[[Any], tuple[str, ...]] = _no_sentences
    exhibits: tuple[Exhibit, ...] = ()
    questions: tuple[Question, ...] = ()
    planes: tuple[Plane, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    letters: tuple[Entry, ...] = ()
    tables: tuple[Table, ...] = ()
    items: tuple[Item, ...] = ()
    falsehoods: Callable[[Ledger], Iterable[Falsehood]] = _no_falsehoods
    commands: Mapping[str, str] = field(default_factory=dict)
    caveat: str = ""
    builds_on: tuple[str, ...] = ()
    optional: bool = False

    def __post_init__(self) -> None:
        for claim in self.claims:
            if not claim.id.startswith(f"{self.name}."):
                raise ValueError(f"paper {self.name}: claim id must begin with the name, was {claim.id!r}")

        unknown = sorted(set(self.reasons) - set(self.constants.values))
        if unknown:
            raise ValueError(f"paper {self.name}: reasons names no constant: {unknown[0]!r}")
        check_items(self.name, self.items)
        if len(self.reference_boxes) > 1:
            kinds = [class_made(box) for box in self.reference_boxes]
            twice = [kind.__name__ for kind in kinds if kinds.count(kind) > 1]
            if twice:
                raise ValueError(f"paper {self.name}: two reference boxes make {twice[0]}")

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Paper({self.name!r}, {len(self.claims)} claims)"

    @property
    def reference_boxes(self) -> tuple[Box, ...]:
        """One a class of settings that has one."""
        boxes = self.reference_box
        return () if boxes is None else boxes if isinstance(boxes, tuple) else (boxes,)

    def reference_for(self, kind: type[AbstractSetting]) -> Box | None:
        """The space that conditions on settings of a class are held against; None without one."""
        return next((box for box in self.reference_boxes if class_made(box) is kind), None)

    @property
    def claim_map(self) -> dict[str, Claim]:
        """Claims by id."""
        return {claim.id: claim for claim in self.claims}


def load_paper(name: str) -> Paper:
    """The built-in or installed paper of this name.

    Raises:
        ValueError: when there is none, or its module does not end in a `THIS`.
    """
    if name in paper_names():
        found = getattr(import_module(f"theory.{name}.paper"), "THIS", None)
    else:
        offered = {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}
        if name not in offered:
            known = ", ".join((*paper_names(), *offered))
            raise ValueError(f"there is no paper {name!r}; known: {known}")
        found = offered[name].load()
    if not isinstance(found, Paper):
        raise ValueError(f"paper {name}: paper.py must define THIS, a theory.Paper")
    return found


def load_papers(name: str) -> tuple[Paper, ...]:
    """The paper of this name, or all those in the folder of this name (`group` for `group.one`, `group.two`).

    Raises:
        ValueError: as `load_paper`.
    """
    inside = [] if name in paper_names() else [n for n in paper_names() if n.startswith(f"{name}.")]
    return tuple(load_paper(n) for n in inside or [name])


def paper_of(kind: type[AbstractSetting]) -> Paper | None:
    """The paper in whose folder a class of settings stands, built-in or a user's own; None without one."""
    package = kind.__module__.rpartition(".")[0]
    while package:
        module = f"{package}.paper"
        if module in sys.modules or find_spec(module) is not None:
            found = getattr(import_module(module), "THIS", None)
            return found if isinstance(found, Paper) else None
        package = package.rpartition(".")[0]
    return None


def find_papers(*, optional: bool = False) -> dict[str, Paper]:
    """The built-in and installed papers by name; optional ones only when asked for."""
    names = [*paper_names(), *(point.name for point in metadata.entry_points(group=ENTRY_POINTS))]
    papers = {name: load_paper(name) for name in dict.fromkeys(names)}
    return {name: paper for name, paper in papers.items() if optional or not paper.optional}
