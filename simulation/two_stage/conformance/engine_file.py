"""Loading a user's engine, one that takes problems or one in law: their own Python, which is run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from simulation.user_file import import_user_file

__all__ = ["LoadedEngine", "load_engine_file"]

_OPTIONS = {"steps": None, "dtype": None, "device": None}


@dataclass(frozen=True)
class LoadedEngine:
    """`engine` is a `simulation.Engine` or, of kind "law", a `simulation.LawEngine`."""

    engine: Callable[..., Any]
    kind: Literal["problem", "law"]


def load_engine_file(path: Path) -> LoadedEngine:
    """The file's `ENGINE`, or `LAW_ENGINE`. The file is the user's own code and is run as such.

    An `ENGINE` is in law when it takes settings and seeds, `(settings, seeds, *, steps, dtype, device)`, and
    not a problem, `(problem, *, eta, steps, dtype, device)`. One that takes anything is of the latter form;
    `LAW_ENGINE` says otherwise.

    Raises:
        ValueError: one line naming the file, when it is missing, does not import, has no callable `ENGINE`
            or `LAW_ENGINE`, or one that takes neither.
    """
    names = vars(import_user_file(path, "engine_file_", "--engine-file"))
    if "LAW_ENGINE" in names and "ENGINE" in names:
        raise ValueError(f"--engine-file {path}: must define ENGINE or LAW_ENGINE, not both")
    name = "LAW_ENGINE" if "LAW_ENGINE" in names else "ENGINE"
    engine = names.get(name)
    if not callable(engine):
        raise ValueError(
            f"--engine-file {path}: must define ENGINE, a callable (see simulation.Engine), or LAW_ENGINE"
        )
    takes_problem = name == "ENGINE" and _takes(engine, ("problem",), {"eta": None, **_OPTIONS})
    if takes_problem:
        return LoadedEngine(engine, "problem")
    if not _takes(engine, ("settings", "seeds"), _OPTIONS):
        raise ValueError(
            f"--engine-file {path}: {name} must take (problem, *, eta, steps, dtype, device) or, in law, "
            f"(settings, seeds, *, steps, dtype, device)"
        )
    return LoadedEngine(engine, "law")


def _takes(engine: Callable[..., Any], positional: tuple[str, ...], keywords: dict[str, None]) -> bool:
    try:
        signature = inspect.signature(engine)
    except (TypeError, ValueError):  # compiled code may have none: tried as it is
        return True
    try:
        signature.bind(*positional, **keywords)
    except TypeError:
        return False
    return True
