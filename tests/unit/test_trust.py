"""The trust page: numbers of the run and of records, and a line for what was not measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_cases import Page

from verify.outcome import Verification
from verify.report.figures import trust as figure
from verify.report.render import render_html
from verify.report.trust import read_trust
from verify.stability import Flip, Stability

_COUNTS = {"planted": 40, "detected": 39, "wrongly_supported": 0}
SOUND = {
    "schema": "soundness/1",
    "run": {"profile": "full", "seed": 3},
    "falsehoods": {
        "total": _COUNTS, "gross": _COUNTS | {"planted": 11, "detected": 11},
        "kinds": {"sign": _COUNTS, "order": _COUNTS}, "falsehoods": [1, 2],
    },
    "engines": {"tried": 6, "detected": 5},
    "false_alarms": {
        "suites": 100, "suites_with_a_false_refutation": 1, "interval": [0.0, 0.05], "budget": 0.01,
    },
}  # fmt: skip


def text_of(verification: Verification, trust: dict[str, Any]) -> str:
    info = {**verification.run_info, "trust": trust}
    page = Page(render_html(replace(verification, run_info=info), []))
    return " ".join("".join(page.text).split())


def test_what_was_not_measured_says_so_and_names_the_command(small: Verification) -> None:
    text = text_of(small, {})
    assert text.count("not measured with this report") == 2
    assert "python -m verify soundness" in text
    assert "python -m verify stability" in text


def test_records_are_read_back_and_shown(small: Verification, tmp_path: Path) -> None:
    (tmp_path / "soundness.json").write_text(json.dumps(SOUND))
    steady = Stability((5, 6), 20, (Flip("zoo.one", ("supported", "inconclusive")),))
    (tmp_path / "stability.json").write_text(json.dumps(steady.as_dict("quick")))
    trust = read_trust(tmp_path)
    assert "falsehoods" not in trust["soundness"]["falsehoods"]
    text = text_of(small, trust)
    assert "39 of 40 planted falsehoods refuted, 0 supported; of gross ones 11 of 11" in text
    assert "5 of 6 flawed engines (full profile, seed 3)" in text
    assert "1 of 100 verifications" in text
    assert "1 of 20 at 2 seeds; 0 both supported and refuted (quick profile, seed 5)" in text
    assert "not measured" not in text
    (spec,) = figure.figures(replace(small, run_info={**small.run_info, "trust": trust}))
    assert "Planted falsehoods refuted: 78 of 80." in spec.alt


def test_a_record_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds none of soundness\.json, stability\.json"):
        read_trust(tmp_path)
    (tmp_path / "soundness.json").write_text("{}")
    with pytest.raises(ValueError, match=r"soundness.json: must be of schema soundness/1"):
        read_trust(tmp_path)
    (tmp_path / "soundness.json").write_text("no json")
    with pytest.raises(ValueError, match=r"soundness.json cannot be read"):
        read_trust(tmp_path)
