"""The tables of evidence: every row is a claim, figures come from the report, folders are as they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import audit_acceptance, audit_baselines, images_evidence, own_folder
from simulation.images.flips import rates_by_class
from theory.images.paper import CLAIMS

IDS = {claim.id for claim in CLAIMS}


def test_every_row_is_a_claim_and_every_claim_of_the_audit_has_a_row() -> None:
    rows = {f"images.{name}" for name in images_evidence.ROWS}
    audit = {f"images.{name}" for _, name, _ in images_evidence.AUDIT_ROWS}
    assert rows | audit <= IDS
    assert {c for c in IDS if c.startswith("images.audit.")} == audit
    left = {c.removeprefix("images.") for c in IDS - rows - audit}
    assert left == {"k_classes.half_memorised", "larger.memorised"}


def _report(folder: Path, profile: str, claims: list[dict[str, object]]) -> Path:
    folder.mkdir()
    (folder / "claims.json").write_text(json.dumps(claims))
    run = {"profile": profile, "seed": 3, "finished": "2026-01-02T03:04:05"}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def _claim(name: str, verdict: str, **statistic: object) -> dict[str, object]:
    return {"id": f"images.{name}", "verdict": verdict, "role": "claim", "statistic": statistic}


def test_tables_come_from_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for page, name in (("data.md", "images"), ("audit.md", "audit")):
        marks = f"a\n<!-- {name}-evidence:begin -->\nold\n<!-- {name}-evidence:end -->\nb\n"
        (tmp_path / page).write_text(marks)
    monkeypatch.setattr(images_evidence, "_DOCS", tmp_path)
    first = _report(
        tmp_path / "one",
        "default",
        [
            _claim("order", "supported", violations=0, trials=128, delta=0.1),
            _claim("theory.m", "not-applicable"),
        ],
    )
    wide = {"mean": 1.02, "interval": [0.9, 1.1], "trials": 24, "margin": 0.15}
    second = _report(
        tmp_path / "two",
        "full",
        [
            _claim("order", "refuted", violations=9, trials=9, delta=0.1),
            _claim("theory.m", "supported", **wide),
            _claim("audit.covers", "supported", violations=1, trials=60, delta=0.15),
        ],
    )
    assert images_evidence.main([str(first), str(second)]) == 0
    text = (tmp_path / "data.md").read_text()
    assert text.startswith(
        "a\n<!-- images-evidence:begin -->\nFrom default profile, seed 3, 2026-01-02; then full"
    )
    assert "| `order` | supported | 0 of 128 fail (allowed 0.1) | 0 of 30 fail |" in text
    assert "exponent 1.02 [0.9, 1.1], 24 runs (margin 0.15)" in text
    assert "old" not in text
    audit = (tmp_path / "audit.md").read_text()
    assert "| `audit.covers` | supported | 1 of 60 fail (allowed 0.15) | 29 of 29 |" in audit


def test_a_folder_holds_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    from simulation.images.load import load_images

    misplaced, pictures, labels = own_folder.write_folder(tmp_path / "f", 0.15, seed=1)
    images = load_images("folder", tmp_path / "f", size=8, mode="L")
    assert (images.n, images.class_names) == (300, ("eight", "three"))
    assert 25 <= len(misplaced) <= 65
    assert misplaced <= set(images.files)
    assert pictures.shape == (57, 8, 8)
    means = [
        images.x[(images.y == c) & ~np.isin(images.files, list(misplaced))].mean(axis=0)[0] for c in (0, 1)
    ]
    near = [int(np.argmin([np.square(p / 255 - m).sum() for m in means])) for p in pictures]
    assert np.mean(np.array(near) == labels) > 0.9  # the classes held out are numbered as those of the folder
    assert not own_folder.write_folder(tmp_path / "g", 0.0, seed=1)[0]
    assert own_folder.write_folder(tmp_path / "h", 0.15, seed=1)[0] == misplaced


def _folder(share: float, **more: object) -> dict[str, object]:
    fixed: dict[str, object] = {
        "share": share,
        "misplaced": 45 if share else 0,
        "verdict": "spread" if share else "few",
        "rate": {"low": 0.12, "high": 0.2} if share else {"low": 0.0, "high": 0.02},
        "stop_step": 26 if share else None,
        "suspects": 50,
        "found": 40 if share else 0,
        "selection": {"safe": True} if share else None,
        "accuracy": {"best": 0.97, "stop": 0.96, "end": 0.8} if share else None,
        "clusters": True,
        "says_clean": False,
    }
    return fixed | more


def test_folders_in_a_table() -> None:
    table = own_folder.table_of(
        [
            _folder(0.15),
            _folder(0.15, found=45, rate={"low": 0.2, "high": 0.3}),
            _folder(0.0),
            _folder(0.0, verdict="spread", stop_step=9, rate={"low": 0.02, "high": 0.04}),
        ]
    )
    assert "| folders | 2 (15 % wrong) | 2 |" in table
    assert "| answers | spread 2 | few 1, spread 1 |" in table
    assert "| precision of the list, mean | 0.850 [0.215, 1.485] |" in table
    assert "| interval holds the share, of those that give one | 1 of 2 |" in table
    assert "| regret of the stop, mean; largest | 0.010 [0.010, 0.010]; 0.010 |" in table
    assert "lower limits of 1 % |  | 1; 1; 0; 1 of 2 |" in table
    assert "| upper limit of spread flips, largest |  | 2.0 % |" in table


def test_lists_side_by_side() -> None:
    def scores(f1: float) -> dict[str, float]:
        return {"precision": f1, "recall": f1, "f1": f1, "seconds": 1.0}

    ways = dict.fromkeys(audit_baselines.WAYS, scores(0.7))
    draws = [{**ways, "audit": scores(0.9), "cleanlab, stop": scores(f)} for f in (0.8, 0.86)]
    line = audit_baselines.table_of({"3v8, .2": draws, "none": []}).splitlines()[-1]
    assert line.startswith("| 3v8, .2 | 2 | 0.90/0.90, 0.900 | 0.70/0.70, 0.700 | 0.83/0.83, 0.830 |")
    assert line.endswith("| +0.070 [-0.311, +0.451] (stopped) |")


def _draw(verdict: str, interval: list[float] | None, precision: float, **more: object) -> dict[str, object]:
    fixed = {
        "rate": 0.2,
        "recall": 0.9,
        "promised": [0.9, 0.7],
        "cost": 0.01,
        "cost_at_end": 0.2,
        "matched": None,
    }
    return {**fixed, "verdict": verdict, "interval": interval, "precision": precision, **more}


def test_the_row_of_an_audited_setting() -> None:
    draws = [
        _draw("spread", [0.21, 0.15, 0.25], 0.8),
        _draw("spread", [0.3, 0.25, 0.35], 0.6),
        _draw("none", None, float("nan"), recall=0.0),
    ]
    assert audit_acceptance.row_of("a", draws) == (
        "| a | 3 | spread 2, none 1 | 1 of 2 | 0.055, 0.045 | 0.10 | 1 of 2 | 0.70/0.90, 0.784 "
        "| 0.010, 0.200 |"
    )
    again = _draw("unlike", [0.1, 0.05, 0.5], 0.8, matched={"verdict": "spread", "interval": [0.2, 0.1, 0.3]})
    first, second = audit_acceptance.row_of("b", [again]).splitlines()
    assert first.startswith("| b | 1 | unlike 1 |  |  |  |  |")
    assert second == "| the same, matched round | 1 | spread 1 | 1 of 1 |  |  |  |  |  |"
    quiet = _draw("few", [0.0, 0.0, 0.01], 0.0, rate=0.0)
    assert audit_acceptance.row_of("c", [quiet]) == "| c | 1 | few 1 |  |  |  |  |  |  |"
    every = audit_acceptance.settings()
    assert len(every) == 16
    rates = {round(s.flip_rate, 3) for s, _ in every.values()}
    assert rates == {0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9}
    for setting, _ in every.values():
        if setting.flip_rate:
            rates_by_class(setting.flip_rate, 10 if setting.classes == "all" else 2)  # accepted
