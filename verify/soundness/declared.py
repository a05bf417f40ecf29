"""The falsehoods that claims' authors declare: a paper's `falsehoods`, a claims file's `FALSEHOODS`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.paper import Paper, find_papers
from verify.load import ClaimsFileError, claims_module

__all__ = ["declared_falsehoods"]


def declared_falsehoods(
    ledger: Ledger, files: Sequence[Path], papers: Iterable[Paper] | None = None
) -> list[Falsehood]:
    """All declared falsehoods beside the claims of a ledger loaded with these claims files.

    Those of papers (default: all built-in ones) stand in `Paper.falsehoods`; a claims file may define
    `FALSEHOODS`, a list of `theory.Falsehood`.

    Raises:
        ClaimsFileError: for something else in the list, an unknown claim or a name used twice.
    """
    found: list[Falsehood] = []
    for paper in find_papers().values() if papers is None else papers:
        found += paper.falsehoods(ledger)
    for path in files:
        listed = getattr(claims_module(path), "FALSEHOODS", ())
        if not isinstance(listed, list | tuple):
            raise ClaimsFileError(f"--claims-file {path}: FALSEHOODS must be a list of theory.Falsehood")
        for item in listed:
            if not isinstance(item, Falsehood):
                raise ClaimsFileError(
                    f"--claims-file {path}: FALSEHOODS holds a {type(item).__name__}, not a theory.Falsehood"
                )
            if item.of not in ledger:
                raise ClaimsFileError(
                    f"--claims-file {path}: falsehood {item.name!r} is of no known claim: {item.of!r}"
                )
            found.append(item)
    seen: set[tuple[str, str]] = set()
    for item in found:
        if (item.of, item.name) in seen:
            raise ClaimsFileError(f"falsehood {item.name!r} of {item.of} is declared twice")
        seen.add((item.of, item.name))
    return found
