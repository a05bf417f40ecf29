"""`python -m verify audit`: plan probes, and judge labels by the records of trainings with them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from simulation.audit import audit, plan
from simulation.audit.files import load_record
from simulation.files import read_labels

__all__ = ["main"]

_USAGE = "plan LABELS [--runs 2] [--rate R] [--seed 0] --out plan.npz | FILE.npz [FILE2.npz ...] [options]"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"audit: {message}")


def main(argv: Sequence[str]) -> int:
    """Run the command; 0 whatever the verdict.

    Raises:
        ValueError: wrong input, in one line.
    """
    if argv[:1] == ["plan"]:
        return _plan(argv[1:])
    return _audit(argv)


def _plan(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="python -m verify audit plan", description="Flip a few labels on purpose: the probes."
    )
    parser.add_argument("labels", type=Path, help=".npy, or .csv with one column or one named label")
    parser.add_argument("--runs", type=int, default=2, help="trainings, each with probes of its own")
    parser.add_argument(
        "--rate", type=float, default=None, help="share of samples that become probes in a run"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="the plan, an .npz file")
    given = parser.parse_args(argv)
    made = plan(read_labels(given.labels), runs=given.runs, rate=given.rate, seed=given.seed)
    made.save(given.out)
    counts = ", ".join(str(len(p)) for p in made.probes)
    print(
        f"{given.out}: {len(made.observed)} samples, {made.k} classes, {made.runs} runs with {counts} probes."
    )
    print("Train run r on classes[labels[r]] and record it: docs/audit.md.")
    return 0


def _audit(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="python -m verify audit", description=main.__doc__, usage=f"python -m verify audit {_USAGE}"
    )
    parser.add_argument("files", type=Path, nargs="+", help="records of trainings, one a run")
    parser.add_argument(
        "--matched", type=Path, help="write the plan of a second round with matched probes there"
    )
    parser.add_argument("--level", type=float, default=0.9, help="of the flip rate's interval")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="folder for page, list of suspects, curves and figures")
    given = parser.parse_args(argv)
    loaded = [load_record(path) for path in given.files]
    answer = audit([record for record, _ in loaded], classes=loaded[0][1], level=given.level)
    if given.matched is not None:
        answer.second_plan(runs=answer.runs).save(given.matched)
    if given.out is not None:
        from simulation.audit.report import write_audit

        if given.out.exists() and not given.out.is_dir():
            raise ValueError(f"--out must be a folder, {given.out} is a file")
        write_audit(answer, given.out)
    print(answer.to_json() if given.json else answer.text(), end="" if not given.json else "\n")
    if given.out is not None and not given.json:
        print(f"Written to {given.out}: audit.html, suspects.csv, curves.csv.")
    return 0
