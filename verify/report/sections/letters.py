"""The paper's letters."""

from __future__ import annotations

from verify.report.blocks import Code, Formula, Section, Table
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """A table a group of letters; None where the paper names none."""
    entries = material.letters.values()
    groups = dict.fromkeys(entry.group for entry in entries)
    tables = tuple(
        Table(
            group,
            ("letter", "in code", "meaning", "unit"),
            tuple((Formula(e.latex), Code(e.letter), e.meaning, e.unit) for e in entries if e.group == group),
        )
        for group in groups
    )
    return Section("letters", "Glossary", tables, folded=True) if tables else None
