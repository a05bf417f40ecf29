"""A section of the soundness report: what one kind of attack on the verification came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Section", "Table"]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """`record` goes to soundness.json under `name`; `tables` to the tables; `lines` to the terminal.

    `passed` says whether the section's targets are met, `missed` which and by how much where not;
    `runs` how many training runs it made.
    """

    name: str
    title: str
    record: Mapping[str, Any]
    tables: Sequence[Table]
    lines: Sequence[str]
    passed: bool
    runs: int = 0
    missed: str = ""
