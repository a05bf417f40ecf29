"""The types of a user's files, by mypy, where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from verify.checking.complaint import Complaint, Place

__all__ = ["SYNTAX", "TypeCheck"]

#: How a complaint ends that a file cannot be parsed.
SYNTAX = "[syntax]"

_CONFIG = Path(__file__).parent / "mypy.ini"
_OPTIONS = (f"--config-file={_CONFIG}", "--no-error-summary", "--output=json")


class TypeCheck:
    """mypy at work beside everything else, from when it is made.

    Args:
        files: what is looked at.
        base: the folder from which they import each other.
    """

    def __init__(self, files: Sequence[Path], base: Path) -> None:
        self.base = base
        self._process: subprocess.Popen[str] | None = None
        if not self.installed:
            return
        # -P: a user's file may be called as a module of Python's that mypy imports.
        command = [sys.executable, "-P", "-m", "mypy", *_OPTIONS, f"--cache-dir={_cache()}"]
        path = os.pathsep.join([str(base.resolve()), *(p for p in sys.path if p)])
        self._process = subprocess.Popen(
            [*command, *(str(file.resolve()) for file in files)],
            cwd=base,
            env=os.environ | {"MYPYPATH": _importable(path), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    @property
    def installed(self) -> bool:
        """Whether types can be checked at all."""
        return find_spec("mypy") is not None

    def complaints(self, files: Sequence[Path]) -> list[Complaint]:
        """What mypy says, once it has ended: its errors in these files.

        Raises:
            ValueError: when mypy itself fails.
        """
        if self._process is None:
            return []
        out, err = self._process.communicate()
        try:
            records = [json.loads(line) for line in out.splitlines()]
        except json.JSONDecodeError:
            records = []
        # 2 is a file that mypy cannot parse, said like any other error, or a failure of its own.
        if self._process.returncode not in (0, 1) and not any(
            said.get("code") == "syntax" for said in records
        ):
            raise ValueError(f"mypy failed: {' '.join((err or out).split())[:300]}")
        known = {path.resolve(): path for path in files}
        found = []
        for said in records:
            file = Path(self.base, said["file"]).resolve()
            if said["severity"] == "error" and file in known:
                text = f"{said['message']} [{said['code']}]"
                found.append(Complaint(Place(known[file], int(said["line"])), text))
        return found


def _importable(path: str) -> str:
    """Where this package lies, for a checkout that is not installed; site-packages mypy finds by itself, and
    refuses here."""
    kept = [p for p in path.split(os.pathsep) if "site-packages" not in p and (Path(p) / "theory").is_dir()]
    return os.pathsep.join(dict.fromkeys([path.split(os.pathsep)[0], *kept]))


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "theorem-verifier" / "mypy"
