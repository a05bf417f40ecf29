"""`python -m benchmarks.verification REPORT`: time to a verdict, from what runs noted of themselves.

Reads `run.json` of report folders; writes the table to `benchmarks/results/verification.json` and the profile
of the run between the marks of `docs/engines.md`. What a report cannot know (a second run, the test suite) is
given by whoever has measured it; what is not given keeps the recorded figure.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from benchmarks.rows import Row
from benchmarks.timing import Spread

__all__ = ["main", "profile_text", "run_rows"]

RESULTS = Path(__file__).parent / "results" / "verification.json"
PAGE = Path(__file__).parents[1] / "docs" / "engines.md"
_BEGIN, _END = "<!-- profile:begin -->", "<!-- profile:end -->"
_TOP = 15
#: What a report's run.json must hold.
_NEEDED = {
    "profile", "jobs", "runs", "claims", "papers", "source_digest", "finished", "wall_seconds", "timings",
}  # fmt: skip
_PARTS = {"stages", "experiments", "claims"}
#: Measured by hand: option, measure, target and unit.
_GIVEN = {
    "again": ("second run without changes (`--resume`), seconds", 30.0, " s"),
    "tests": ("`make test`, minutes", 8.0, " min"),
    "peak": ("memory of the default run, all processes, GiB", 4.0, " GiB"),
}


def _row(
    measure: str,
    target: float,
    unit: str,
    value: float,
    details: Mapping[str, Any],
    better: Literal["at least", "at most"] = "at most",
) -> Row:
    return Row(measure, target, better, unit, Spread(value, value, value), details=dict(details))


def run_rows(record: Mapping[str, Any], target_minutes: float) -> list[Row]:
    """Minutes of a run, the seconds of its report and the engines' share of the cores' time, from its
    `run.json`; in the details its stages.

    The engines' share counts the runs of every stage. `busy` is the share of the cores' time that was work on
    experiments in the first stage, `measuring` that of this work which was spent in claims' own code and in
    deciding.
    """
    stages: Mapping[str, float] = record["timings"]["stages"]
    report = stages.get("report", 0.0)
    seconds = record["wall_seconds"] + report
    work = sum(record["timings"]["experiments"].values())
    measuring = sum(record["timings"]["claims"].values())
    engines: Mapping[str, float] = record["timings"]["engines"]
    details = {
        **{key: record[key] for key in ("profile", "jobs", "runs", "claims", "source_digest", "finished")},
        "stages_s": dict(stages),
        "work_s": round(work, 1),
        "busy": round(work / (record["jobs"] * seconds), 3),
        "measuring": round(measuring / work, 3) if work else 0.0,
    }
    papers = len(record["papers"])
    name = f"`make verify PROFILE={record['profile']}`, {papers} papers"
    return [
        _row(f"{name}, minutes", target_minutes, " min", seconds / 60, details),
        _row(f"{name}: report and figures of a paper, seconds", 10.0, " s", report / papers, {}),
        _row(
            f"{name}: share of the cores' time in engines",
            0.5,
            "",
            sum(engines.values()) / (record["jobs"] * seconds),
            {"engines_s": dict(engines)},
            "at least",
        ),
    ]


def held_gib(record: Mapping[str, Any]) -> float | None:
    """GiB that a run held at most: its process and every worker at its own peak, so rather too much; None
    where the report does not say.

    >>> held_gib({"memory": {"process": 2**30, "worker": 2**29, "workers": 2}})
    2.0
    """
    memory = record.get("memory")
    if not memory:
        return None
    return float(memory["process"] + memory["workers"] * memory["worker"]) / 2**30


def profile_text(record: Mapping[str, Any]) -> str:
    """The profile of a run as Markdown: stages, then the costliest experiments.

    >>> print(profile_text({"profile": "quick", "claims": 2, "runs": 10, "jobs": 2, "wall_seconds": 4.0,
    ...     "finished": "2026-01-02T03:04:05", "timings": {"stages": {"runs": 3.0, "report": 1.0},
    ...     "experiments": {"a": 4.0, "b": 1.0}}}))
    The quick profile on 2 cores (2026-01-02): 2 claims, 10 runs, 5 s, of them 5 s of work in the workers.
    Wall seconds: runs 3, report 1. The 2 costliest of 2 experiments, in seconds of work:
    <BLANKLINE>
    | seconds | experiment | seconds | experiment | seconds | experiment |
    | ---: | --- | ---: | --- | ---: | --- |
    | 4 | a | 1 | b |  |  |
    """
    timings = record["timings"]
    stages = sorted(timings["stages"].items(), key=lambda stage: -stage[1])
    experiments = sorted(timings["experiments"].items(), key=lambda one: -one[1])
    top = experiments[:_TOP]
    rows = -(-len(top) // 3)
    columns = [top[k * rows : (k + 1) * rows] for k in range(3)]
    lines = []
    for k in range(rows):
        cells = [f"{c[k][1]:.0f} | {c[k][0]}" if k < len(c) else " | " for c in columns]
        lines.append(f"| {' | '.join(cells)} |")
    wall = record["wall_seconds"] + timings["stages"].get("report", 0.0)
    return "\n".join(
        [
            f"The {record['profile']} profile on {record['jobs']} cores ({record['finished'][:10]}): "
            f"{record['claims']:,} claims, {record['runs']:,} runs, {wall:.0f} s, of them "
            f"{sum(timings['experiments'].values()):,.0f} s of work in the workers.",
            f"Wall seconds: {', '.join(f'{name} {seconds:.0f}' for name, seconds in stages)}. The {len(top)} "
            f"costliest of {len(experiments)} experiments, in seconds of work:",
            "",
            "| seconds | experiment | seconds | experiment | seconds | experiment |",
            "| ---: | --- | ---: | --- | ---: | --- |",
            *lines,
        ]
    )


def _record(folder: Path) -> Mapping[str, Any]:
    try:
        record: Mapping[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: no report of `verify run`: {error}") from None
    timed = record.get("timings") if isinstance(record, dict) else None
    if not isinstance(timed, dict) or not (record.keys() >= _NEEDED and timed.keys() >= _PARTS):
        raise ValueError(f"{folder}: its run.json notes no times of a run")
    return record


def _with_profile(page: str, text: str) -> str:
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    found, count = pattern.subn(lambda _: f"{_BEGIN}\n{text}\n{_END}", page)
    if count != 1:
        raise ValueError(f"--page: must hold {_BEGIN} ... {_END} once")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table and the profile, print the table; 2 for wrong input, else 0: targets met or not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("report", type=Path, help="folder of a default run of all papers, on an idle machine")
    parser.add_argument("--quick", type=Path, help="folder of a quick run of all papers")
    parser.add_argument("--again", type=float, help="seconds of a second `make verify`")
    parser.add_argument("--tests", type=float, help="minutes of `make test`")
    parser.add_argument(
        "--peak", type=float, help="GiB that the run held at most, where its report does not say"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE, help="whose profile is renewed")
    options = parser.parse_args(list(sys.argv[1:] if arguments is None else arguments))
    try:
        rows = _renewed(options)
    except (ValueError, OSError) as error:
        print(f"benchmarks.verification: {error}", file=sys.stderr)
        return 2
    for row in rows:
        mark = "pass" if row["passed"] else "FAIL"
        print(f"{mark:5}{row['measure']}: {row['value']['median']:.4g}, {row['better']} {row['target']:g}")
    return 0


def _renewed(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Table and profile are written; the table's rows.

    Raises:
        ValueError: in one line, for a report that is none, an impossible figure, a page without its place.
        OSError: when a file cannot be read or written.
    """
    record = _record(options.report)
    rows = [row.as_dict() for row in run_rows(record, 10.0)]
    if options.peak is None and (held := held_gib(record)) is not None:
        options.peak = held
    if options.quick is not None:
        rows += [row.as_dict() for row in run_rows(_record(options.quick), 3.0)]
    for name, (measure, target, unit) in _GIVEN.items():
        value = getattr(options, name)
        if value is not None:
            if not 0 < value < math.inf:
                raise ValueError(f"--{name} must be a number > 0, was {value}")
            rows.append(_row(measure, target, unit, value, {}).as_dict())
    known = {row["measure"] for row in rows}
    if options.out.exists():
        before = json.loads(options.out.read_text(encoding="utf-8"))["rows"]
        rows += [row for row in before if row["measure"] not in known]
    page = _with_profile(options.page.read_text(encoding="utf-8"), profile_text(record))
    content = {
        "device": record.get("device_name"),
        "cores": record["jobs"],
        "command": "python -m benchmarks.verification REPORT",
        "date": date.today().isoformat(),
        "versions": record.get("versions", {}),
        "rows": rows,
    }
    options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    options.page.write_text(page, encoding="utf-8")
    return rows


if __name__ == "__main__":
    sys.exit(main())
