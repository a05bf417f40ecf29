"""An example as a user meets it: run, explain, replay, soundness; the report speaks of nothing else."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.cli.main import main

Call = Callable[..., tuple[int, str, str]]
#: Letters and words of other papers.
FOREIGN = re.compile(r"kappa|sigma_xi|tau_|n_snr2|noisy|Theorem 4|filter")
NAME = "examples.coins"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["verify", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return run


def test_it_is_run_explained_and_reported(call: Call, tmp_path: Path) -> None:
    status, out, _ = call(
        "run", "--paper", NAME, "--profile", "quick", "--jobs", "1", "--no-figures", "--out", "r"
    )
    assert status == 0
    assert "3 supported, 0 refuted, 2 inconclusive" in out
    assert not FOREIGN.search((tmp_path / "r" / "report.md").read_text(encoding="utf-8"))
    (claim, *_) = json.loads((tmp_path / "r" / "claims.json").read_text(encoding="utf-8"))
    assert (claim["paper"], claim["id"]) == (NAME, f"{NAME}.hoeffding")
    words = shlex.split(claim["reproduce"])
    assert words[words.index("--claims") + 1] == claim["id"]
    assert call("explain", claim["id"])[1].startswith(f"{NAME}.hoeffding\n")


def test_a_run_of_it_is_replayed_by_its_id_alone(call: Call) -> None:
    setting = json.dumps({"n": 100, "p": 0.5})
    status, out, _ = call("replay", f"{NAME}.border_rate", "--setting", setting, "--seed", "1")
    assert status == 0
    assert "border_rate: the claim " in out


def test_its_planted_claims_are_found_by_soundness(call: Call, tmp_path: Path) -> None:
    words = ("soundness", "--paper", NAME, "--profile", "quick", "--jobs", "1", "--suites", "0", "--out", "s")
    call(*words)
    record = json.loads((tmp_path / "s" / "soundness.json").read_text(encoding="utf-8"))["falsehoods"]
    mine = {f["falsehood"]: f["verdict"] for f in record["falsehoods"]}
    assert (mine["twice the rate"], mine["half the spread"]) == ("refuted", "refuted")
    assert record["total"]["wrongly_supported"] == 0
