"""The trust page: numbers of the run and of records, and a line for what was not measured."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from report_cases import Page

from theory.paper_names import paper_folder, paper_names
from verify import measured
from verify.measured import keep, last_records
from verify.measured.__main__ import main
from verify.measured.trust import read_trust
from verify.outcome import Verification
from verify.report.figures import trust as figure
from verify.report.render import render_html
from verify.report.sections.material import Material
from verify.report.sections.trust import _not_measured
from verify.stability import Flip, Stability

_COUNTS = {"planted": 40, "detected": 39, "wrongly_supported": 0}
SOUND = {
    "schema": "soundness/1",
    "run": {"profile": "full", "seed": 3},
    "falsehoods": {
        "total": _COUNTS, "gross": _COUNTS | {"planted": 11, "detected": 11},
        "kinds": {"sign": _COUNTS, "order": _COUNTS}, "falsehoods": [1, 2],
        "undetected": [{"claim": "zoo.one", "falsehood": "half", "verdict": "inconclusive", "reason": "few"}],
    },
    "distances": {
        "rows": {
            "at least 1.4 margins away": {"planted": 20, "right": 19, "supported": 0},
            "at least 2 margins away": {"planted": 10, "right": 10, "supported": 0},
            "saturated": {"planted": 0, "right": 0, "supported": 0},
        },
        "missed": [{"claim": "zoo.two", "kind": "margins", "distance": 1.4, "verdict": "inconclusive"}],
    },
    "engines": {"tried": 6, "detected": 5},
    "false_alarms": {
        "suites": 100, "suites_with_a_false_refutation": 1, "interval": [0.0, 0.05], "budget": 0.01,
    },
}  # fmt: skip
CONFORMS = {
    "schema": "conformance/1",
    "run": {"seed": 0, "version": "0.1.0", "git_commit": "0123456789abcdef", "source_digest": "other",
            "finished": "2026-01-02T03:04:05+00:00", "command": "python -m verify conformance --seed 0"},
    "reports": [
        {"engine": "cnn", "checks": 5, "passed": 5, "cases": 50, "failed": [], "not_run": []},
        {"engine": "law", "checks": 4, "passed": 3, "cases": 20, "failed": ["labels"], "not_run": []},
    ],
}  # fmt: skip


def text_of(verification: Verification, trust: dict[str, Any]) -> str:
    info = {**verification.run_info, "trust": trust, "source_digest": "this"}
    page = Page(render_html(replace(verification, run_info=info), []))
    return " ".join("".join(page.text).split())


def test_what_was_not_measured_says_so_and_names_the_command(small: Verification) -> None:
    """A built-in paper names those that are measured; a paper of one's own none."""
    text = text_of(small, {})
    assert text.count("not measured") == 2
    assert "not measured of this paper: nothing here says how many false variants" in text
    assert "by the same rules" not in text
    known = [name for name in paper_names() if "soundness" in last_records(name)]
    own = next(name for name in paper_names() if name != known[0])
    built_in: Any = SimpleNamespace(name=own)
    said = _not_measured(Material(replace(small, papers=(built_in,)), []))
    assert f"It is measured of {', '.join(n for n in known if n != own)}, by the same rules" in said
    assert "python -m verify soundness" in text
    assert "python -m verify stability" in text


