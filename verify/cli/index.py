"""The index command: a page over the reports in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["index"]


def index(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="holds reports, itself or below it")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the page (default: DIR/index.html)")
    ] = None,
) -> None:
    """Write a page over the reports in a folder: when, with which verdicts, and what changed since."""
    from verify.report.history import find_reports, write_history

    reports = find_reports(folder)
    file = folder / "index.html" if out is None else out
    if file.is_dir() or not file.resolve().parent.is_dir():
        raise ValueError(f"--out: must be a file in a folder that is there, was {file}")
    write_history(reports, file)
    print(f"{len(reports)} reports: {file}")
