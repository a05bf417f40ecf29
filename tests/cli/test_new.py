"""`verify new`: a skeleton works at once, in every size, and nothing is half-written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_commands import python, status_of

from verify.load import load_sources
from verify.skeleton.write import SIZES, write_skeleton
from verify.store import code_version


@pytest.mark.parametrize("size", SIZES)
def test_a_skeleton_has_a_true_claim_a_false_one_a_test_and_ten_lines(size: str, tmp_path: Path) -> None:
    name = f"begun_{size}"
    files = {path.name for path in write_skeleton(name, size, tmp_path)}
    assert {"paper.py", f"test_{name}.py", "README.md"} <= files
    folder = tmp_path / name
    assert len([x for x in (folder / "README.md").read_text().splitlines() if x.strip()]) <= 10
    assert "NAME" not in (folder / "paper.py").read_text()
    sources = load_sources(papers=[str(folder)])
    (paper,) = sources.papers.values()
    assert paper.name == name
    assert {c.role for c in paper.claims} == {"claim"}
    assert {f.of for f in paper.falsehoods(sources.ledger)} == {c.id for c in paper.claims}


@pytest.mark.slow
def test_pytest_passes_in_each_and_would_not_for_a_false_claim(tmp_path: Path) -> None:
    """One session over all: each test finds its paper beside it, wherever pytest was started."""
    for size in SIZES:
        write_skeleton(f"tested_{size}", size, tmp_path)
    write_skeleton("tested_false", "function", tmp_path)
    paper = tmp_path / "tested_false" / "paper.py"
    paper.write_text(paper.read_text().replace("measure=near,", "measure=nearer,"))
    done = python("-m", "pytest", "-rA", "-W", "error", "-p", "no:cacheprovider", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    ends = re.findall(r"^(PASSED|FAILED) (\w+)/test_\w+\.py::", done.stdout, re.M)
    passed = [("PASSED", f"tested_{size}") for size in sorted(SIZES)]
    assert sorted(ends) == [("FAILED", "tested_false"), *passed]
    assert "'tested_false.near': 'refuted'" in done.stdout


@pytest.mark.slow
def test_run_ends_well_and_soundness_finds_what_is_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(monkeypatch, "new judged") == 0
    common = "--profile quick --jobs 1 --seed 0"
    assert status_of(monkeypatch, f"run --paper judged {common} --no-figures --out r") == 0
    (record,) = json.loads((tmp_path / "r" / "claims.json").read_text())
    assert (record["id"], record["verdict"]) == ("judged.near", "supported")
    assert status_of(monkeypatch, f"soundness --paper judged {common} --suites 0 --out s") == 0
    assert "1/n for 1/sqrt(n)" in (tmp_path / "s" / "soundness.json").read_text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("new Mine", "NAME must be lower-case letters"),
        ("new class", "no word of Python"),
        ("new two_stage", "is a built-in paper"),
        ("new numpy", "is the name of an installed module"),
        ("new taken", "exists already"),
        ("new mine --size book", "--size must be one of function, model, paper, was 'book'"),
        ("new never_loaded --in nowhere", "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    assert status_of(monkeypatch, line) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_runs_kept_by_other_code_of_the_paper_s_are_not_taken(tmp_path: Path) -> None:
    """What `run --paper DIR --resume` reuses hangs on every module of the folder."""
    write_skeleton("versioned", "model", tmp_path)
    sources = load_sources(papers=[str(tmp_path / "versioned")])
    before = code_version(sources.own_files)
    model = tmp_path / "versioned" / "model.py"
    model.write_text(model.read_text().replace("standard_normal", "random"))
    assert code_version(sources.own_files) != before
    assert code_version() != before


def test_doctor_and_sweep_know_the_fields_of_a_folders_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A paper in a folder says no more of its settings than a claims file does."""
    write_skeleton("asked", "model", tmp_path)
    monkeypatch.chdir(tmp_path)
    paper = tmp_path / "asked" / "paper.py"
    paper.write_text(
        paper.read_text().replace(
            "FALSEHOODS = [",
            "LARGE = Condition('large', sp.Symbol('eta'), Constant('C') * sp.Symbol('kappa') * 1.02, HERE, "
            "'derived', 'beyond')\n"
            "CLAIMS.append(replace(CLAIMS[0], id='asked.beyond', conditions=(LARGE,)))\n"
            "CLAIMS.append(replace(CLAIMS[0], id='asked.again'))\n"
            "FALSEHOODS = [",
        )
    )
    assert status_of(monkeypatch, "doctor --paper asked --kappa 2 --eta 0.5 --json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"] == "asked.rate and asked.again"  # one for those that agree
    assert [other["target"] for other in found["others"]] == ["asked.beyond"]
    at = found["nearest"]["setting"]
    assert 0.1 * at["kappa"] >= at["eta"]
    assert found["others"][0]["nearest"]["distance"] == 0.0
    assert status_of(monkeypatch, "doctor --paper asked --kappa 2 --eta 0.5") == 0
    assert "No setting meets all of these conditions together." in capsys.readouterr().out
    Path("s.toml").write_text(
        'name = "s"\nreplicates = 1\nclock = 3.0\nmeasure = ["asked.rate"]\n[grid]\neta = [0.2, 0.4]\n'
        "[fixed]\nkappa = 10.0\n"
    )
    assert status_of(monkeypatch, "sweep s.toml --paper asked --jobs 1 --out sw") == 0
