"""A letter of a paper: how it is written in code and in formulas, what it means, and its unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "Entry",
    "letters_markdown",
]


@dataclass(frozen=True)
class Entry:
    r"""One letter.

    Args:
        letter: its name in code.
        latex: how formulas write it, without dollar signs.
        meaning: one phrase.
        unit: "gradient steps", "clock", "1" for pure numbers, and so on.
        group: heading of the page it stands under.
    """

    letter: str
    latex: str
    meaning: str
    unit: str
    group: str


def letters_markdown(entries: Iterable[Entry], title: str, introduction: Iterable[str] = ()) -> str:
    """Letters as a Markdown page, one table a group."""
    entries = tuple(entries)
    lines = [f"# {title}", "", *introduction]
    for group in dict.fromkeys(entry.group for entry in entries):
        lines += ["", f"## {group}", "", "| letter | in code | meaning | unit |", "| --- | --- | --- | --- |"]
        lines += [
            f"| ${e.latex}$ | `{e.letter}` | {e.meaning} | {e.unit} |" for e in entries if e.group == group
        ]
    return "\n".join(lines) + "\n"
