"""What a report is made of, free of its format: sections of blocks, blocks of cells."""

from __future__ import annotations

from dataclasses import dataclass
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
    """A link to a claim of the same report."""

    claim: str


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
    """A paragraph. "command" is set as code to copy."""

    content: Cell
    style: Literal["", "small", "statement", "warning", "command"] = ""


@dataclass(frozen=True)
class Branch:
    """An entry of a list with a list below it."""

    head: Cell
    below: Items


@dataclass(frozen=True)
class Items:
    """A list."""

    entries: tuple[Cell | Branch, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its head. Without `head` it is one of names and values."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    style: Literal["", "verdicts", "compact", "numbers", "pairs"] = ""


@dataclass(frozen=True)
class Figure:
    """A figure as PNG, or the error that kept it from being drawn; `alt` states what it shows."""

    name: str
    title: str
    caption: str
    png: bytes | None
    error: str = ""
    alt: str = ""


@dataclass(frozen=True)
class ClaimEntry:
    """A claim that unfolds."""

    claim: str
    summary: Cell
    blocks: tuple[Block, ...]
    open: bool = False


@dataclass(frozen=True)
class Claims:
    """Claims in detail."""

    entries: tuple[ClaimEntry, ...]


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; sections within sections have lower headings. `folded` blocks unfold."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False
    short: str = ""


Block: TypeAlias = "Text | Items | Table | Figure | Claims | Section"
