"""`python -m benchmarks`: every measure with its target, as a table and as JSON in `benchmarks/results/`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROWS = (
    "reduced", "reduced-small", "batch", "law", "cnn", "growth", "log-error", "start", "phase", "label-noise",
    "images", "cuda",
)  # fmt: skip
RESULTS = Path(__file__).parent / "results"


def _positive(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, was {text!r}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="measures to make")
    parser.add_argument("--n", type=_positive, default=200, help="samples of the pairs")
    parser.add_argument("--d", type=_positive, default=40_000, help="dimension of the pairs")
    parser.add_argument("--d-small", type=_positive, default=2_000, help="dimension of the small pair")
    parser.add_argument("--m", type=_positive, default=20, help="filters a side")
    parser.add_argument("--runs", type=_positive, default=64, help="runs of the batch")
    parser.add_argument("--rounds", type=_positive, default=9, help="times that a pair alternates")
    parser.add_argument("--threads", type=_positive, default=1, help="threads of every measure but phase")
    parser.add_argument("--jobs", type=_positive, default=2, help="worker processes of the phase diagram")
    parser.add_argument("--cells", type=_positive, default=40, help="cells a side of the phase diagram")
    parser.add_argument("--phase-share", type=_positive, default=20, help="make one batch in so many; 1: all")
    parser.add_argument("--cuda-runs", type=_positive, default=4096, help="runs of the batch on CUDA")
    parser.add_argument("--check", action="store_true", help="exit 1 where a ratio fell behind the record")
    parser.add_argument("--out", type=Path, default=None, help="JSON file; default named after the device")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; 0 whether targets are met or not, since a loaded machine meets none. With
    `--check` 1 where a ratio of works that alternate, which load moves little, fell behind the record."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    # Read when numpy's BLAS and torch are first loaded, so before that.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    import torch

    from benchmarks import cpu, cuda, images, label_noise_sgd
    from benchmarks.regressions import recorded, regressions
    from benchmarks.start import start_rows

    torch.set_num_threads(options.threads)
    o = options
    works: dict[str, Callable[[], list[Any]]] = {
        "reduced": lambda: [cpu.reduced_row(o.n, o.d, o.m, 1000.0, o.rounds)],
        "reduced-small": lambda: [cpu.reduced_row(o.n, o.d_small, o.m, 50.0, o.rounds)],
        "batch": lambda: [cpu.batch_row(o.n, o.m, o.runs, o.rounds)],
        "law": lambda: [cpu.law_row(o.n, o.m, 2 * o.rounds)],
        "cnn": lambda: [
            cpu.network_row(o.n, o.d, o.m, o.rounds),
            cpu.memory_row(o.n, o.d, o.m, min(3, o.rounds)),
        ],
        "growth": lambda: cpu.growth_rows(o.rounds),
        "log-error": lambda: [cpu.log_error_row(o.m, 5 * o.rounds)],
        "start": lambda: start_rows(o.rounds),
        "phase": lambda: [cpu.phase_row(o.cells, 10, o.jobs, o.phase_share)],
        "label-noise": label_noise_sgd.rows,
        "images": lambda: images.rows(o.rounds),
        "cuda": lambda: [
            *cuda.batch_rows(o.n, o.m, o.cuda_runs, 3),
            cuda.network_row(5 * o.n, 100_000, 64, 3),
        ],
    }
    load_before = os.getloadavg()[0]
    before = recorded(RESULTS)
    rows = []
    print(f"{_device()}; {options.threads} thread(s); load {load_before:.1f}")
    for name in options.rows:
        for row in works[name]():
            verdict = {True: "pass", False: "FAIL", None: "-"}[row.passed]
            print(f"{verdict:5}{row.measure}\n{'':5}{row.value_text}   target {row.target_text}", flush=True)
            rows.append(row.as_dict())
    out = options.out or RESULTS / f"{_slug(_device())}.json"
    content = {
        "device": _device(),
        "cores": os.cpu_count(),
        "threads": options.threads,
        "load": {"before": load_before, "after": os.getloadavg()[0]},
        "command": " ".join(["python -m benchmarks", *given]),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "torch", "numba")},
        "rows": rows,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"written: {out}")
    behind = regressions(before, rows)
    for line in behind:
        print(f"REGRESSION: {line}")
    return int(o.check and bool(behind))


def _device() -> str:
    """The card where there is one, and the processor."""
    import torch

    names = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    return ", ".join([*names, _processor()])


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.processor() or platform.machine()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


if __name__ == "__main__":
    sys.exit(main())
