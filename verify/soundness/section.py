"""A section of the soundness report: what one kind of attack on the verification came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.statistics.intervals import rate_upper

__all__ = ["Section", "Table", "may_reach"]

#: Level at which a share is said to lie below its target.
_LEVEL = 0.05


def may_reach(found: int, of: int, target: float) -> bool:
    """Whether the true share may be the target: its exact 95 % upper limit does not lie below.

    One miss among seven says nothing of 95 %; one among two thousand is far above it.

    >>> may_reach(6, 7, 0.95), may_reach(60, 70, 0.95), may_reach(0, 0, 0.95)
    (True, False, True)
    """
    return of == 0 or rate_upper(found, of, _LEVEL) >= target


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
