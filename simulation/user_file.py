"""A user's own Python, imported as modules: claims files, engine files, papers in a folder. It is run as
such.

Workers import the same files under the same names, so that functions and classes travel by name: what a file
holds beside them (a lock, an open file, a generator) does not have to travel at all.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

__all__ = ["import_user_file", "import_user_folder", "module_name"]

_LONGEST = 500


class _AsItStands(SourceFileLoader):
    """Compiles the text that the file holds now. Python takes bytecode for current when the file's size and
    the second of its last change agree: runs would be kept under a text that did not make them."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def module_name(path: Path, prefix: str) -> str:
    """The name of a file's module: the prefix and a digest of the file's place, the same in every process."""
    return f"{prefix}{_place_digest(path) if path.is_absolute() else _place_digest.__wrapped__(path)}"


@lru_cache(maxsize=256)
def _place_digest(path: Path) -> str:
    """Kept for absolute paths: every call of a measure of a claims file asks where its module is."""
    return hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()


def import_user_file(
    path: Path, prefix: str, option: str, error: Callable[[str], ValueError] = ValueError
) -> ModuleType:
    """The module of a file. What lies beside it can be imported by it, but goes before nothing installed.

    Raises:
        ValueError: made by `error` from one line naming the option, the file, the line and the reason, when
        it
            is missing, no Python file, or does not import.
    """
    if not path.is_file():
        raise error(f"{option}: no such file: {path}")
    name = module_name(path, prefix)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise error(f"{option} {path}: must be a Python file (.py)")
    if isinstance(spec.loader, SourceFileLoader):
        spec.loader = _AsItStands(name, str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _append(path.resolve().parent)
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # whatever the user's file raises, SystemExit included
        sys.modules.pop(name, None)
        raise error(f"{option} {path}{_line(raised, path)}: does not import: {_text(raised)}") from raised
    return module


def import_user_folder(folder: Path, module: str, option: str) -> ModuleType:
    """The module of this name in a folder that is a package, named as the folder.

    Raises:
        ValueError: one line naming the option and the folder, when it has no such module, the module does not
            import, or the folder's name is taken by another package.
    """
    folder = folder.resolve()
    file = folder / f"{module}.py"
    if not file.is_file():
        raise ValueError(f"{option}: no {module}.py in the folder {folder}")
    if not folder.name.isidentifier():
        raise ValueError(f"{option}: a paper's folder must be named as a Python package, was {folder.name!r}")
    _append(folder.parent)
    name = f"{folder.name}.{module}"
    try:
        found = import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        raise ValueError(
            f"{option} {file}{_line(raised, file)}: does not import: {_text(raised)}"
        ) from raised
    if Path(found.__file__ or "").resolve() != file:
        raise ValueError(f"{option}: the name {folder.name!r} is taken by another package: rename the folder")
    return found


def _append(folder: Path) -> None:
    """At the end: a file of the user's must not go before a module of ours or of a library."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _line(error: BaseException, path: Path) -> str:
    """`:LINE` of the file where the error passed through it."""
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno is not None:
        return f":{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if Path(f.filename).resolve() == path.resolve()]
    return f":{lines[-1]}" if lines else ""


def _text(error: BaseException) -> str:
    """An error's type and message, of which the user's own class may make anything."""
    try:
        text = str(error)
    except Exception as wrong:
        text = f"(its message raised {type(wrong).__name__})"
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    return f"{type(error).__name__}: {text[:_LONGEST]}"
