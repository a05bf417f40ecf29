"""Times to a verdict are read off a report and put where they are kept, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.verification import main

RECORD: dict[str, Any] = {
    "profile": "default",
    "jobs": 2,
    "runs": 12,
    "claims": 3,
    "papers": ["one", "two"],
    "source_digest": "abc",
    "finished": "2026-01-02T03:04:05",
    "wall_seconds": 660.0,
    "timings": {
        "stages": {"runs": 600.0, "report": 24.0},
        "engines": {"runs": 750.0, "second stage": 60.0},
        "experiments": {"a": 900.0},
        "claims": {"x": 90.0},
    },
}


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    (tmp_path / "run.json").write_text(json.dumps(RECORD))
    page = "before\n<!-- profile:begin -->\nold\n<!-- profile:end -->\nafter\n"
    (tmp_path / "page.md").write_text(page)
    return [str(tmp_path), "--page", str(tmp_path / "page.md"), "--out", str(tmp_path / "table.json")]


def _table(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in json.loads((folder / "table.json").read_text())["rows"]}


def test_a_report_fills_table_and_profile(places: list[str], tmp_path: Path) -> None:
    assert main([*places, "--tests", "7"]) == 0
    table = _table(tmp_path)
    run = table["`make verify PROFILE=default`, 2 papers, minutes"]
    assert run["value"]["median"] == pytest.approx(684 / 60)
    assert run["passed"] is False
    assert run["details"]["busy"] == pytest.approx(900 / (2 * 684), abs=1e-3)
    assert run["details"]["measuring"] == pytest.approx(0.1)
    assert table["`make test`, minutes"]["passed"] is True
    engines = table["`make verify PROFILE=default`, 2 papers: share of the cores' time in engines"]
    assert engines["value"]["median"] == pytest.approx(810 / (2 * 684))
    assert engines["passed"] is True
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("before\n<!-- profile:begin -->\nThe default profile on 2 cores (2026-01-02): 3 ")
    assert page.endswith("<!-- profile:end -->\nafter\n")
    assert "old" not in page
    assert "| 900 | a |" in page


def test_memory_is_read_off_the_report(places: list[str], tmp_path: Path) -> None:
    measure = "memory of the default run, all processes, GiB"
    main(places)
    assert measure not in _table(tmp_path)
    memory = {"process": 2**30, "worker": 2**29, "workers": 4}
    (tmp_path / "run.json").write_text(json.dumps(RECORD | {"memory": memory}))
    main(places)
    assert _table(tmp_path)[measure]["value"]["median"] == pytest.approx(3.0)
    main([*places, "--peak", "2.5"])
    assert _table(tmp_path)[measure]["value"]["median"] == pytest.approx(2.5)


def test_what_is_not_given_keeps_its_figure(places: list[str], tmp_path: Path) -> None:
    main([*places, "--tests", "7"])
    main([*places, "--again", "31"])
    table = _table(tmp_path)
    assert table["`make test`, minutes"]["value"]["median"] == 7.0
    assert table["second run without changes (`--resume`), seconds"]["passed"] is False


@pytest.mark.parametrize(
    ("file", "content", "more", "said"),
    [
        ("page.md", "nothing here", [], "--page: must hold"),
        ("run.json", "{}", [], "notes no times"),
        ("run.json", "no JSON", [], "no report of `verify run`"),
        ("page.md", None, [], "No such file"),
        (None, None, ["--again", "-1"], "--again must be a number > 0, was -1.0"),
        (None, None, ["--peak", "nan"], "--peak must be a number > 0, was nan"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    places: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str | None,
    content: str | None,
    more: list[str],
    said: str,
) -> None:
    if file is not None and content is None:
        (tmp_path / file).unlink()
    elif file is not None and content is not None:
        (tmp_path / file).write_text(content)
    assert main([*places, *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("benchmarks.verification: ")
    assert err.count("\n") == 1
    assert said in err
    assert not (tmp_path / "table.json").exists()
