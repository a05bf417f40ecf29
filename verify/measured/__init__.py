"""The last records of what the verifier finds of itself, shown by reports of the paper that they speak of.

They stand in the folder `measured` of the paper. `python -m verify.measured NAME DIR` puts the records in a
folder (written by `soundness`, `stability` and `conformance` with `--out DIR`) in the place of those of the
paper NAME, without their long lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theory.paper_names import paper_folder, paper_names
from verify.measured.trust import read_trust
from verify.outcome import Verification

__all__ = ["keep", "last_records", "trust_of"]

_FOLDER = "measured"


def last_records(paper: str) -> dict[str, Any]:
    """The records kept of a paper, by name; none of a paper that keeps none, or has no folder of its own."""
    home = paper_folder(paper)
    return read_trust(home / _FOLDER) if home is not None and (home / _FOLDER).is_dir() else {}


def trust_of(verification: Verification) -> dict[str, Any]:
    """The records of a report: those that it was given, else the last ones kept of its paper."""
    given: Mapping[str, Any] = verification.run_info.get("trust") or {}
    names = [paper.name for paper in verification.papers]
    return {**(last_records(names[0]) if len(names) == 1 else {}), **given}


def keep(paper: str, folder: Path) -> list[Path]:
    """Keep the records in a folder as a paper's last ones; those that it has not stay.

    Raises:
        ValueError: when the name is none of a paper, or the folder holds no record, or the paper's own folder
            cannot be written.
    """
    home = paper_folder(paper)
    if home is None:
        raise ValueError(f"NAME: must be a paper's name, one of {', '.join(paper_names())}, was {paper!r}")
    records = read_trust(folder)
    written = []
    try:
        (home / _FOLDER).mkdir(exist_ok=True)
        for name, record in records.items():
            path = home / _FOLDER / f"{name}.json"
            path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise ValueError(f"{home / _FOLDER} cannot be written: {error.strerror or error}") from error
    return written
