"""The verdict table on the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import typer

from verify.outcome import VERDICTS, Verification

__all__ = ["print_summary", "summary_of"]

_STYLE: Mapping[str, Mapping[str, Any]] = {
    "supported": {"fg": "green"},
    "refuted": {"fg": "red", "bold": True},
    "inconclusive": {"fg": "yellow"},
    "not-applicable": {"dim": True},
}
_OTHER = {"fg": "magenta"}
#: Columns where no terminal says how many there are.
_WIDTH, _GAP = 160, "  "
#: The other three columns have so many together at least.
_LEAST = 40
#: Columns for where a claim is printed: one long source would take the width from every reason.
_SOURCE = 32


def summary_of(verification: Verification) -> dict[str, Any]:
    """What is printed of a verification, as JSON types."""
    judged = [j for j in verification.judgements if j.observations]
    counts = Counter(j.verdict for j in verification.judgements)
    return {
        "rows": [
            [j.verdict, j.claim.role, j.claim.id, j.claim.source.item, j.unexpected, j.decision.reason]
            for j in judged
        ],
        "counts": {verdict: counts[verdict] for verdict in VERDICTS},
        **{key: verification.run_info[key] for key in ("runs", "wall_seconds", "profile")},
        "idle": len(verification.judgements) - len(judged),
        "unexpected": [j.claim.id for j in verification.judgements if j.unexpected],
        "failed": [j.claim.id for j in verification.judgements if j.fails_verification],
    }


def print_summary(told: Mapping[str, Any], folder: Path) -> None:
    """Print verdict, claim and reason of every claim, the counts, and where the report lies.

    Args:
        told: what `summary_of` gives.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
    for line in _table(told["rows"], width):
        typer.echo(line)
    counts = ", ".join(f"{number} {verdict}" for verdict, number in told["counts"].items())
    typer.echo(f"{counts}; {told['runs']} runs in {told['wall_seconds']} s ({told['profile']} profile)")
    if told["idle"]:
        typer.echo(f"{told['idle']} of the claims not applicable have no runs in this profile")
    if told["unexpected"]:
        label = typer.style("readings expected to fail that did not:", fg="yellow", bold=True)
        typer.echo(f"{label} {', '.join(told['unexpected'])}")
    if told["failed"]:
        label = typer.style("refuted inside its conditions:", fg="red", bold=True)
        typer.echo(f"{label} {', '.join(told['failed'])}")
    typer.echo(f"report: {folder / 'report.html'}")


def _table(rows: Sequence[tuple[str, str, str, str, bool, str]], width: int) -> Iterator[str]:
    """The lines of the table, each text folded within its column: a verdict's is as wide as its longest, the
    reason has at least half of the rest."""
    cells = [
        (
            verdict,
            verdict + ("" if role == "claim" else f" ({role})"),
            id_,
            item,
            ("Expected to fail, and did not. " if unexpected else "") + reason,
        )
        for verdict, role, id_, item, unexpected, reason in rows
    ]
    longest = [max((len(row[k]) for row in cells), default=0) for k in (1, 2, 3)]
    rest = max(width - longest[0] - 3 * len(_GAP), _LEAST)
    claim = min(max(longest[1], len("claim")), rest * 3 // 10)
    source = min(max(longest[2], len("source")), rest // 5, _SOURCE)
    widths = (max(longest[0], len("verdict")), claim, source, rest - claim - source)
    for verdict, *texts in [("", "verdict", "claim", "source", "reason"), *cells]:
        columns = [textwrap.wrap(text, w) for text, w in zip(texts, widths, strict=True)]
        for k, parts in enumerate(zip_longest(*columns, fillvalue="")):
            first, *others = (part.ljust(w) for part, w in zip(parts, widths, strict=True))
            shown = typer.style(first, **_STYLE.get(verdict, _OTHER)) if verdict and not k else first
            yield _GAP.join([shown, *others]).rstrip()
