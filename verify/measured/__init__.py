"""The last records of what the verifier finds of itself, a folder a paper, shown by reports of that paper.

`python -m verify.measured NAME DIR` puts the records in a folder (written by `soundness`, `stability` and
`conformance` with `--out DIR`) in the place of those of the paper NAME, without their long lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verify.measured.trust import read_trust
from verify.outcome import Verification

__all__ = ["keep", "last_records", "trust_of"]

_HERE = Path(__file__).parent


def last_records(paper: str, home: Path = _HERE) -> dict[str, Any]:
    """The records kept of a paper, by name; none of a paper without a folder here."""
    folder = home / paper
    return read_trust(folder) if re.fullmatch(r"\w+", paper) and folder.is_dir() else {}


def trust_of(verification: Verification) -> dict[str, Any]:
    """The records of a report: those that it was given, else the last ones kept of its paper."""
    given: Mapping[str, Any] = verification.run_info.get("trust") or {}
    names = [paper.name for paper in verification.papers]
    return {**(last_records(names[0]) if len(names) == 1 else {}), **given}


def keep(paper: str, folder: Path, home: Path = _HERE) -> list[Path]:
    """Keep the records in a folder as a paper's last ones; those that it has not stay.

    Raises:
        ValueError: when the name is none of a paper, or the folder holds no record.
    """
    if not re.fullmatch(r"\w+", paper):
        raise ValueError(f"NAME: must be a paper's name, was {paper!r}")
    records = read_trust(folder)
    (home / paper).mkdir(exist_ok=True)
    written = []
    for name, record in records.items():
        path = home / paper / f"{name}.json"
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
