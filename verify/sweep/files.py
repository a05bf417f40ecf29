"""A sweep's folder: the store while it runs, then tables and `sweep.json`, each file whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.jsonable import jsonable
from verify.out_folder import check_out_folder
from verify.store.disk import write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STORE", "check_folder", "write_sweep"]

#: The run store inside the folder, unless another one is named.
STORE = "store"
_ABOUT = "sweep.json"
_FILES = frozenset({_ABOUT, "results.parquet", "results.csv", "summary.csv", STORE})


def check_folder(folder: Path, identity: str) -> None:
    """Refuse a folder that could not take this sweep's results; leaves nothing behind.

    Raises:
        ValueError: naming the folder and what stands in the way: a file, other data, another sweep, no
            permission.
    """
    target = check_out_folder(folder)
    entries = {entry.name for entry in target.iterdir()} if target.exists() else set()
    strangers = sorted(e for e in entries - _FILES if not e.startswith("."))
    if strangers:
        raise ValueError(
            f"--out: folder {folder} is not empty and holds more than a sweep ({strangers[0]}); name another"
        )
    if _ABOUT in entries:
        try:
            other = json.loads((target / _ABOUT).read_text(encoding="utf-8"))["hash"]
        except (OSError, ValueError, KeyError, TypeError):
            raise ValueError(f"--out: {folder}/{_ABOUT} is not a sweep's; name another folder") from None
        if other != identity:
            raise ValueError(
                f"--out: folder {folder} holds another sweep's results (hash {str(other)[:12]}, this one "
                f"is {identity[:12]}); name another"
            )


def write_sweep(
    folder: Path, results: pd.DataFrame, summary: pd.DataFrame, about: Mapping[str, Any]
) -> list[Path]:
    """Write the tables, then `sweep.json`: where it stands, the others are whole. The paths written.

    Raises:
        ValueError: when the folder cannot be written.
    """
    parquet = BytesIO()
    results.to_parquet(parquet, index=False, engine="pyarrow")
    text = json.dumps(jsonable(about), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {
        "results.parquet": parquet.getvalue(),
        "results.csv": results.to_csv(index=False).encode(),
        "summary.csv": summary.to_csv(index=False).encode(),
        _ABOUT: (text + "\n").encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--out: folder {folder} cannot be made: {error.strerror or error}") from None
    for name, content in contents.items():
        write_whole(folder, name, content, lambda point: None)
    return [folder / name for name in contents]
