"""What tests of commands share: a command's exit status and what it printed, in this process or another."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from verify.cli.main import main

ROOT = Path(__file__).parents[1]


def status_of(monkeypatch: pytest.MonkeyPatch, line: str) -> object:
    """Of `python -m verify LINE`."""
    monkeypatch.setattr(sys, "argv", ["verify", *shlex.split(line)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def python(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Of `python WORDS`, in a folder, with this checkout importable."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
