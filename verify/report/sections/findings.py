"""What deserves attention first."""

from __future__ import annotations

from verify.report.blocks import Cell, Chip, Items, Section, Text
from verify.report.sections.material import Material
from verify.report.summary import findings

__all__ = ["section"]


def section(material: Material) -> Section:
    """Findings by group, the gravest first."""
    groups: dict[str, list[Cell]] = {}
    for found in findings(material.verification):
        line: tuple[Cell, ...] = (Chip(found.verdict), material.ref(found.claim_id), found.text)
        groups.setdefault(found.group, []).append(line)
    if not groups:
        text = Text("Every claim is supported where it was judged, and no condition was probed.")
        return Section("findings", "Findings", (text,))
    blocks = (Section("", group, (Items(tuple(lines)),)) for group, lines in groups.items())
    return Section("findings", "Findings", tuple(blocks))
