"""The table of verdicts on the terminal: every word is there, within the columns, whatever their widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from verify.cli.summary import print_summary

REASON = "In 12 of 30 runs [a, b] the measured value lies outside; " * 4
ROWS: list[list[Any]] = [
    ["supported", "claim", "paper.a_claim", "Theorem 1", False, "It holds."],
    [
        "refuted",
        "reading",
        "paper.of.a.rather.long.identifier.that.is.folded",
        "Lemma 2, " * 9,
        False,
        REASON,
    ],
    ["supported", "reading", "paper.reading", "", True, "It holds."],
]
TOLD = {
    "rows": ROWS,
    "counts": {"supported": 2, "refuted": 1},
    "runs": 5,
    "wall_seconds": 0.5,
    "profile": "quick",
    "idle": 3,
    "unexpected": ["paper.reading"],
    "failed": [],
}


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_summary(TOLD, Path("out"))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("columns", [40, 80, 120, 160])
def test_no_word_is_lost_and_no_line_is_too_long(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.cli.summary._WIDTH", columns)
    lines = printed(capsys)
    table = lines[: next(k for k, line in enumerate(lines) if line.startswith("2 supported"))]
    least = len("supported (reading)") + 3 * 2 + 40
    assert max(map(len, table)) <= max(columns, least)
    # Read down its column, each text is whole.
    starts = [table[0].index(name) for name in ("claim", "source", "reason")] + [None]
    rows = [k for k, line in enumerate(table) if line[:1].strip()] + [len(table)]
    for row, first, after in zip(ROWS, rows[1:], rows[2:], strict=False):
        whole = [row[2], row[3], ("Expected to fail, and did not. " if row[4] else "") + row[5]]
        for text, a, b in zip(whole, starts, starts[1:], strict=False):
            column = "".join("".join(line[a:b].split()) for line in table[first:after])
            assert column == "".join(text.split())


def test_roles_counts_and_what_was_not_expected_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys)
    assert any(line.split()[:2] == ["refuted", "(reading)"] and "paper.of.a" in line for line in lines)
    assert lines[-4:] == [
        "2 supported, 1 refuted; 5 runs in 0.5 s (quick profile)",
        "3 of the claims not applicable have no runs in this profile",
        "readings expected to fail that did not: paper.reading",
        f"report: {Path('out') / 'report.html'}",
    ]
