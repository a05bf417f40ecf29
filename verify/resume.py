"""`verify run --resume DIR`: opening the folder of finished runs, and saying what became of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.runs.keep import KeptBatches

__all__ = ["check_apart", "kept_runs"]

_INTERRUPTED = 130


def check_apart(resume: Path, out: Path) -> None:
    """Raise ValueError when one folder lies in the other: a report replaces its folder as a whole."""
    kept, report = resume.expanduser().resolve(), out.expanduser().resolve()
    if kept.is_relative_to(report) or report.is_relative_to(kept):
        raise ValueError(f"--resume: folder {resume} and the report's folder {out} must lie apart")


@contextmanager
def kept_runs(folder: Path | None, claims_files: Sequence[Path]) -> Iterator[KeptBatches | None]:
    """The keeper of a verification's runs, None without a folder; on leaving, a line on stderr says what was
    reused. An interrupt says that finished runs are kept.

    Raises:
        ValueError: naming --resume, when the folder cannot be used.
    """
    if folder is None:
        yield None
        return
    from verify.runs.keep import KeptBatches
    from verify.store import RunStore, StoreError, code_version

    try:
        store = RunStore.open(folder)
        for aside in store.quarantined:
            print(f"verify: --resume: {aside}", file=sys.stderr)
        keeper = KeptBatches(store, code_version(claims_files))
        yield keeper
    except StoreError as error:
        raise ValueError(f"--resume: {error}") from error
    except KeyboardInterrupt:
        print(
            f"verify: interrupted; no report was written, finished runs are kept in {folder}", file=sys.stderr
        )
        sys.exit(_INTERRUPTED)
    if keeper.reused or keeper.added:
        print(f"verify: {keeper.reused} of {keeper.reused + keeper.added} runs reused", file=sys.stderr)
