"""The command that puts engines through the conformance checks. Heavy imports wait for the command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from simulation.console import run_app, spread_options

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
) -> int:
    """Do engines train the network as defined? Exit status 1 when a check fails."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"--seed must be an integer in [0, 2^63), was {seed}")
    chosen = list(dict.fromkeys(engine or (() if engine_file else _ENGINES)))
    for name in chosen:
        if name not in _ENGINES:
            raise ValueError(f"--engine must be one of {', '.join(_ENGINES)}, was {name!r}")
    from simulation.two_stage.conformance.engine_file import load_engine_file

    loaded = [(path, load_engine_file(path)) for path in engine_file or ()]

    from simulation import cnn_engine, reduced_engine, run_engine_conformance, run_law_conformance

    ours = {"cnn": cnn_engine, "reduced": reduced_engine}
    passed = True
    for name in chosen:
        report = (
            run_law_conformance(seed=seed)
            if name == "law"
            else run_engine_conformance(ours[name], name=name, seed=seed)
        )
        print(f"{report}\n", flush=True)
        passed = passed and report.passed
    for path, found in loaded:
        run = run_law_conformance if found.kind == "law" else run_engine_conformance
        report = run(found.engine, name=path.name, seed=seed)
        print(f"{report}\n", flush=True)
        passed = passed and report.passed
    return int(not passed)


def main(argv: Sequence[str]) -> None:
    """Entry point of `python -m verify conformance`."""
    run_app(app, "verify conformance", spread_options(argv, ["--engine", "--engine-file"]))
