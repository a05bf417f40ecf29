"""What a report is made of, free of its format: sections of blocks, blocks of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from verify.outcome import Verdict

__all__ = [
    "Block",
    "Branch",
    "Cell",
    "Chip",
    "ClaimEntry",
    "Claims",
    "Code",
    "Figure",
    "Formula",
    "Items",
    "Line",
    "Link",
    "Plain",
    "Ref",
    "Section",
    "Table",
    "Tag",
    "Text",
]


@dataclass(frozen=True)
class Plain:
    """Text without markup or formulas, shown as it is."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text as a program would write it."""

    text: str


@dataclass(frozen=True)
class Formula:
    """LaTeX without dollar signs."""

    latex: str


@dataclass(frozen=True)
class Ref:
    """A link to a claim, in the same file or in the appendix beside it; `name` is shown for its id."""

    claim: str
    appendix: bool = False
    name: str = ""


@dataclass(frozen=True)
class Link:
    """A link to another place, in this report ("#anchor") or beside it."""

    address: str
    text: str


@dataclass(frozen=True)
class Chip:
    """A verdict with its mark."""

    verdict: Verdict


@dataclass(frozen=True)
class Tag:
    """A word in a frame: provenance, kind, role."""

    word: str


@dataclass(frozen=True)
class Line:
    """Cells on lines of their own."""

    parts: tuple[Cell, ...]


#: Text with $formulas$, one of the above, or several in a row.
Cell: TypeAlias = "str | Plain | Code | Formula | Ref | Link | Chip | Tag | Line | tuple[Cell, ...]"


@dataclass(frozen=True)
class Text:
    """A paragraph. "command" is set as code to copy, "stated" are a paper's words."""

    content: Cell
    style: Literal["", "small", "statement", "stated", "warning", "command"] = ""


@dataclass(frozen=True)
class Branch:
    """An entry of a list with a list below it."""

    head: Cell
    below: Items


@dataclass(frozen=True)
class Items:
    """A list; "inline" entries follow each other in a line, "columns" stand in columns."""

    entries: tuple[Cell | Branch, ...]
    ordered: bool = False
    style: Literal["", "columns", "inline"] = ""


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its head. Without `head` it is one of names and values; "stack"
    puts the cells of a row below each other on a narrow screen."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    style: Literal["", "score", "compact", "numbers", "pairs", "stack"] = ""


@dataclass(frozen=True)
class Figure:
    """A figure as PNG, or the error that kept it from being drawn; `alt` states what it shows, `lead` that it
    stands in the report itself; `seconds` is what drawing it took."""

    name: str
    title: str
    caption: str
    png: bytes | None
    error: str = ""
    alt: str = ""
    lead: bool = False
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class ClaimEntry:
    """A claim in a line that unfolds: its verdict's words, what it says, its number.

    `traits` are words by name that claims are filtered by: verdict, role, provenance.
    """

    claim: str
    word: Cell
    says: Cell
    number: Cell
    blocks: tuple[Block, ...]
    traits: Mapping[str, str]
    open: bool = False


@dataclass(frozen=True)
class Claims:
    """Claims, a line each. `brief` ones stand in a report, their details in its appendix."""

    entries: tuple[ClaimEntry, ...]
    brief: bool = False


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; sections within sections have lower headings. `folded` blocks unfold."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False
    short: str = ""


Block: TypeAlias = "Text | Items | Table | Figure | Claims | Section"
