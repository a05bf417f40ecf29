"""The stubs beside the lazy exports say what the tables say: editors and type checkers see the names."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("theory", "simulation", "verify")


def exported(stub: str) -> dict[str, str]:
    """Public name -> module, of `from module import name as name`; other imports are not public."""
    found = {}
    for node in ast.parse(stub).body:
        if isinstance(node, ast.ImportFrom):
            found |= {a.name: str(node.module) for a in node.names if a.asname == a.name}
    return found


def listed(stub: str) -> list[str]:
    """The names in `__all__`."""
    (value,) = [
        node.value
        for node in ast.parse(stub).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return list(ast.literal_eval(value))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_stub_has_the_names_of_the_table(package: str) -> None:
    module = import_module(package)
    stub = (ROOT / package / "__init__.pyi").read_text(encoding="utf-8")
    assert exported(stub) == module._EXPORTS
    assert listed(stub) == module.__all__ == sorted(module._EXPORTS)
    assert (ROOT / package / "py.typed").exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_there(package: str) -> None:
    module = import_module(package)
    assert all(hasattr(import_module(where), name) for name, where in module._EXPORTS.items())
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing


def test_a_name_that_is_not_public_is_seen() -> None:
    stub = "from a import x as x\nfrom a import y\nfrom b import z as w\n__all__ = ['x']"
    assert (exported(stub), listed(stub)) == ({"x": "a"}, ["x"])
