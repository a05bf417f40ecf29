"""The falsehoods that claims' authors declare: a paper's `falsehoods.py`, a claims file's `FALSEHOODS`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from theory.falsehood import Falsehood
from theory.ledger import PAPERS, Ledger
from verify.load import ClaimsFileError, claims_module

__all__ = ["declared_falsehoods"]


def declared_falsehoods(ledger: Ledger, files: Sequence[Path]) -> list[Falsehood]:
    """All declared falsehoods beside the claims of a ledger loaded with these claims files.

    A paper's package may hold a module `falsehoods` with a function `falsehoods(ledger)`; a claims file may
    define `FALSEHOODS`, a list of `theory.Falsehood`.

    Raises:
        ClaimsFileError: for something else in the list, an unknown claim or a name used twice.
    """
    found: list[Falsehood] = []
    for paper in PAPERS:
        if find_spec(f"{paper.rpartition('.')[0]}.falsehoods") is not None:
            found += import_module(f"{paper.rpartition('.')[0]}.falsehoods").falsehoods(ledger)
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
