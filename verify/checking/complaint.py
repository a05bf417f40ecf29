"""One thing that is wrong, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Complaint", "Place"]


@dataclass(frozen=True)
class Place:
    """A line of a file; 0 where only the file is known."""

    file: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


@dataclass(frozen=True)
class Complaint:
    """Something wrong, in one line.

    Args:
        place: where.
        text: what, and what is allowed.
        kind: "input", what cannot be used as it stands; "code", a run or a measure that failed when it was
            tried; "note", what will be judged but perhaps not as it is meant.
    """

    place: Place
    text: str
    kind: Literal["input", "code", "note"] = "input"

    def __str__(self) -> str:
        word = "note" if self.kind == "note" else "error"
        return f"{self.place}: {word}: {' '.join(self.text.split())}"
