"""A folder that is replaced as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["REPORT_FILES", "check_writable", "replaced_folder"]

#: The files by which an earlier report is recognised; a folder without them is somebody's data.
REPORT_FILES = ("claims.json", "run.json")


def check_writable(folder: Path) -> None:
    """Raise unless a report can be written to `folder`. Leaves nothing behind.

    Raises:
        ValueError: one line that names the folder and what stands in the way.
    """
    target = _target(folder)
    ancestor = target.parent
    while not ancestor.exists():
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        raise ValueError(f"folder {folder} cannot be made: {ancestor} is not a folder")
    try:
        # Permissions and read-only file systems are known for certain only by trying.
        with _interrupts_held():
            os.rmdir(tempfile.mkdtemp(prefix=".writable-", dir=ancestor))
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yields a new empty folder beside `folder`; on leaving without an error it takes its place.

    What was written is flushed to disk first. On any error or interrupt `folder` is as it was, and no
    temporary folder stays.

    Raises:
        ValueError: as `check_writable`.
    """
    check_writable(folder)
    target = _target(folder)
    new: Path | None = None
    aside: Path | None = None
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _interrupts_held():
                new = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield new
        _flush(new)
        # mkdtemp makes private folders; a report is as readable as any other new folder.
        new.chmod(0o777 & ~_umask())
        with _interrupts_held():
            aside = target.parent / new.name.replace(".new-", ".old-")
            _swap(new, target, aside)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        with _interrupts_held():
            if aside is not None and aside.exists():
                if target.exists():
                    shutil.rmtree(aside)
                else:
                    os.rename(aside, target)
            if new is not None and new.exists():
                shutil.rmtree(new)


def _target(folder: Path) -> Path:
    """The folder's real path, checked to be missing, empty or an earlier report."""
    target = Path(folder).expanduser().resolve()
    if target == Path(target.anchor) or target.is_mount():
        raise ValueError(f"folder {folder} cannot be replaced as a whole; name a folder inside it")
    if not target.exists():
        return target
    if not target.is_dir():
        raise ValueError(f"folder {folder} is a file, not a folder")
    try:
        entries = {entry.name for entry in target.iterdir()}
    except OSError as error:
        raise _unwritable(folder, error) from error
    if entries and not entries.issuperset(REPORT_FILES):
        raise ValueError(
            f"folder {folder} is not empty and holds no earlier report"
            f" ({' and '.join(REPORT_FILES)}); name another one"
        )
    return target


def _unwritable(folder: Path, error: OSError) -> ValueError:
    return ValueError(f"folder {folder} cannot be written: {error.strerror or error}")


def _swap(new: Path, target: Path, aside: Path) -> None:
    if target.exists():
        os.rename(target, aside)
    os.rename(new, target)
    _flush_folder(target.parent)


def _flush(folder: Path) -> None:
    for root, _, files in os.walk(folder):
        for name in files:
            descriptor = os.open(os.path.join(root, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        _flush_folder(Path(root))


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits until the block is left: between two renames there is no report under its name."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    before = signal.getsignal(signal.SIGINT)
    if before is None:  # installed from outside Python; it cannot be put back
        yield
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if seen:
        signal.raise_signal(signal.SIGINT)
