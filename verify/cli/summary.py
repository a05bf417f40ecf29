"""The verdict table on the terminal."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from verify.outcome import VERDICTS, Verification

__all__ = ["print_summary"]

_STYLE = {
    "supported": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "not-applicable": "dim",
}


def print_summary(verification: Verification, folder: Path) -> None:
    """Print verdict, claim and reason of every claim, the counts, and where the report lies."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    table = Table(box=None, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", overflow="fold")
    table.add_column("source", no_wrap=True)
    table.add_column("reason", overflow="fold")
    idle = [j for j in verification.judgements if not j.observations]
    for j in verification.judgements:
        if not j.observations:
            continue
        verdict = f"[{_STYLE.get(j.verdict, 'magenta')}]{j.verdict}[/]" + (
            "" if j.claim.role == "claim" else f" ({j.claim.role})"
        )
        missed = "Expected to fail, and did not. " if j.unexpected else ""
        reason = f"{missed}{j.decision.reason}".replace("[", r"\[")
        table.add_row(verdict, j.claim.id, j.claim.source.item, reason)
    console.print(table)
    counts = Counter(j.verdict for j in verification.judgements)
    info = verification.run_info
    console.print(
        ", ".join(f"{counts[v]} {v}" for v in VERDICTS)
        + f"; {info['runs']} runs in {info['wall_seconds']} s ({info['profile']} profile)"
    )
    if idle:
        console.print(f"{len(idle)} of the claims not applicable have no runs in this profile")
    unexpected = [j.claim.id for j in verification.judgements if j.unexpected]
    if unexpected:
        console.print(f"[bold yellow]readings expected to fail that did not:[/] {', '.join(unexpected)}")
    failed = [j.claim.id for j in verification.judgements if j.fails_verification]
    if failed:
        console.print(f"[bold red]refuted inside its conditions:[/] {', '.join(failed)}")
    console.print(f"report: {folder / 'report.html'}", soft_wrap=True)
