"""The figures: a few that lead in the report, the others in the appendix, none in both."""

from __future__ import annotations

from verify.report.blocks import Figure, Section
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """In the order in which they were drawn; those that stand beside a question or a table are left out."""
    here = material.layer == "report"
    shown = tuple(f for f in material.figures if f.lead == here and not _placed(material, f))
    return Section("figures", "Figures", shown) if shown else None


def _placed(material: Material, figure: Figure) -> bool:
    """Whether it stands beside a question of the appendix, or on the trust page."""
    asked = {a.figure for a in material.answers}
    return figure.name == "trust" or (not figure.lead and figure.name in asked)
