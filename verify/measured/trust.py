"""What other commands measured of the verifier itself, read back from their files for the trust page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["TRUST_FILES", "read_trust"]

#: File of a record -> its schema; each is read where it is there.
TRUST_FILES = {"soundness": "soundness/1", "stability": "stability/1", "conformance": "conformance/1"}

#: Lists of a record that a report does not repeat.
_LISTS = ("falsehoods", "not_falsehoods", "claims_without", "claims", "rules", "engines", "tables")
#: Lists of what went wrong: so many are told, in these words of each.
_MISSES = {
    "undetected": ("claim", "falsehood", "verdict"),
    "missed": ("claim", "kind", "distance", "verdict"),
    "flips": ("claim", "words"),
}
_MOST = 12


def read_trust(folder: Path) -> dict[str, Any]:
    """The records in a folder, as `soundness`, `stability` and `conformance` with `--out` write them, without
    their long lists.

    Raises:
        ValueError: naming the folder or file, when there is none or it is not what its name says.
    """
    found = {name: folder / f"{name}.json" for name in TRUST_FILES}
    there = {name: path for name, path in found.items() if path.is_file()}
    if not there:
        raise ValueError(f"folder {folder} holds none of {', '.join(f'{n}.json' for n in TRUST_FILES)}")
    return {name: _read(path, TRUST_FILES[name]) for name, path in there.items()}


def _read(path: Path, schema: str) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict) or record.get("schema") != schema:
        raise ValueError(f"{path}: must be of schema {schema}")
    return {name: _short(name, part) for name, part in record.items()}


def _short(name: str, part: Any) -> Any:
    if name in _MISSES:
        return _misses(name, part)
    if not isinstance(part, dict):
        return part
    kept = {k: v for k, v in part.items() if k not in _LISTS or not isinstance(v, list | dict)}
    return {k: _misses(k, v) if k in _MISSES else v for k, v in kept.items()}


def _misses(name: str, rows: Any) -> list[dict[str, Any]]:
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [{k: row.get(k) for k in _MISSES[name]} for row in rows[:_MOST]]
