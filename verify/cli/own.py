"""The commands for a theorem of one's own: new, check. Heavy imports wait until they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check", "new"]


def new(
    name: Annotated[str, typer.Argument(help="of the paper and its folder: lower-case letters, digits, _")],
    size: Annotated[str, typer.Option(help="function, model or paper (docs/claims.md)")] = "function",
    folder: Annotated[Path, typer.Option("--in", help="the folder in which NAME is made")] = Path("."),
) -> None:
    """Write a paper that works, to be changed into yours: claims, a false one, their test, a README."""
    from verify.skeleton.write import write_skeleton

    for path in write_skeleton(name, size, folder):
        print(path)


def check(
    path: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="a claims file, or a paper's folder")],
) -> int:
    """Read, type-check and run dry, in seconds: what is wrong, with file and line. Nothing is judged.

    Exit status: 0; 2 something cannot be used as it stands, types included; 3 a run or a measure failed.
    Notes change nothing.
    """
    from verify.checking.whole import check_whole
    from verify.statistics.trials import count

    checked = check_whole(path)
    for complaint in checked.complaints:
        print(complaint)
    errors = sum(complaint.kind != "note" for complaint in checked.complaints)
    if not checked.typed:
        print("types were not checked: mypy is not installed (pip install mypy)")
    print(
        f"{path}: {count(checked.claims, 'claim')}, {count(checked.falsehoods, 'falsehood')},"
        f" {count(checked.experiments, 'experiment')}: {count(errors, 'error')},"
        f" {count(len(checked.complaints) - errors, 'note')} in {checked.seconds:.1f} s"
    )
    return checked.status
