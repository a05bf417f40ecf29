"""A file of one's own without the numbers and words that no run depends on: those of rules and claims."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from verify.store.code import own_modules
from verify.store.imports import digest_of_parts

__all__ = ["digest_of_own"]

#: Of a claim, what is read by who judges and reports.
_WORDS = frozenset({"statement", "note", "measured", "rule", "source", "reason", "why"})


def digest_of_own(files: Iterable[str | Path]) -> str:
    """Of the syntax of these files and of the modules beside them. Left out: comments, and constants within
    calls of rules and of `Source`, and in a call's arguments that are named `note`, `statement` and the like.
    Where a measure reads such a constant off its claim, its own digest has it (`verify.store.reached`).

    Raises:
        ValueError: when a file cannot be read.
    """
    parts = []
    for path in own_modules(files):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError) as error:
            raise ValueError(f"--claims-file {path}: cannot be read: {error}") from error
        parts.append(ast.dump(_Blanked().visit(tree)).encode())
    return digest_of_parts(parts)


@cache
def _judged() -> frozenset[str]:
    import theory.rules

    return frozenset({*theory.rules.__all__, "Source"})


class _Blanked(ast.NodeTransformer):
    """Sets constants to none, where only judges and reports read them."""

    def __init__(self, inside: bool = False) -> None:
        self._inside = inside

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """None in its place."""
        return ast.copy_location(ast.Constant(None), node) if self._inside else node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """A call of a rule: every constant given to it; another's words by their names."""
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        inner = _Blanked(name in _judged())
        node.func = self.visit(node.func)
        node.args = [inner.visit(arg) for arg in node.args]
        for keyword in node.keywords:
            plain = keyword.arg in _WORDS and isinstance(keyword.value, ast.Constant)
            keyword.value = (_Blanked(True) if plain else inner).visit(keyword.value)
        return node
