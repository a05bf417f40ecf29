"""The command that puts engines through the conformance checks. Heavy imports wait for the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulation.console import run_app, spread_options

if TYPE_CHECKING:
    from simulation.conformance.result import ConformanceReport

__all__ = ["app", "conformance", "main"]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_ENGINES = ("cnn", "reduced", "law")


@app.command()
def conformance(
    engine: Annotated[list[str] | None, typer.Option(help="cnn, reduced or law (default: all three)")] = None,
    engine_file: Annotated[
        list[Path] | None,
        typer.Option(help="Python file(s) with an ENGINE (or LAW_ENGINE) of your own; they are run."),
    ] = None,
    seed: Annotated[int, typer.Option(help="seed of the problems, >= 0")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="write conformance.json there, for `run --trust`")
    ] = None,
) -> int:
    """Do engines train the network as defined? Exit status 1 when a check fails."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"--seed must be an integer in [0, 2^63), was {seed}")
    chosen = list(dict.fromkeys(engine or (() if engine_file else _ENGINES)))
    for name in chosen:
        if name not in _ENGINES:
            raise ValueError(f"--engine must be one of {', '.join(_ENGINES)}, was {name!r}")
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"--out: must be a folder, was the file {out}")
    from simulation.two_stage.conformance.engine_file import load_engine_file

    loaded = [(path, load_engine_file(path)) for path in engine_file or ()]

    from simulation import cnn_engine, reduced_engine, run_engine_conformance, run_law_conformance

    ours = {"cnn": cnn_engine, "reduced": reduced_engine}
    reports: list[ConformanceReport] = []
    for name in chosen:
        report = (
            run_law_conformance(seed=seed)
            if name == "law"
            else run_engine_conformance(ours[name], name=name, seed=seed)
        )
        print(f"{report}\n", flush=True)
        reports.append(report)
    for path, found in loaded:
        run = run_law_conformance if found.kind == "law" else run_engine_conformance
        report = run(found.engine, name=path.name, seed=seed)
        print(f"{report}\n", flush=True)
        reports.append(report)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        record = {"schema": "conformance/1", "run": _made(seed), "reports": [r.as_dict() for r in reports]}
        (out / "conformance.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return int(not all(report.passed for report in reports))


def _made(seed: int) -> dict[str, str | int]:
    from importlib import metadata

    return {
        "seed": seed,
        "command": f"python -m verify conformance --seed {seed}",
        "version": metadata.version("theorem-verifier"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def main(argv: Sequence[str]) -> None:
    """Entry point of `python -m verify conformance`."""
    run_app(app, "verify conformance", spread_options(argv, ["--engine", "--engine-file"]))
