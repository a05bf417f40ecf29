"""`python -m benchmarks.digits_evidence REPORT [REPORT ...]`: networks on digits beside what was seen before.

Reads `claims.json` of report folders and writes the table between the marks of
`docs/derivations/early_learning/digits.md`. A claim is taken from the first report in which it has runs (a
full one, or a default one for the pair that it makes).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.images_evidence import made_by, merged, written

__all__ = ["main", "table_of"]

_PAGE = Path(__file__).parents[1] / "docs" / "derivations" / "early_learning" / "digits.md"
_PREFIX = "early_learning.digits."


def _row(claim: Mapping[str, Any]) -> str:
    name = claim["id"].removeprefix(_PREFIX)
    item = claim["source"]["item"].removeprefix("beyond the paper, ").partition(" (")[0]
    found = claim["statistic"]
    if claim["verdict"] == "not-applicable" or "difference" not in found:
        return f"| {item} | `{name}` |  |  |  | not run |"
    seen = float(claim["predicted"])
    low, high = (float(end) for end in found["interval"])
    measured = f"{seen + found['difference']:.3f} [{seen + low:.3f}, {seen + high:.3f}]"
    word = claim["verdict"] + (f" ({claim['grade']})" if claim["grade"] else "")
    cells = [item, f"`{name}`", f"{seen:.3f} within {found['margin']:g}", measured, found["trials"], word]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def table_of(claims: Mapping[str, Mapping[str, Any]]) -> str:
    """The table as Markdown, from claims by id.

    >>> seen = {"difference": 0.01, "interval": [0.0, 0.02], "margin": 0.05, "trials": 24}
    >>> claim = {"id": "early_learning.digits.ce_40.best", "source": {"item": "table 3.4"}, "predicted": 0.9}
    >>> print(table_of({"": {**claim, "statistic": seen, "verdict": "supported", "grade": "exact"}}))
    | item | claim | seen before | measured | seeds | verdict |
    | --- | --- | --- | --- | --- | --- |
    | table 3.4 | `ce_40.best` | 0.900 within 0.05 | 0.910 [0.900, 0.920] | 24 | supported (exact) |
    """
    lines = ["| item | claim | seen before | measured | seeds | verdict |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *(_row(c) for c in claims.values() if c["id"].startswith(_PREFIX))])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digits_evidence", description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, help="folders with claims.json and run.json")
    given = parser.parse_args(arguments)
    table = f"{made_by(given.reports)}\n\n{table_of(merged(given.reports))}"
    written(_PAGE, "digits-evidence", table)
    print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
