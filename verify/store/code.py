"""The version of the code that makes and measures runs: results of another version are not reused."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from verify.store.imports import PACKAGES, digest_of_parts

__all__ = ["code_version", "libraries", "own_modules"]

_ROOT = Path(__file__).resolve().parents[2]
_INSTALLED = re.compile(r"(.+)\.(dist|egg)-info")
_SKIPPED = frozenset({"__pycache__"})


def code_version(claims_files: Iterable[str | Path] = ()) -> str:
    """A digest of all files of `theory`, `simulation` and `verify`, of the claims files with every module
    loaded from their folders, of the versions of Python and of every installed package, and of the
    machine's architecture.

    What else a claims file reads (data, packages elsewhere) is not seen.

    Raises:
        ValueError: when a claims file cannot be read.
    """
    return digest_of_parts(_parts(claims_files))


def _parts(claims_files: Iterable[str | Path]) -> Iterator[bytes]:
    for package in PACKAGES:
        for path in sorted((_ROOT / package).rglob("*")):
            if path.is_file() and not _SKIPPED & set(path.parts):
                yield path.relative_to(_ROOT).as_posix().encode()
                yield path.read_bytes()
    for path in own_modules(claims_files):
        yield b"claims"
        try:
            yield path.read_bytes()
        except OSError as error:
            raise ValueError(f"--claims-file {path}: cannot be read: {error.strerror or error}") from error
    yield " ".join(libraries()).encode()
    yield platform.python_version().encode()
    yield platform.machine().encode()


@cache
def libraries() -> tuple[str, ...]:
    """Every installed package with its version, as `name-version`: a run may use any."""
    found = set()
    for entry in sys.path:
        if not entry or not Path(entry).is_dir():
            continue
        for path in Path(entry).iterdir():
            if match := _INSTALLED.fullmatch(path.name):
                found.add(match[1])
    return tuple(sorted(found))


@cache
def _resolved(file: str) -> Path:
    """A module's file, looked up once: there are thousands, and a digest asks for each."""
    return Path(file).resolve()


def own_modules(claims_files: Iterable[str | Path]) -> Iterator[Path]:
    """The claims files in order, then the modules they may have imported from beside them."""
    files = [Path(file).resolve() for file in claims_files]
    yield from files
    folders = {file.parent for file in files}
    beside = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = _resolved(file) if os.path.isabs(file) else Path(file).resolve()
        if not path.is_file():  # loaded under a relative name from a folder left since
            continue
        built_in = path.is_relative_to(_ROOT) and path.relative_to(_ROOT).parts[0] in PACKAGES
        installed = "site-packages" in path.parts
        if not (built_in or installed) and any(path.is_relative_to(folder) for folder in folders):
            beside.add(path)
    yield from sorted(beside - set(files))
