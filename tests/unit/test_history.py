"""A page over several reports: found, in order, and what changed between those of the same papers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_cases import Page

from verify.report.history import Change, changes, find_reports, write_history


def report(folder: Path, finished: str, verdicts: dict[str, str], papers: tuple[str, ...] = ("zoo",)) -> None:
    folder.mkdir(parents=True)
    claims = [{"id": claim, "verdict": verdict} for claim, verdict in verdicts.items()]
    (folder / "claims.json").write_text(json.dumps(claims))
    run = {"finished": finished, "papers": list(papers), "profile": "quick", "seed": 7, "git_commit": None}
    (folder / "run.json").write_text(json.dumps(run | {"source_digest": "abc"}))
    (folder / "report.html").write_text("<p>here</p>")


def test_reports_stand_in_the_order_in_which_they_were_finished(tmp_path: Path) -> None:
    report(tmp_path / "a" / "later", "2026-02-01", {"zoo.one": "refuted", "zoo.new": "supported"})
    report(tmp_path / "b", "2026-01-01", {"zoo.one": "supported", "zoo.gone": "derived"})
    report(tmp_path / "own", "2026-03-01", {"mine.x": "supported"}, ("mine",))
    found = find_reports(tmp_path)
    assert [past.folder.name for past in found] == ["b", "later", "own"]
    assert changes(found[0], found[1]) == [
        Change("zoo.one", "supported", "refuted"),
        Change("zoo.new", "", "supported"),
        Change("zoo.gone", "derived", ""),
    ]
    file = tmp_path / "index.html"
    write_history(found, file)
    page = Page(file.read_text("utf-8"))
    assert page.open == []
    assert [a for a in page.addresses if not a.startswith("#")] == [
        "own/report.html", "a/later/report.html", "b/report.html",
    ]  # fmt: skip
    assert {a[1:] for a in page.addresses if a.startswith("#")} <= set(page.ids)
    text = " ".join("".join(page.text).split())
    # The other paper's report is no predecessor.
    assert text.count("first of these papers") == 2
    assert "a/later, since b" in text
    assert "zoo.gonederivednot there" in text


def test_what_is_no_report_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not there"):
        find_reports(tmp_path / "none")
    with pytest.raises(ValueError, match="holds no report"):
        find_reports(tmp_path)
    report(tmp_path / "bad", "", {})
    (tmp_path / "bad" / "claims.json").write_text("[3]")
    with pytest.raises(ValueError, match=r"report .*bad cannot be read"):
        find_reports(tmp_path)
