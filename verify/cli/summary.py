"""The verdict table on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verify.outcome import VERDICTS, Verification

__all__ = ["print_summary", "summary_of"]

_STYLE = {
    "supported": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "not-applicable": "dim",
}
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
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    table = Table(box=None, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", overflow="fold")
    table.add_column("source", overflow="fold", max_width=_SOURCE)
    table.add_column("reason", overflow="fold")
    for verdict, role, id_, item, unexpected, reason in told["rows"]:
        missed = "Expected to fail, and did not. " if unexpected else ""
        table.add_row(
            f"[{_STYLE.get(verdict, 'magenta')}]{verdict}[/]" + ("" if role == "claim" else f" ({role})"),
            id_,
            item,
            f"{missed}{reason}".replace("[", r"\["),
        )
    console.print(table)
    console.print(
        ", ".join(f"{number} {verdict}" for verdict, number in told["counts"].items())
        + f"; {told['runs']} runs in {told['wall_seconds']} s ({told['profile']} profile)"
    )
    if told["idle"]:
        console.print(f"{told['idle']} of the claims not applicable have no runs in this profile")
    if told["unexpected"]:
        listed = ", ".join(told["unexpected"])
        console.print(f"[bold yellow]readings expected to fail that did not:[/] {listed}")
    if told["failed"]:
        console.print(f"[bold red]refuted inside its conditions:[/] {', '.join(told['failed'])}")
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True)
