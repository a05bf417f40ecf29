"""The commands that compare: diff (two reports), compare (a published table). Heavy imports wait."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from verify.cli.options import ClaimsFiles, check_jobs, check_seed
from verify.profiles import worker_count

__all__ = ["compare", "diff"]


def diff(
    old: Annotated[Path, typer.Argument(help="a report's folder, or its claims.json")],
    new: Annotated[Path, typer.Argument(help="another one")],
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> int:
    """Which verdicts changed from one report to another, and by what; exit status 1 when one did."""
    from verify.diff import difference
    from verify.jsonable import jsonable

    found = difference(old, new)
    if as_json:
        print(json.dumps(jsonable(found.as_dict()), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(found.lines()))
    return int(bool(found.changed))


def compare(
    table: Annotated[Path, typer.Argument(metavar="FILE.csv", help="published means (docs/compare.md)")],
    paper: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR|FILE.py", help="whose parameters are meant (default: that fits)"),
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="a parameter that no column gives")
    ] = None,
    engine: Annotated[str, typer.Option(help="of the model (default: its first)")] = "",
    clock: Annotated[float | None, typer.Option(help="length of the runs, where they have one")] = None,
    runs: Annotated[int, typer.Option(help="runs at each setting, 2 or more")] = 30,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="the comparison as csv")] = None,
    seed: Annotated[int, typer.Option(help="base seed, >= 0")] = 0,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    claims_file: ClaimsFiles = None,
) -> int:
    """A published table against runs, cell by cell; exit status 1 when a cell differs."""
    check_seed(seed)
    if not 2 <= runs <= 100_000:
        raise ValueError(f"--runs must lie in [2, 100000], was {runs}")
    check_jobs(jobs)
    if clock is not None and not 0 < clock < float("inf"):
        raise ValueError(f"--clock must be a finite number > 0, was {clock}")
    if claims_file and len(claims_file) > 1:
        raise ValueError("--claims-file: give one file")
    if out is not None and not out.resolve().parent.is_dir():
        raise ValueError(f"--out: no such folder: {out.parent}")
    from verify.cli.values import named_values
    from verify.compare import LEVEL, counted, write_compared
    from verify.compare import compare as compared
    from verify.published import load_published, value_of

    cells = load_published(table)
    given = named_values([word for text in values or [] for word in ("--set", text)])
    found = compared(
        cells,
        paper=paper or (str(claims_file[0]) if claims_file else ""),
        fixed={name: value_of(text) for name, text in given.items()},
        engine=engine,
        clock=clock,
        runs=runs,
        seed=seed,
        jobs=worker_count(jobs),
        progress=sys.stderr.isatty(),
    )
    for cell in found:
        where = ", ".join(f"{name} {value}" for name, value in cell.published.values.items())
        gap, low, high = cell.difference
        print(
            f"{cell.word:12} {where}: {cell.published.quantity} {cell.mean:.4g} in {cell.runs} runs, "
            f"published {cell.published.mean:.4g}: difference {gap:+.3g} [{low:+.3g}, {high:+.3g}]"
        )
    print(f"{counted(found)} of {len(found)} cells, at {LEVEL:.0%} for all of them together")
    if out is not None:
        write_compared(found, out)
        print(out)
    return int(any(cell.word == "differs" for cell in found))
