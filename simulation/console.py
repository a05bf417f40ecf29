"""Command lines that fail well: one clear line and exit status 2, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import typer

__all__ = ["run_app", "spread_options"]

_INTERRUPTED, _WRONG_INPUT = 130, 2


def spread_options(argv: Sequence[str], names: Sequence[str]) -> list[str]:
    """Let options take several values: `--claims A B` becomes `--claims A --claims B`.

    >>> spread_options(["run", "--claims", "a", "b", "--seed", "1"], ["--claims"])
    ['run', '--claims', 'a', '--claims', 'b', '--seed', '1']
    """
    out: list[str] = []
    current: str | None = None
    fresh = False
    for token in argv:
        if token in names:
            current, fresh = token, True
            out.append(token)
        elif token.startswith("-"):
            current = None
            out.append(token)
        elif current is not None and not fresh:
            out += [current, token]
        else:
            fresh = False
            out.append(token)
    return out


def run_app(app: typer.Typer, name: str, argv: Sequence[str], program: str = "") -> None:
    """Run a typer app and leave the process: one line and status 2 for wrong input, an error's own `status`
    where it has one, 130 for Ctrl-C.

    Args:
        name: before its messages.
        program: the command that it was called by; completion in shells is for this one.
    """
    _open_streams()
    try:
        status = app(args=list(argv), prog_name=program or f"python -m {name}", standalone_mode=False)
        if status == _INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        sys.stdout.flush()
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print(f"{name}: interrupted; nothing was written", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    except typer.TyperException as error:
        _fail(name, error.format_message() + _given(error, argv))
    except BrokenPipeError:
        # The reader of our output went away: nothing to report to, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError) as error:
        _fail(name, str(error), getattr(error, "status", _WRONG_INPUT))
    except MemoryError as error:
        _fail(name, f"not enough memory for a run of this size: {error}")
    sys.exit(status if isinstance(status, int) else 0)


def _open_streams() -> None:
    """Streams that were closed before the program began: what is written there goes nowhere."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that knows fewer letters gets them escaped
            stream.reconfigure(errors="backslashreplace")


def _given(error: typer.TyperException, argv: Sequence[str]) -> str:
    """`, was 'x'` for the value of the option that was refused, where the message leaves it out."""
    names = getattr(getattr(error, "param", None), "opts", ())
    values = [value for option, value in pairwise(argv) if option in names]
    values += [token.partition("=")[2] for token in argv if token.partition("=")[0] in names and "=" in token]
    if not values or values[-1] in error.format_message():
        return ""
    return f", was {values[-1]!r}"


def _fail(name: str, message: str, status: int = _WRONG_INPUT) -> None:
    text = " ".join(message.split()) or "no command given"
    print(f"{name}: error: {text}", file=sys.stderr)
    sys.exit(status)
