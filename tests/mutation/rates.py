"""Kill rates by module, from the folder that `mutmut run` leaves behind.

`python tests/mutation/rates.py [--survivors]`, from the root of the repository.

A mutant is killed when a test fails or runs out of time. One that no selected test reaches counts as alive.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

#: Exit codes as mutmut keeps them; None: not run yet.
SURVIVED, UNREACHED = (0,), (5, 33)


@dataclass(frozen=True)
class Rate:
    """Mutants of one module."""

    module: str
    killed: int
    survived: tuple[str, ...]
    unreached: tuple[str, ...]
    waiting: int

    @property
    def made(self) -> int:
        return self.killed + len(self.survived) + len(self.unreached)


def rate_of(path: Path, folder: Path) -> Rate:
    """The rate of one module's result file."""
    codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    survived = tuple(name for name, code in codes.items() if code in SURVIVED)
    unreached = tuple(name for name, code in codes.items() if code in UNREACHED)
    waiting = sum(code is None for code in codes.values())
    killed = len(codes) - len(survived) - len(unreached) - waiting
    return Rate(str(path.relative_to(folder)).removesuffix(".py.meta"), killed, survived, unreached, waiting)


def rates(folder: Path) -> list[Rate]:
    """All modules of which some mutant was judged."""
    found = [rate_of(path, folder) for path in sorted(folder.rglob("*.py.meta"))]
    return [rate for rate in found if rate.made]


def table(found: list[Rate]) -> str:
    """Killed of judged, by module and in all."""
    total: Counter[str] = Counter()
    rows = []
    for r in found:
        rows.append(
            f"{r.module:<40} {r.killed:5d} of {r.made:5d} killed ({r.killed / r.made:4.0%}),"
            f" {len(r.survived)} survived, {len(r.unreached)} unreached, {r.waiting} waiting"
        )
        total.update(killed=r.killed, made=r.made)
    if total["made"]:
        rows.append(
            f"in all: {total['killed']} of {total['made']} killed ({total['killed'] / total['made']:.1%})"
        )
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    folder = Path("mutants")
    if not folder.is_dir():
        print("no folder mutants: run `make mutants` first", file=sys.stderr)
        return 2
    found = rates(folder)
    print(table(found))
    if "--survivors" in arguments:
        for rate in found:
            print("\n".join((*rate.survived, *rate.unreached)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
