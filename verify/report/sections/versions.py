"""Versions and seeds, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.report.blocks import Block, Code, Plain, Section, Table
from verify.report.sections.material import Material
from verify.report.wording import show
from verify.timings import PARTS

__all__ = ["section"]

_NAMES = {
    "runs": "runs",
    "gradient_steps": "gradient steps",
    "wall_seconds": "wall time (s)",
    "device_name": "processor",
    "git_commit": "git commit",
    "jobs": "worker processes",
}
#: Told elsewhere.
_APART = ("timings", "trust", "selected")
#: The costliest experiments and claims that are told.
_MOST = 15


def section(material: Material) -> Section:
    """All that the run noted."""
    info = material.verification.run_info
    rows = tuple((Plain(name), Plain(value)) for name, value in _rows(info))
    blocks: list[Block] = [Table("What made this report", (), rows, "pairs")]
    timings = info.get("timings") or {}
    mine = {j.claim.id for j in material.verification.judgements}
    mine |= {j.claim.experiment.id for j in material.verification.judgements}
    for part, words in PARTS.items():
        found = [(n, s) for n, s in timings.get(part, {}).items() if part == "stages" or n in mine][:_MOST]
        if found:
            spent = tuple((Code(name), Plain(f"{seconds:.2f}")) for name, seconds in found)
            blocks.append(Section("", f"Time: {words}", (Table(words, (), spent, "pairs"),), folded=True))
    return Section("versions", "Versions and seeds", tuple(blocks), short="Versions")


def _rows(info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value; nested mappings are spread out."""
    rows: list[tuple[str, str]] = []
    for name, value in info.items():
        if name in _APART or (name == "gradient_steps" and not value):  # a function's runs have no steps
            continue
        label = _NAMES.get(name, name.replace("_", " "))
        if isinstance(value, Mapping):
            rows += [(f"{label}: {key}", show(item)) for key, item in value.items()]
        else:
            rows.append((label, show(value)))
    return rows