def test_records_are_read_back_and_shown(small: Verification, tmp_path: Path) -> None:
    (tmp_path / "soundness.json").write_text(json.dumps(SOUND))
    steady = Stability((5, 6), 20, (Flip("zoo.one", ("supported", "inconclusive")),))
    (tmp_path / "conformance.json").write_text(json.dumps(CONFORMS))
    (tmp_path / "stability.json").write_text(json.dumps(steady.as_dict("quick")))
    trust = read_trust(tmp_path)
    assert "falsehoods" not in trust["soundness"]["falsehoods"]
    text = text_of(small, trust)
    assert "39 of 40 planted falsehoods refuted, 0 supported; of gross ones 11 of 11" in text
    assert "of gross ones 11 of 11 (full profile, seed 3)" in text
    assert "5 of 6 flawed engines" in text
    assert text.count("(full profile, seed 3)") == 1
    assert "at least 1.4 margins away: 19 of 20 as they should be, 0 supported" in text
    assert "8 of 9 checks passed on cnn, law" in text
    assert "release 0.1.0 at 0123456789ab, 2026-01-02, the code has changed since" in text
    # What was missed is named: a falsehood, a distance, a verdict that changes with the seed.
    for miss in ("zoo.one: half: inconclusive", "zoo.two: margins, 1.4 margins away: inconclusive"):
        assert miss in text
    assert "zoo.one, by seed: supported, inconclusive" in text
    assert "1 of 100 verifications" in text
    assert "1 of 20 at 2 seeds; 0 both supported and refuted (quick profile, seed 5)" in text
    assert "not measured" not in text
    (spec,) = figure.figures(replace(small, run_info={**small.run_info, "trust": trust}))
    assert "Planted falsehoods refuted: 78 of 80." in spec.alt


def test_the_last_records_of_a_paper_stand_in_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, made = tmp_path / "home", tmp_path / "made"
    (home / "zoo").mkdir(parents=True)
    made.mkdir()
    monkeypatch.setattr(
        measured, "paper_folder", lambda name: home / name if (home / name).is_dir() else None
    )
    (made / "soundness.json").write_text(json.dumps(SOUND))
    assert last_records("zoo") == {}
    assert keep("zoo", made) == [home / "zoo" / "measured" / "soundness.json"]
    (made / "soundness.json").unlink()
    (made / "conformance.json").write_text(json.dumps(CONFORMS))
    keep("zoo", made)
    assert set(last_records("zoo")) == {"soundness", "conformance"}
    assert last_records("zoo")["soundness"]["falsehoods"]["total"] == _COUNTS
    assert last_records("other") == {}
    with pytest.raises(ValueError, match="must be a paper's name"):
        keep("other", made)
    (home / "zoo" / "measured" / "conformance.json").unlink()
    (home / "zoo" / "measured" / "conformance.json").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        keep("zoo", made)


def test_records_that_are_shipped_can_be_read() -> None:
    shipped = {name: last_records(name) for name in paper_names()}
    assert sum(map(bool, shipped.values())) >= 4
    for paper, records in shipped.items():
        for name, record in records.items():
            assert record["run"]["command"].startswith(f"python -m verify {name}")
            assert record["run"]["finished"]
            home = paper_folder(paper)
            assert home is not None
            assert (home / "measured" / f"{name}.json").stat().st_size < 20_000


@pytest.mark.parametrize("words", [[], ["no_such_paper", "."], ["two_stage", "no/such/folder"]])
def test_wrong_words_are_one_line_and_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("verify: error: ")
    assert said.err.count("\n") == 1


def test_the_rows_of_a_run_are_of_its_own_paper(small: Verification) -> None:
    info = {"error_budget": {"level": 0.01, "claims": 999}, "headline": {"joint": 888}, "made_again": 77}
    text = text_of(replace(small, run_info={**small.run_info, **info}), {})
    assert "999" not in text
    assert "888" not in text
    assert re.search(r"77 (of \d+ first )?runs were made a second time", text)


def test_runs_that_papers_share_are_said_to_be_of_all(small: Verification) -> None:
    first, *others = small.judgements
    apart = replace(first, claim=replace(first.claim, id="another_paper.of_its_own"))
    parts = replace(small, judgements=(apart, *others)).by_paper()
    assert len(parts) > 1
    for part in parts.values():
        assert f"counts of runs are of all {len(parts)} papers" in text_of(part, {})
    assert "counts of runs are of all" not in text_of(small, {})


def test_a_record_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds none of soundness\.json, stability\.json, conformance"):
        read_trust(tmp_path)
    (tmp_path / "soundness.json").write_text("{}")
    with pytest.raises(ValueError, match=r"soundness.json: must be of schema soundness/1"):
        read_trust(tmp_path)
    (tmp_path / "soundness.json").write_text("no json")
    with pytest.raises(ValueError, match=r"soundness.json cannot be read"):
        read_trust(tmp_path)
