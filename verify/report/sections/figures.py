"""The figures that belong to no question."""

from __future__ import annotations

from verify.report.blocks import Section
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """In the order in which they were drawn."""
    asked = {a.figure for a in material.answers}
    shown = tuple(f for f in material.figures if f.name not in asked)
    return Section("figures", "Figures", shown) if shown else None
