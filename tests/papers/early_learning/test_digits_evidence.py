"""The table of networks on digits comes from reports, and nothing in it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import digits_evidence
from theory.early_learning.paper import CLAIMS

_PAGE = Path(digits_evidence.__file__).parents[1] / "docs" / "derivations" / "early_learning" / "digits.md"


def _claim(name: str, verdict: str, **statistic: object) -> dict[str, object]:
    return {
        "id": f"early_learning.{name}", "verdict": verdict, "grade": None, "predicted": 0.727,
        "source": {"item": "beyond the paper, table 3.4 (docs)"}, "statistic": statistic,
    }  # fmt: skip


def test_a_row_has_the_median_with_its_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "digits.md"
    page.write_text("a\n<!-- digits-evidence:begin -->\nold\n<!-- digits-evidence:end -->\nb\n")
    monkeypatch.setattr(digits_evidence, "_PAGE", page)
    seen = {"difference": -0.02, "interval": [-0.03, -0.01], "margin": 0.035, "trials": 24}
    claims = [
        _claim("digits.ce_40.last", "inconclusive", **seen),
        _claim("digits.ce_60.last", "not-applicable"),
        _claim("theorem_1.start", "supported", **seen),
    ]
    (tmp_path / "claims.json").write_text(json.dumps(claims))
    run = {"profile": "full", "seed": 3, "finished": "2026-01-02T03:04:05"}
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert digits_evidence.main([str(tmp_path)]) == 0
    text = page.read_text()
    assert text.startswith("a\n<!-- digits-evidence:begin -->\nFrom full profile, seed 3, 2026-01-02.")
    assert (
        "| table 3.4 | `ce_40.last` | 0.727 within 0.035 | 0.707 [0.697, 0.717] | 24 | inconclusive |" in text
    )
    assert "| table 3.4 | `ce_60.last` |  |  |  | not run |" in text
    assert "start" not in text
    assert "old" not in text


def test_the_page_has_a_row_of_every_claim_on_digits() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    names = [c.id.removeprefix("early_learning.digits.") for c in CLAIMS if ".digits." in c.id]
    assert names
    assert [name for name in names if f"| `{name}` |" not in text] == []
