"""Finished runs of `verify run`: where they are kept, opening their folder, and saying what became of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.runs.keep import KeptBatches

__all__ = ["FOLDER_VARIABLE", "check_apart", "folder_of_runs", "kept_runs"]

#: Names the folder of kept runs in place of the user's cache; empty: none are kept.
FOLDER_VARIABLE = "THEOREM_VERIFIER_RUNS"
_INTERRUPTED = 130
#: Seconds between two times at which finished runs are written.
_EVERY = 5.0
#: Of the default folder: bytes of one profile and seed, of all together, and how many of them stay.
_MOST_OF_ONE, _MOST, _MANY = 300 * 2**20, 2**30, 12
_OURS = re.compile(r"(quick|default|full)-\d+")


def check_apart(resume: Path, out: Path) -> None:
    """Raise ValueError when one folder lies in the other: a report replaces its folder as a whole."""
    if not _apart(resume, out):
        raise ValueError(f"--resume: folder {resume} and the report's folder {out} must lie apart")


def _apart(one: Path, other: Path) -> bool:
    first, second = one.expanduser().resolve(), other.expanduser().resolve()
    return not (first.is_relative_to(second) or second.is_relative_to(first))


def folder_of_runs(profile: str, seed: int, out: Path) -> Path | None:
    """Where the runs of this profile and seed are kept without being asked: in the folder that
    `THEOREM_VERIFIER_RUNS` names, else in the user's cache. None where it is empty or the report lies there.

    What was used longest ago is removed, so that the folder stays below a gigabyte.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named == "":
        return None
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    root = Path(named or Path(cache) / "theorem-verifier" / "runs").expanduser()
    if not _apart(root, out):
        return None
    own = root / f"{profile}-{seed}"
    with suppress(OSError):
        _prune(root, own)
    return own


def _prune(root: Path, own: Path) -> None:
    if not root.is_dir():
        return
    if own.is_dir():
        if _size(own) > _MOST_OF_ONE:
            shutil.rmtree(own)
        else:
            os.utime(own)
    kept = [path for path in root.iterdir() if _OURS.fullmatch(path.name) and path.is_dir()]
    kept.sort(key=lambda path: (path != own, -path.stat().st_mtime))
    left = _MOST
    for k, path in enumerate(kept):
        left -= _size(path)
        if path != own and (k >= _MANY or left < 0):
            shutil.rmtree(path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def kept_runs(
    folder: Path | None, claims_files: Sequence[Path], *, asked: bool = True
) -> Iterator[KeptBatches | None]:
    """The keeper of a verification's runs, None without a folder; on leaving, a line on stderr says what was
    reused. An interrupt says that finished runs are kept.

    Args:
        asked: whether the folder was named by the user. One that was not and cannot be used costs a line.

    Raises:
        ValueError: naming --resume, when a folder that was asked for cannot be used.
    """
    if folder is None:
        yield None
        return
    from verify.runs.keep import KeptBatches
    from verify.runs.version import BatchVersion
    from verify.store import RunStore, StoreError

    try:
        store = RunStore.open(folder)
    except StoreError as error:
        if asked:
            raise ValueError(f"--resume: {error}") from error
        print(f"verify: runs are not kept: {error}", file=sys.stderr)
        yield None
        return
    for aside in store.quarantined:
        print(f"verify: --resume: {aside}", file=sys.stderr)
    keeper = KeptBatches(store, BatchVersion(claims_files), every=_EVERY, forgiving=not asked)
    try:
        yield keeper
        keeper.flush()
    except StoreError as error:
        raise ValueError(f"--resume: {error}") from error
    except KeyboardInterrupt:
        with suppress(StoreError):
            keeper.flush()
        print(
            f"verify: interrupted; no report was written, finished runs are kept in {folder}", file=sys.stderr
        )
        sys.exit(_INTERRUPTED)
    if keeper.failed:
        print(f"verify: runs are no longer kept: {keeper.failed}", file=sys.stderr)
    if keeper.reused or (asked and keeper.added):
        print(f"verify: {keeper.reused} of {keeper.reused + keeper.added} runs reused", file=sys.stderr)
