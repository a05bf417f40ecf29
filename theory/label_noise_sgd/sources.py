"""Where statements come from. The paper's own text was not read in full; every source says what was."""

from __future__ import annotations

from theory.source import Reference, Source

__all__ = ["REFERENCE", "abstract", "here", "note", "readme"]

REFERENCE = Reference(
    authors="Zhang, Zhou, Wang, Han, Huang, Suzuki, Yan",
    year=2026,
    title="On the Learning Dynamics of Two-layer Linear Networks with Label Noise SGD",
    where="AAAI",
    link="https://arxiv.org/abs/2603.10397",
)

_PAPER = "Zhang et al. 2026"


def abstract(item: str = "abstract") -> Source:
    """The public abstract."""
    return Source(_PAPER, item)


def readme(item: str) -> Source:
    """The README of the authors' code, or its one readable notebook."""
    return Source(f"{_PAPER}, released code", item)


def note(item: str) -> Source:
    """As a public secondary note reports the paper; not checked against the paper itself."""
    return Source(f"{_PAPER}, as a secondary note reports it", item)


def here(item: str) -> Source:
    """A derivation in this project's documentation."""
    return Source("this project", item)
