"""Loading a user's engine: their own Python, which is run."""

from __future__ import annotations

from pathlib import Path

from simulation.two_stage.conformance.engine import Engine
from verify.user_file import import_user_file

__all__ = ["load_engine_file"]


def load_engine_file(path: Path) -> Engine:
    """The file's `ENGINE`. The file is the user's own code and is run as such.

    Raises:
        ValueError: one line naming the file, when it is missing, does not import or has no callable `ENGINE`.
    """
    engine = vars(import_user_file(path, "engine_file_", "--engine-file")).get("ENGINE")
    if not callable(engine):
        raise ValueError(f"--engine-file {path}: must define ENGINE, a callable (see simulation.Engine)")
    return engine  # type: ignore[no-any-return]
