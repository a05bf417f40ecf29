"""The modules that a module of this project may load, read off their source, and a digest of their files."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["PACKAGES", "Loaded", "digest_of_parts", "loaded_by"]

#: The project's own packages, imported from `_ROOT`.
PACKAGES = ("theory", "simulation", "verify")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Loaded:
    """Modules by their dotted names, and a digest of their source and of the data beside it."""

    modules: frozenset[str]
    digest: str


def digest_of_parts(parts: Iterable[bytes]) -> str:
    """40 hexadecimal digits; no two lists of parts have one by being cut otherwise."""
    hasher = hashlib.blake2b(digest_size=20)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.hexdigest()


@cache
def loaded_by(modules: tuple[str, ...]) -> Loaded:
    """These modules and all of the project's that they import, at any depth and also inside functions;
    imports for type checkers alone are left out.

    `from theory import Setting` loads the module that the package's table of lazy exports names. What is
    imported by a name put together at run time is not seen: engines (`Model.engines`) are given by hand.

    >>> loaded_by(("theory.rng",)).modules <= {"theory", "theory.rng", "theory.lazy"}
    True
    """
    found: set[str] = set()
    left = list(modules)
    while left:
        name = left.pop()
        if name in found or name not in _files():
            continue
        found.add(name)
        left += [part for wanted in _imports(name) for part in _with_parents(wanted)]
    parts: list[bytes] = []
    for name in sorted(found):
        parts += [name.encode(), _files()[name].read_bytes()]
    for path in _data(found):
        parts += [path.relative_to(_ROOT).as_posix().encode(), path.read_bytes()]
    return Loaded(frozenset(found), digest_of_parts(parts))


@cache
def _files() -> dict[str, Path]:
    out = {}
    for package in PACKAGES:
        for path in (_ROOT / package).rglob("*.py"):
            parts = path.relative_to(_ROOT).with_suffix("").parts
            out[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return out


def _data(modules: set[str]) -> list[Path]:
    """Tables that lie beside the modules: code may read them. Not the records of other commands."""
    folders = {_files()[name].parent for name in modules}
    return sorted(path for folder in folders for path in folder.glob("*.csv"))


def _with_parents(name: str) -> Iterator[str]:
    """To import a.b.c is to import a and a.b before."""
    while name:
        yield name
        name = name.rpartition(".")[0]


@cache
def _imports(module: str) -> tuple[str, ...]:
    tree = ast.parse(_files()[module].read_bytes())
    package = module if _files()[module].name == "__init__.py" else module.rpartition(".")[0]
    return tuple(_imported(tree, package))


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.If) and _for_types(node.test):
        for other in node.orelse:
            yield from _imported(other, package)
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id in PACKAGES and node.attr in _exports(node.value.id):
            yield _origin(node.value.id, node.attr)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")
        whole = above[: len(above) - node.level + 1] if node.level else []
        origin = ".".join([*whole, *([node.module] if node.module else [])])
        yield origin
        for alias in node.names:
            wanted = _exports(origin) if alias.name == "*" else [alias.name]
            yield from (_origin(origin, name) for name in wanted)
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, package)


def _for_types(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _origin(package: str, name: str) -> str:
    """The module that a name imported from a package comes from, or is."""
    module = _exports(package).get(name)
    return f"{package}.{name}" if module is None else _origin(module, name) if _exports(module) else module


@cache
def _exports(package: str) -> dict[str, str]:
    """The package's lazy exports: name -> module."""
    path = _files().get(package)
    if path is None or path.name != "__init__.py":
        return {}
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "_EXPORTS" for t in node.targets):
            return dict(ast.literal_eval(node.value))
    return {}
