"""Names of papers: which folders there are, and whose a claim is; nothing is imported for it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

__all__ = ["ENTRY_POINTS", "paper_folder", "paper_name_of", "paper_names"]

#: Installed packages offer papers under this group of entry points.
ENTRY_POINTS = "theorem_verifier.papers"


@cache
def paper_names() -> tuple[str, ...]:
    """Names of the papers in `theory`, built-in order: folders that hold a `paper.py`, found without
    importing any; a folder in a folder has a dotted name (`group.name`)."""
    import theory

    return tuple(sorted(_below(Path(next(iter(theory.__path__))), "")))


@cache
def paper_name_of(claim_id: str) -> str:
    """The paper a claim belongs to: the longest name of a built-in or installed one that begins its id; of a
    folder or a file of one's own the first word.

    >>> paper_name_of("my_notes.lemma_1.scale")
    'my_notes'
    """
    names = [name for name in (*paper_names(), *_installed()) if claim_id.startswith(f"{name}.")]
    return max(names, key=len, default=claim_id.partition(".")[0])


def paper_folder(name: str) -> Path | None:
    """The folder of the built-in or installed paper of this name; None when there is none.

    >>> paper_folder("no_such_paper") is None
    True
    """
    if name in paper_names():
        module = f"theory.{name}.paper"
    else:
        offered = _installed()
        if name not in offered:
            return None
        module = offered[name]
    found = find_spec(module)
    return Path(found.origin).parent if found is not None and found.origin is not None else None


@cache
def _installed() -> Mapping[str, str]:
    """The modules of installed packages' papers by name: to ask reads the metadata of every package."""
    return {point.name: point.module for point in metadata.entry_points(group=ENTRY_POINTS)}


def _below(folder: Path, prefix: str) -> Iterable[str]:
    for found in pkgutil.iter_modules([str(folder)]):
        if not found.ispkg:
            continue
        inner = folder / found.name
        if (inner / "paper.py").is_file():
            yield prefix + found.name
        elif not prefix:
            yield from _below(inner, f"{found.name}.")
