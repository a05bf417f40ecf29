"""Ratios that fell behind the record: works alternate in one run, so load and machine move them little."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["recorded", "regressions"]

#: By which factor a ratio may be worse than the recorded one.
_ROOM = 1.5
_UNITS = ("x", " %")


def recorded(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Measure -> row, of every result in a folder."""
    rows: dict[str, Mapping[str, Any]] = {}
    for file in sorted(folder.glob("*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(found, dict) and "rows" in found:  # others are evidence, not measures of speed
            rows |= {row["measure"]: row for row in found["rows"]}
    return rows


def regressions(before: Mapping[str, Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """In words, each ratio that is worse than the recorded one by more than half.

    Ratios are rows in "x" or "%" that have a better side, and details named `ratio_...`, of which less is
    better.
    """
    out = []
    for row in rows:
        known = before.get(row["measure"])
        if known is None:
            continue
        for name, was, now, more in _ratios(known, row):
            worse = was / now if more else now / was
            if worse > _ROOM:
                out.append(f"{row['measure']}{name}: {now:.3g}, recorded {was:.3g}")
    return out


def _ratios(known: Mapping[str, Any], row: Mapping[str, Any]) -> list[tuple[str, float, float, bool]]:
    """Name, recorded and new value, and whether more is better."""
    found = []
    if row["unit"] in _UNITS and row["better"] != "between" and known["value"] and row["value"]:
        more = row["better"] == "at least"
        found.append(("", known["value"]["median"], row["value"]["median"], more))
    for name, now in row["details"].items():
        if name.startswith("ratio_") and name in known["details"]:
            found.append((f" ({name})", known["details"][name], now, False))
    return found
