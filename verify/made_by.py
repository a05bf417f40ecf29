"""What made a record: release, commit, source, time, and the command that makes it again."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from verify.release_seed import installed_version
from verify.source_digest import source_digest

__all__ = ["command_text", "git_commit", "made_by"]


def made_by() -> dict[str, Any]:
    """Version of the release, commit (None outside git), digest of the source, and the time, now."""
    return {
        "version": installed_version(),
        "git_commit": git_commit(),
        "source_digest": source_digest(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def command_text(words: str, options: Mapping[str, Any]) -> str:
    """A command with the options that are set; of several values each.

    >>> command_text("python -m verify stability", {"--paper": ["a", "b"], "--seed": 0, "--claims": None})
    'python -m verify stability --paper a --paper b --seed 0'
    """
    out = [words]
    for name, value in options.items():
        values = value if isinstance(value, list | tuple) else [] if value is None else [value]
        out += [f"{name} {shlex.quote(str(each))}" for each in values]
    return " ".join(out)


@cache
def git_commit() -> str | None:
    """The commit of the source tree, with "+changes" when it is not clean; None outside git."""
    root = Path(__file__).resolve().parent.parent
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+changes" if dirty else "")
