"""A phase diagram as files: PNG, CSV and JSON, each whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verify.jsonable import jsonable
from verify.phase.boundaries import Located, boundary_dict
from verify.phase.diagram import Phase, cell_row

__all__ = ["write_phase"]


def phase_dict(phase: Phase, boundaries: Sequence[Located]) -> dict[str, Any]:
    """Strict JSON types: cells with intervals and settings, boundaries with theirs."""
    out: dict[str, Any] = jsonable(
        {
            "plane": phase.plane.name,
            "axes": {"x": phase.plane.x.name, "y": phase.plane.y.name},
            "fixed": phase.plane.fixed,
            "claim": phase.claim_id,
            "seed": phase.seed,
            "boundaries": [boundary_dict(b) for b in boundaries],
            "cells": [
                {
                    "x": c.x,
                    "y": c.y,
                    "outside": c.outside,
                    "runs": c.runs,
                    **{name: {"value": e.value, "interval": [e.low, e.high]} for name, e in c.values.items()},
                    **{b.value: c.numbers.get(b.value, ()) for b in phase.plane.boundaries},
                    "setting": c.setting.as_dict(),
                }
                for c in phase.cells
            ],
        }
    )
    return out


def write_phase(phase: Phase, boundaries: Sequence[Located], png: bytes, folder: Path) -> list[Path]:
    """Write `PLANE.png`, `.csv` and `.json` into the folder (made if missing); the paths written.

    Raises:
        ValueError: when the folder cannot be written; no file is then half-written.
    """
    import pandas as pd

    table = pd.DataFrame([cell_row(phase.plane, cell) for cell in phase.cells]).to_csv(index=False)
    text = json.dumps(phase_dict(phase, boundaries), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {"png": png, "csv": table.encode(), "json": (text + "\n").encode()}
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in contents.items():
            path = folder / f"{phase.plane.name}.{suffix}"
            _write_whole(path, content)
            paths.append(path)
    except OSError as error:
        raise ValueError(f"--out: folder {folder} cannot be written: {error.strerror or error}") from error
    return paths


def _write_whole(path: Path, content: bytes) -> None:
    """A temporary file of the same folder, then a rename over the target."""
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
