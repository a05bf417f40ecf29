"""`python -m simulation WORD ...`: the commands of papers, each by its first word."""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

__all__ = ["commands_of_engines", "main", "run_command"]

Command = Callable[[], object]


def commands_of_engines() -> Mapping[str, Command]:
    """The commands that stand beside engines: `COMMANDS` of every `simulation/NAME/cli.py`."""
    import simulation

    found: dict[str, Command] = {}
    for folder in pkgutil.iter_modules(simulation.__path__):
        if folder.ispkg and (Path(simulation.__path__[0]) / folder.name / "cli.py").is_file():
            found |= getattr(import_module(f"simulation.{folder.name}.cli"), "COMMANDS", {})
    return found


def _of_papers() -> Mapping[str, str]:
    """The commands that papers name (`Paper.commands`)."""
    from theory.paper import find_papers

    papers = find_papers(optional=True).values()
    return {word: where for paper in papers for word, where in paper.commands.items()}


def run_command(program: str, where: str, argv: Sequence[str], judge: object = None) -> int:
    """The exit status of a paper's command: a dotted function of the words after its own, which returns it.

    Args:
        judge: given as `judge` to a function that has a parameter of this name (`verify.judge.judge_runs`).

    Wrong input (a ValueError or OSError) is one line on standard error and status 2.
    """
    module, _, name = where.rpartition(".")
    try:
        function = getattr(import_module(module), name)
        given = {"judge": judge} if "judge" in inspect.signature(function).parameters else {}
        return int(function(argv, **given) or 0)
    except (ValueError, OSError) as error:
        print(f"{program}: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def main() -> None:
    """Entry point of `python -m simulation`."""
    word = next(iter(sys.argv[1:]), "")
    own = commands_of_engines()
    if word in own:
        own[word]()
        return
    named = _of_papers()
    if word in named:
        sys.exit(run_command("simulation", named[word], sys.argv[2:]))
    words = ", ".join(dict.fromkeys((*own, *named)))
    if word in ("", "-h", "--help"):
        print(f"Usage: python -m simulation WORD ...\n\nWORD is one of {words}; WORD --help says more.")
        sys.exit(0 if word else 2)
    print(f"simulation: error: WORD must be one of {words}, was {word!r}", file=sys.stderr)
    sys.exit(2)
