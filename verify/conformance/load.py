"""Loading a user's engine: their own Python, which is run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from simulation.engine import Engine

__all__ = ["load_engine_file"]


def load_engine_file(path: Path) -> Engine:
    """The file's `ENGINE`. The file is the user's own code and is run as such.

    Raises:
        ValueError: one line naming the file, when it is missing, does not import or has no callable `ENGINE`.
    """
    if not path.is_file():
        raise ValueError(f"--engine-file: no such file: {path}")
    name = f"engine_file_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"--engine-file {path}: must be a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's file raises, SystemExit included
        del sys.modules[name]
        text = " ".join(str(error).split())
        raise ValueError(f"--engine-file {path}: does not import: {type(error).__name__}: {text}") from error
    engine = getattr(module, "ENGINE", None)
    if not callable(engine):
        raise ValueError(
            f"--engine-file {path}: must define ENGINE, a callable (see simulation.engine.Engine)"
        )
    return engine  # type: ignore[no-any-return]
