"""Where in a user's files a claim, an experiment or an error stands."""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from theory.claim import Claim
from theory.experiment import Experiment
from verify.checking.complaint import Place

__all__ = ["Files", "place_of_error", "python_files"]


class Files:
    """The user's own files: a claims file, or the modules of a paper's folder.

    Args:
        main: the claims file, or the folder's paper.py.
        paths: all of them.
    """

    def __init__(self, main: Path, paths: Sequence[Path]) -> None:
        self.main = main
        self.paths = tuple(paths)

    @cached_property
    def _calls(self) -> list[tuple[Path, ast.Call]]:
        found: list[tuple[Path, ast.Call]] = []
        for path in self.paths:
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, ValueError, OSError):
                continue
            found += [(path, node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        return found

    def of_claim(self, claim: Claim) -> Place:
        """The call that makes it, by its id or the last word of it; else its measure; else the main file."""
        named = self._naming(claim.id) or self._naming(claim.id.rpartition(".")[2])
        code = getattr(inspect.unwrap(claim.measure), "__code__", None)
        if named is None and code is not None and Path(code.co_filename).resolve() in self._resolved:
            return Place(self._shown(code.co_filename), code.co_firstlineno)
        return named or Place(self.main)

    def of_experiment(self, experiment: Experiment) -> Place:
        """The call that makes it, by its id."""
        return self._naming(experiment.id) or Place(self.main)

    def of_class(self, kind: type) -> Place | None:
        """A class of the user's; None where it stands elsewhere."""
        try:
            file, (_, line) = inspect.getsourcefile(kind), inspect.getsourcelines(kind)
        except (OSError, TypeError):
            return None
        return Place(self._shown(file), line) if file and Path(file).resolve() in self._resolved else None

    @cached_property
    def _resolved(self) -> dict[Path, Path]:
        return {path.resolve(): path for path in self.paths}

    def _shown(self, file: str) -> Path:
        return self._resolved.get(Path(file).resolve(), Path(file))

    def _naming(self, text: str) -> Place | None:
        """The call with this text among its arguments: one whose first argument it is goes first."""
        found = [(path, call, self._rank(call, text)) for path, call in self._calls]
        ranked = sorted((f for f in found if f[2] is not None), key=lambda f: f[2] or 0)
        return Place(ranked[0][0], ranked[0][1].lineno) if ranked else None

    @staticmethod
    def _rank(call: ast.Call, text: str) -> int | None:
        def is_text(node: ast.AST) -> bool:
            return isinstance(node, ast.Constant) and node.value == text

        if (call.args and is_text(call.args[0])) or any(
            k.arg in ("id", "name") and is_text(k.value) for k in call.keywords
        ):
            return 0
        return 1 if any(is_text(node) for node in call.args) else None


def place_of_error(error: BaseException | Any, files: Sequence[Path]) -> Place | None:
    """The last line of these files that an error passed through; None for none."""
    known = {path.resolve(): path for path in files}
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, SyntaxError) and seen.filename and Path(seen.filename).resolve() in known:
            return Place(known[Path(seen.filename).resolve()], seen.lineno or 0)
        for frame in reversed(traceback.extract_tb(seen.__traceback__)):
            if Path(frame.filename).resolve() in known:
                return Place(known[Path(frame.filename).resolve()], frame.lineno or 0)
        seen = seen.__cause__
    return None


def python_files(folder: Path) -> Iterator[Path]:
    """The modules of a paper's folder; its tests are none."""
    for path in sorted(folder.rglob("*.py")):
        if not path.name.startswith("test_") and path.name != "conftest.py":
            yield path
