"""Versions, seeds, and how to cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.report.blocks import Block, Items, Plain, Section, Table, Text
from verify.report.sections.material import Material
from verify.report.wording import show

__all__ = ["section"]

_NAMES = {
    "runs": "training runs",
    "gradient_steps": "gradient steps",
    "wall_seconds": "wall time (s)",
    "device_name": "processor",
    "git_commit": "git commit",
    "jobs": "worker processes",
}


def section(material: Material) -> Section:
    """All that the run noted, and the papers whose claims these are."""
    info = material.verification.run_info
    rows = tuple((Plain(name), Plain(value)) for name, value in _rows(info))
    blocks: list[Block] = [Table("What made this report", (), rows, "pairs")]
    if material.verification.papers:
        cited = tuple(Plain(str(p.reference)) for p in material.verification.papers)
        commit = f", commit {str(info['git_commit'])[:12]}" if info.get("git_commit") else ""
        ours = (
            f"This report: theorem-verifier{commit}, profile {info.get('profile')}, seed {info.get('seed')}."
        )
        blocks.append(
            Section(
                "cite",
                "How to cite",
                (Text("The paper whose claims are judged:"), Items(cited), Text(Plain(ours))),
            )
        )
    return Section("versions", "Versions and seeds", tuple(blocks), short="Versions")


def _rows(info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value; nested mappings are spread out."""
    rows: list[tuple[str, str]] = []
    for name, value in info.items():
        label = _NAMES.get(name, name.replace("_", " "))
        if isinstance(value, Mapping):
            rows += [(f"{label}: {key}", show(item)) for key, item in value.items()]
        else:
            rows.append((label, show(value)))
    return rows
