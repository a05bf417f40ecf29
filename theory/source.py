"""Where a statement comes from, and how far the source vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["PROVENANCES", "Provenance", "Reference", "Source"]

Provenance = Literal["paper", "framework", "derived"]
PROVENANCES: tuple[str, ...] = get_args(Provenance)


@dataclass(frozen=True)
class Source:
    """A place in a paper: `Source("Han et al. 2025", "Theorem 4.1")`.

    >>> str(Source("Han et al. 2025", "Theorem 4.1", "eq. (4)"))
    'Han et al. 2025, Theorem 4.1, eq. (4)'
    """

    paper: str
    item: str
    equation: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.paper, self.item, self.equation) if part)

    def as_dict(self) -> dict[str, str]:
        """The fields as strings; `equation` only where there is one."""
        out = {"paper": self.paper, "item": self.item}
        if self.equation:
            out["equation"] = self.equation
        return out


@dataclass(frozen=True)
class Reference:
    """A paper as it is cited.

    >>> print(Reference("Doe", 2025, "A title", "ICML"))
    Doe. A title. ICML, 2025.
    """

    authors: str
    year: int
    title: str
    where: str
    link: str = ""

    def __str__(self) -> str:
        return f"{self.authors}. {self.title}. {self.where}, {self.year}."
