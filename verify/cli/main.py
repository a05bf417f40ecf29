"""The command line: its commands, and those that papers add. Heavy imports wait until one needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulation.console import run_app, spread_options
from verify.cli import claims as cli_claims
from verify.cli import explore as cli_explore
from verify.cli import index as cli_index
from verify.cli import own as cli_own
from verify.cli import run as cli_run
from verify.cli import soundness as cli_soundness
from verify.cli import stability as cli_stability
from verify.cli import sweep as cli_sweep
from verify.cli import tables as cli_tables
from verify.cli.examples import with_examples

__all__ = ["app", "main"]

_CONSOLE = "theorem-verifier"

app = typer.Typer(
    name="verify",
    help="Judge theorems: which claims hold, where they stop holding, on what evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        print(f"theorem-verifier {metadata.version('theorem-verifier')}")
        raise typer.Exit


@app.callback()
def whole(
    version: Annotated[
        bool,
        typer.Option("--version", help="say which version this is", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Judge theorems: which claims hold, where they stop holding, on what evidence."""


app.command()(cli_run.run)
app.command()(cli_claims.papers)
app.command("claims")(cli_claims.list_claims)
app.command()(cli_claims.explain)
app.command()(cli_claims.replay)
app.command()(cli_own.new)
app.command()(cli_own.check)
app.command()(cli_explore.falsify)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(cli_explore.doctor)
app.command()(cli_explore.phase)
app.command()(cli_index.index)
app.command()(cli_soundness.soundness)
app.command()(cli_stability.stability)
app.command()(cli_sweep.sweep)
app.command()(cli_tables.diff)
app.command()(cli_tables.compare)


@app.command(
    add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def simulate(ctx: typer.Context) -> None:
    """Make runs and look at them, nothing judged: the commands of `python -m simulation`."""
    from simulation.cli import main as simulation_main

    sys.argv = ["simulation", *ctx.args]
    simulation_main()


with_examples(app, "python -m verify")


def _of_papers(word: str) -> str | None:
    """The dotted function of a command that a paper names; None for one of the core's own."""
    own = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback is not None}
    if word.startswith("-") or word in own:
        return None
    from theory.paper import find_papers

    named = [paper.commands for paper in find_papers(optional=True).values()]
    return next((commands[word] for commands in named if word in commands), None)


def main() -> None:
    """Entry point of `python -m verify`, and of the command `theorem-verifier`."""
    program = Path(sys.argv[0]).stem if Path(sys.argv[0]).stem == _CONSOLE else "python -m verify"
    several = ["--claims", "--claims-file", "--outside", "--quantity", "--engine-file", "--paper"]
    argv = spread_options(sys.argv[1:], several)
    where = _of_papers(argv[0]) if argv else None
    if where is not None:
        from simulation.cli import run_command
        from verify.judge import judge_runs

        sys.exit(run_command("verify", where, sys.argv[2:], judge_runs))
    run_app(app, "verify", argv, program)
