"""The version of the code that makes and measures runs: results of another version are not reused."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

__all__ = ["code_version"]

_PACKAGES = ("theory", "simulation", "verify")
_LIBRARIES = ("numpy", "scipy", "torch", "numba")


def code_version(claims_files: Iterable[str | Path] = ()) -> str:
    """A digest of the source of `theory`, `simulation` and `verify`, of the claims files with every module
    loaded from their folders, of the versions of Python, numpy, scipy, torch and numba, and of the
    machine's architecture.

    What else a claims file reads (data, installed packages) is not seen.

    Raises:
        ValueError: when a claims file cannot be read.
    """
    hasher = hashlib.blake2b(digest_size=20)

    def add(*parts: bytes) -> None:
        for part in parts:  # with its length: no two lists of parts are one text
            hasher.update(len(part).to_bytes(8, "little") + part)

    root = Path(__file__).resolve().parents[2]
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            add(path.relative_to(root).as_posix().encode(), path.read_bytes())
    for path in _own_files([Path(file).resolve() for file in claims_files], root):
        try:
            add(b"claims", path.read_bytes())
        except OSError as error:
            raise ValueError(f"--claims-file {path}: cannot be read: {error.strerror or error}") from error
    for name in _LIBRARIES:
        try:
            add(f"{name} {metadata.version(name)}".encode())
        except metadata.PackageNotFoundError:
            add(f"{name} absent".encode())
    add(platform.python_version().encode(), platform.machine().encode())
    return hasher.hexdigest()


def _own_files(claims_files: list[Path], root: Path) -> Iterator[Path]:
    """The claims files in order, then the modules they may have imported from beside them."""
    yield from claims_files
    folders = {file.parent for file in claims_files}
    beside = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        if not path.is_file():  # loaded under a relative name from a folder left since
            continue
        built_in = path.is_relative_to(root) and path.relative_to(root).parts[0] in _PACKAGES
        installed = "site-packages" in path.parts
        if not (built_in or installed) and any(path.is_relative_to(folder) for folder in folders):
            beside.add(path)
    yield from sorted(beside - set(claims_files))
