"""Files that appear whole or not at all, and temporary files that outlive no writer."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

try:
    import fcntl

    _LOCKS = True
except ImportError:  # pragma: no cover - Windows: temporary files of dead writers stay
    _LOCKS = False

__all__ = ["TEMPORARY", "Reached", "StoreError", "read_regular", "sweep", "sync_folder", "write_whole"]

#: Temporary files begin with this.
TEMPORARY = ".writing-"

#: Told the name of every point of a write that is passed; tests put a crash there.
Reached = Callable[[str], None]


class StoreError(ValueError):
    """The folder cannot be used; the message is one line naming it and what stands in the way."""


def write_whole(folder: Path, name: str, data: bytes, reached: Reached) -> None:
    """Write `folder/name`: a temporary file there, flushed to disk, then renamed, then the folder flushed.

    Killed at any moment, it leaves the file as it was before or whole; an error leaves no temporary file.

    Raises:
        StoreError: when the system refuses (no space, no permission, read-only).
    """
    temporary: Path | None = None
    descriptor = -1
    try:
        temporary, descriptor = _new_temporary(folder)
        reached("made")
        half = len(data) // 2
        _write(descriptor, data[:half])
        reached("half written")
        _write(descriptor, data[half:])
        reached("written")
        os.fsync(descriptor)
        reached("flushed")
        os.replace(temporary, folder / name)
        temporary = None
        reached("renamed")
        sync_folder(folder)
        reached("folder flushed")
    except OSError as error:
        raise StoreError(f"folder {folder} cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        if descriptor >= 0:
            os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _new_temporary(folder: Path) -> tuple[Path, int]:
    """A new file that this process holds locked: the lock, which dies with its holder, says it is in use."""
    while True:
        path = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        if not _LOCKS:
            return path, descriptor
        # Between making and locking, another process may have swept it: then take another one.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        except OSError:  # a file system without locks: `sweep` finds none to take there either
            return path, descriptor
        if os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)


def sweep(folder: Path) -> int:
    """Remove the temporary files of writers that no longer live; those in use are left alone.

    Returns:
        How many were removed.
    """
    removed = 0
    if not _LOCKS:
        return removed
    for path in folder.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):  # swept by another process, or not ours to remove
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
            finally:
                os.close(descriptor)
    return removed


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_regular(path: Path) -> bytes:
    """A file's bytes, never through a link, and never waiting for a pipe.

    Raises:
        OSError: as the system says.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
