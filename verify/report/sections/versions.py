"""Versions and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.report.blocks import Plain, Section, Table
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
    """All that the run noted."""
    info = material.verification.run_info
    rows = tuple((Plain(name), Plain(value)) for name, value in _rows(info))
    table = Table("What made this report", (), rows, "pairs")
    return Section("versions", "Versions and seeds", (table,), short="Versions")


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
