"""Answers at a glance: a row a question."""

from __future__ import annotations

from verify.report.blocks import Link, Section, Table
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """The short form of every answer."""
    if not material.answers:
        return None
    rows = tuple((Link(f"appendix.html#{a.figure}", a.asked), a.short) for a in material.answers)
    table = Table("What was asked, and the short answer", ("question", "answer"), rows)
    return Section("glance", "Answers at a glance", (table,), short="Answers")
