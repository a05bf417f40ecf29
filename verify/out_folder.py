"""A folder that a command is to write results into, tried before any run is made."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["check_out_file", "check_out_folder"]


def check_out_file(option: str, file: Path) -> None:
    """Refuse a file that could not be written; leaves nothing behind.

    Raises:
        ValueError: naming the option and the file.
    """
    folder = file.expanduser().resolve().parent
    if file.is_dir() or not folder.is_dir():
        raise ValueError(f"{option}: must be a file in a folder that is there, was {file}")
    try:
        handle, name = tempfile.mkstemp(prefix=".writable-", dir=folder)
    except OSError as error:
        raise ValueError(f"{option}: {file} cannot be written: {error.strerror or error}") from None
    os.close(handle)
    os.unlink(name)


def check_out_folder(folder: Path) -> Path:
    """Refuse a folder that could not be written; leaves nothing behind. Returns its whole path.

    Raises:
        ValueError: naming the folder and what stands in the way.
    """
    target = folder.expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise ValueError(f"--out must be a folder, {folder} is a file")
    ancestor = target
    while not ancestor.exists():
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        raise ValueError(f"--out: folder {folder} cannot be made: {ancestor} is not a folder")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".writable-", dir=ancestor))
        if target.exists():
            os.listdir(target)
    except OSError as error:
        raise ValueError(f"--out: folder {folder} cannot be written: {error.strerror or error}") from None
    return target
