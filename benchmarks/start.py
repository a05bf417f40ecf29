"""How long the commands take to answer: importing `verify`, and `--help`, against the bare interpreter."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable

from benchmarks.rows import Row
from benchmarks.timing import Spread, alternate, ratio

__all__ = ["start_rows"]

_BARE = ["-c", "pass"]
_WORKS = {"import of verify": ["-c", "import verify"], "python -m verify --help": ["-m", "verify", "--help"]}


def _spent() -> float:
    """Seconds of processor time of all children that have ended: what else the machine does adds little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_rows(rounds: int) -> list[Row]:
    """Processor seconds of each, and as a ratio to starting Python alone."""

    def work(words: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *words], capture_output=True, check=True)

    bare, *others = alternate([work(words) for words in (_BARE, *_WORKS.values())], rounds, clock=_spent)
    rows = []
    for name, seconds in zip(_WORKS, others, strict=True):
        spread = Spread.of(seconds)
        details = {"ratio_to_python": ratio(seconds, bare).median, "python_s": Spread.of(bare).median}
        rows.append(Row(f"{name}, processor seconds", 0.3, "at most", " s", spread, details=details))
    return rows
