"""A user's own Python file, imported as a module: claims files and engine files. It is run as such."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

__all__ = ["import_user_file"]

_LONGEST = 500


def import_user_file(
    path: Path, prefix: str, option: str, error: Callable[[str], ValueError] = ValueError
) -> ModuleType:
    """The module of a file, known to `sys.modules` under the prefix and a hash of the file's place.

    Raises:
        ValueError: made by `error` from one line naming the option, the file and the reason, when it is
            missing, no Python file, or does not import.
    """
    if not path.is_file():
        raise error(f"{option}: no such file: {path}")
    name = f"{prefix}{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise error(f"{option} {path}: must be a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # whatever the user's file raises, SystemExit included
        sys.modules.pop(name, None)
        raise error(f"{option} {path}: does not import: {_text(raised)}") from raised
    return module


def _text(error: BaseException) -> str:
    """An error's type and message, of which the user's own class may make anything."""
    try:
        text = str(error)
    except Exception as wrong:
        text = f"(its message raised {type(wrong).__name__})"
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    return f"{type(error).__name__}: {text[:_LONGEST]}"
