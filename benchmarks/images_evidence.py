"""`python -m benchmarks.images_evidence REPORT [REPORT ...]`: the claims on images beside what was expected.

Reads `claims.json` of report folders and writes the tables between the marks of `docs/data.md` and
`docs/audit.md`. A claim is taken from the first report in which it has runs (a default report, then a full
one). *Before* is what throw-away programs had seen before any of this was written; nothing else is typed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["figure_of", "made_by", "main", "merged", "table_of", "written"]

_DOCS = Path(__file__).parents[1] / "docs"

#: Rows of the page on images, in its order: claim without "images.", what was seen before.
ROWS: Mapping[str, str] = {
    "order": "0 of 30 fail",
    "stage_one": "0 of 30 at .65; means .89 to .95",
    "memorised": "0 of 36; all at 1.00",
    "decline": "0 of 24 at .05; .078 to .333",
    "no_noise": ".002 +- .002, 6 runs",
    "selection": "0 of 30 at .93; minima .939/.955",
    "exact_cut": "fails in 32 of 36",
    "early_ranks": "0 of 24 at .1; smallest .134",
    "stop_acc": "0 of 30 at .10; .013 to .031, largest .077",
    "stop_val": "0 of 24 at .10; .013 to .033, largest .067",
    "truth_at_val": "",
    "floor": "0 of 30; error/tau .57 to 1.43",
    "generalises": "",
    "noisy_validation": "exact",
    "nearest": "ratio .81 to 1.14",
    "spread_needed.boundary.order": "0 of 3 fail",
    "spread_needed.boundary.stage_one": "true share .56, 3 runs",
    "spread_needed.cluster.order": "1 of 3 fail",
    "spread_needed.cluster.stage_one": "true share .72, 3 runs",
    "spread_needed.cluster.stop_val": "true share .03, cost .19, 3 runs",
    "attribution": "0 of 5 fail; difference .12 to .17",
    "k_classes.order": "2 + 2 runs: t_c 82, 102; t_half 506, 533",
    "k_classes.stage_one": "true share .86, .81",
    "k_classes.decline": ".120, .302",
    "k_classes.early_ranks": ".250, .329",
    "larger.order": "0 of 5 fail",
    "larger.stage_one": "true share .83",
    "larger.decline": ".087",
    "larger.early_ranks": ".211",
    "hard_pair.order": "fails in 2 of 2",
    "steep.order": "fails in 2 of 6",
    "steep.stage_one": "mean .78, smallest .58",
    "theory.eta": "-1.000, -1.003",
    "theory.m": "1.03, .93",
    "theory.kernel": "1.02 to 1.22",
    "theory.not_before": "0 of 46 fail",
    "theory.init_free": "10 times and more",
    "theory.bridge": ".92 to .99",
    "theory.bridge.means": "1.04",
    "theory.bridge.far": ".64",
    "flips": "",
    "still": "",
}

#: Rows of the audit's page: acceptance criterion, claims that judge it, what was seen before.
AUDIT_ROWS: tuple[tuple[str, str, str], ...] = (
    ("b = t/(k-1)", "audit.spoiled", "exact"),
    ("the identity of AUROCs", "audit.identity", "exact"),
    ("interval on drawn scores: .90", "audit.interval_of_scores", ""),
    ("`spread` in .80 (3v8, .2)", "audit.answers", "29 of 30"),
    ("interval covers in .85", "audit.covers", "29 of 29"),
    ("the same, one flip in ten", "audit.mild.covers", "29 of 29"),
    ("the same, ten classes", "audit.ten.covers", "29 of 29"),
    ("bias at most .02", "audit.bias", "-.003"),
    ("lower limit of precision holds in .95", "audit.precision", "189 of 189"),
    ("cost of the stop (mean asked: .02; claimed: .06 in .9 of audits)", "audit.stop", "mean .010"),
    ("F1 (mean asked: .88; claimed: .8 in .9 of audits)", "audit.suspects", "mean .896"),
    ("no flips: nothing claimed", "audit.silent", "0 of 89 claimed"),
    ("3v8, .4: `none`", "audit.refuses", "9 of 10"),
    ("to the next class: `unlike` in .9", "audit.notices", "13 of 13"),
    ("matched round covers in .85", "audit.matched", "5 of 5"),
)


def figure_of(claim: Mapping[str, Any]) -> str:
    """What was measured, in a few characters: violations of runs, else the estimate with its interval.

    >>> figure_of({"statistic": {"violations": 1, "trials": 96, "delta": 0.1}})
    '1 of 96 fail (allowed 0.1)'
    >>> figure_of({"statistic": {"ratio": 1.049, "trials": 10, "interval": [0.98, 1.16], "margin": 0.25}})
    'ratio 1.05 [0.98, 1.16], 10 runs (margin 0.25)'
    """
    found = claim["statistic"]
    if not found:
        return ""
    if "violations" in found:
        return f"{found['violations']} of {found['trials']} fail (allowed {found['delta']:g})"
    for key, word in (("ratio", "ratio"), ("difference", "difference"), ("mean", "exponent")):
        if key in found:
            low, high = found["interval"]
            return (
                f"{word} {found[key]:.3g} [{low:.3g}, {high:.3g}], {found['trials']} runs "
                f"(margin {found['margin']:g})"
            )
    return f"{claim['measured']:.3g}" if isinstance(claim["measured"], float) else ""


def _row(name: str, before: str, claims: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    claim = claims.get(f"images.{name}")
    if claim is None:
        return "not among the claims", "", before
    role = "" if claim["role"] == "claim" else f" ({claim['role']})"
    if claim["verdict"] == "not-applicable":
        return f"not run{role}", "", before
    return f"{claim['verdict']}{role}", figure_of(claim), before


def table_of(claims: Mapping[str, Mapping[str, Any]], page: str) -> str:
    """The table of a page ("images" or "audit") as Markdown, from claims by id."""
    if page == "images":
        lines = ["| claim | verdict | measured | before |", "| --- | --- | --- | --- |"]
        lines += [f"| `{n}` | {' | '.join(_row(n, before, claims))} |" for n, before in ROWS.items()]
    else:
        lines = ["| asked for | claim | verdict | measured | before |", "| --- | --- | --- | --- | --- |"]
        lines += [f"| {what} | `{n}` | {' | '.join(_row(n, b, claims))} |" for what, n, b in AUDIT_ROWS]
    return "\n".join(lines)


def merged(reports: Sequence[Path]) -> dict[str, Mapping[str, Any]]:
    """Claims by id, each from the first report in which it has runs."""
    found: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        for claim in json.loads((report / "claims.json").read_text(encoding="utf-8")):
            known = found.get(claim["id"])
            if known is None or known["verdict"] == "not-applicable":
                found[claim["id"]] = claim
    return found


def made_by(reports: Sequence[Path]) -> str:
    """What the reports are, in a sentence."""
    words = []
    for report in reports:
        run = json.loads((report / "run.json").read_text(encoding="utf-8"))
        words.append(f"{run['profile']} profile, seed {run['seed']}, {str(run['finished'])[:10]}")
    return f"From {'; then '.join(words)}."


def written(page: Path, name: str, text: str) -> None:
    """The page with this text between the marks of a name.

    Raises:
        SystemExit: when the page has no such marks.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = page.read_text(encoding="utf-8")
    if begin not in whole:
        raise SystemExit(f"{page} has no {begin}")
    before, rest = whole.split(begin)
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images_evidence", description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, help="folders with claims.json and run.json")
    given = parser.parse_args(arguments)
    claims, head = merged(given.reports), made_by(given.reports)
    for page, file in (("images", "data.md"), ("audit", "audit.md")):
        table = f"{head}\n\n{table_of(claims, page)}"
        written(_DOCS / file, f"{page}-evidence", table)
        print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
