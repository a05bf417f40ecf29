"""Examples under the help of each command: lines that work, the shortest first."""

from __future__ import annotations

import typer

__all__ = ["EXAMPLES", "with_examples"]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": (
        "run --profile quick",
        "run --claims-file mine.py --claims 'mine.*' --no-figures",
        "run --paper my_paper --resume kept --jobs 4 --junit claims.xml",
        "run --paper my_paper --plan",
    ),
    "papers": ("papers", "papers --json"),
    "claims": ("claims", "claims 'theorem 4.1'", "claims --paper my_paper --json"),
    "index": ("index reports",),
    "explain": ("explain mine.rate --claims-file mine.py",),
    "replay": ("replay mine.rate --setting '{\"n\": 50}' --seed 7 --claims-file mine.py",),
    "new": ("new my_theorem", "new my_network --size model", "new my_paper --size paper --in papers"),
    "check": ("check mine.py", "check my_paper"),
    "falsify": ("falsify mine.rate --claims-file mine.py", "falsify mine.rate --budget 5m --outside large_n"),
    "doctor": ("doctor --n 100 --keep n,d", "doctor --claim mine.rate --claims-file mine.py --set n=100"),
    "phase": ("phase stability --paper my_paper", "phase my_paper.stability --cells 24 --runs 24"),
    "soundness": (
        "soundness --paper my_paper --suites 0",
        "soundness --claims-file mine.py --claims 'mine.*'",
    ),
    "stability": ("stability --seeds 5 --paper my_paper", "stability --out reports/trust"),
    "sweep": ("sweep sweep.toml --plan", "sweep sweep.toml --claims-file mine.py --jobs 4"),
    "diff": ("diff reports/before reports/latest", "diff old.json new.json --json"),
    "compare": (
        "compare table.csv --claims-file mine.py",
        "compare table.csv --paper my_paper --clock 5 --runs 100",
    ),
    "simulate": ("simulate run --help",),
}


def with_examples(app: typer.Typer, program: str) -> None:
    """Give every command that has examples its lines."""
    for command in app.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        if name in EXAMPLES:
            lines = "\n\n".join(f"    {program} {line}" for line in EXAMPLES[name])
            command.epilog = f"Examples:\n\n{lines}"
