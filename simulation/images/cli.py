"""`python -m simulation images`: found beside the engines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from simulation.cli import run_command

__all__ = ["COMMANDS"]


def _images() -> None:
    sys.exit(run_command("simulation", "simulation.images.command.run_one", sys.argv[2:]))


COMMANDS: Mapping[str, Callable[[], object]] = {"images": _images}
