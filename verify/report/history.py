"""A page over several reports in the order in which they were finished, with the verdicts that changed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.report.folder import REPORT_FILES

__all__ = ["Change", "Past", "changes", "find_reports", "write_history"]

#: Folders below the one named in which reports are looked for.
_DEPTH = 3


@dataclass(frozen=True)
class Past:
    """A report that was found: its folder, what its run noted, and the verdict of every claim."""

    folder: Path
    run: dict[str, Any]
    verdicts: dict[str, str]

    @property
    def finished(self) -> str:
        """When, as its run noted it."""
        return str(self.run.get("finished") or "")

    @property
    def papers(self) -> tuple[str, ...]:
        """Names of the papers whose claims it judged."""
        return tuple(self.run.get("papers") or ())


@dataclass(frozen=True)
class Change:
    """A claim whose verdict is another one; "" where a report lacks it."""

    claim: str
    old: str
    new: str


def find_reports(folder: Path) -> list[Past]:
    """The reports in a folder and `_DEPTH` levels below it, the earliest first.

    Raises:
        ValueError: naming the folder without any, or a report that cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"folder {folder} is not there")
    found = []
    for place, below, files in os.walk(folder):
        if len(Path(place).relative_to(folder).parts) >= _DEPTH:
            below.clear()
        below.sort()
        if set(files).issuperset(REPORT_FILES):
            found.append(_read(Path(place)))
    if not found:
        raise ValueError(f"folder {folder} holds no report ({' and '.join(REPORT_FILES)})")
    return sorted(found, key=lambda past: (past.finished, str(past.folder)))


def _read(folder: Path) -> Past:
    try:
        claims, run = (json.loads((folder / name).read_text(encoding="utf-8")) for name in REPORT_FILES)
        return Past(folder, dict(run), {claim["id"]: claim["verdict"] for claim in claims})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"report {folder} cannot be read: {error!r}") from error


def changes(old: Past, new: Past) -> list[Change]:
    """Claims whose verdict differs, in the order of the new report; then those that it lacks.

    >>> old, new = Past(Path("a"), {}, {"c.one": "supported"}), Past(Path("b"), {}, {"c.one": "refuted"})
    >>> changes(old, new)
    [Change(claim='c.one', old='supported', new='refuted')]
    """
    ids = [*new.verdicts, *(claim for claim in old.verdicts if claim not in new.verdicts)]
    pairs = [Change(claim, old.verdicts.get(claim, ""), new.verdicts.get(claim, "")) for claim in ids]
    return [change for change in pairs if change.old != change.new]


def write_history(reports: Sequence[Past], file: Path) -> None:
    """One HTML page: a row a report, the newest first, and what changed since the one before it on the same
    papers."""
    from verify.outcome import VERDICTS
    from verify.report.render import history_page

    latest: dict[tuple[str, ...], Past] = {}
    rows = []
    for past in reports:
        before = latest.get(past.papers)
        latest[past.papers] = past
        counts = {verdict: list(past.verdicts.values()).count(verdict) for verdict in VERDICTS}
        link = Path(os.path.relpath(past.folder, file.parent)) / "report.html"
        rows.append(
            {
                "past": past,
                "name": os.path.relpath(past.folder, file.parent),
                "link": link.as_posix() if (past.folder / "report.html").is_file() else "",
                "counts": {verdict: count for verdict, count in counts.items() if count},
                "before": None if before is None else os.path.relpath(before.folder, file.parent),
                "changes": [] if before is None else changes(before, past),
            }
        )
    file.write_text(history_page(rows[::-1]), encoding="utf-8", errors="replace")
