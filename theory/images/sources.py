"""Where the statements on images come from."""

from __future__ import annotations

from theory.source import Source

__all__ = ["audit_page", "here", "paper"]


def paper(item: str) -> Source:
    """An item of the subject paper."""
    return Source("Han et al. 2025", item)


def here(item: str) -> Source:
    """A derivation or a declared expectation of this project (docs/data.md)."""
    return Source("this project", item)


def audit_page(item: str) -> Source:
    """A promise of the audit (docs/audit.md)."""
    return Source("this project", f"audit: {item}")
