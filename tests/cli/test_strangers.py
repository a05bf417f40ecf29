"""Models that no command was written for: each goes through all of them, and stands alone on its pages."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from cli_commands import ROOT, python, status_of

from theory.paper import find_papers, paper_names
from verify.checking.types import TypeCheck
from verify.checking.whole import check_whole

FILES = Path(__file__).parents[1] / "strangers"
VERDICTS = {
    "sgd": {"sgd.variance": "supported", "sgd.flow": "refuted", "sgd.linear": "supported"},
    "walk": {"walk.top": "supported", "walk.small": "refuted", "walk.parity": "supported"},
    "spike": {"spike.top": "supported", "spike.naive": "refuted", "spike.overlap": "supported"},
}
#: A reading that fails, on which searches have something to find.
FALSE = {name: next(k for k, v in verdicts.items() if v == "refuted") for name, verdicts in VERDICTS.items()}
SWEEPS = {
    "sgd": 'clock = 8.0\nmeasure = ["variance", "sgd.variance"]\n[grid]\nstep = [0.1, 0.5]\n',
    "walk": 'measure = ["height", "end", "walk.top"]\n[grid]\nlength = [20, 200]\n',
    "spike": 'measure = ["top", "overlap"]\n[fixed]\nsamples = 60\nratio = 0.5\n[grid]\nstrength = [2, 8]\n',
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for file in FILES.glob("*.py"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def foreign_words() -> set[str]:
    """Names of the built-in papers, and letters of theirs that no stranger has."""
    letters = {e.letter for p in find_papers(optional=True).values() for e in p.letters}
    return {*paper_names(), *(w for w in letters if len(w) > 4 and "_" in w)}


@pytest.mark.parametrize("name", VERDICTS)
def test_it_is_in_order(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TypeCheck, "installed", False)
    assert check_whole(folder / f"{name}.py").complaints == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", VERDICTS)
def test_it_is_judged_found_false_where_it_is_and_reported_alone(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"run --claims-file {name}.py --claims '{name}.*' --profile quick --jobs 2 --resume kept --seed 3"
    assert status_of(monkeypatch, f"{line} --out r --junit claims.xml") == 0
    records = json.loads((folder / "r" / "claims.json").read_text())
    assert {r["id"]: r["verdict"] for r in records} == VERDICTS[name]
    page = (folder / "r" / "report.html").read_text()
    assert all(f"{id_}" in page for id_ in VERDICTS[name])
    words = {word for word in foreign_words() if re.search(rf"\b{re.escape(word)}\b", page)}
    assert words == set()
    assert f'name="{FALSE[name]}"' in (folder / "claims.xml").read_text()
    capsys.readouterr()
    assert status_of(monkeypatch, f"{line} --out again --no-figures") == 0
    assert "runs reused" in capsys.readouterr().err
    assert status_of(monkeypatch, "diff r again") == 0
    assert "0 verdicts changed, 3 did not" in capsys.readouterr().out
    found = next(r["counterexample"] for r in records if r["id"] == FALSE[name])
    words_of_replay = shlex.split(found["replay"])
    assert words_of_replay[:3] == ["python", "-m", "verify"]
    # A claim of many runs is repeated whole, and a refuted reading is no failure.
    alone = words_of_replay[3] == "replay"
    assert status_of(monkeypatch, shlex.join(words_of_replay[3:])) == int(alone)


@pytest.mark.slow
@pytest.mark.parametrize("name", VERDICTS)
def test_its_false_claim_is_falsified(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(monkeypatch, f"falsify {FALSE[name]} --claims-file {name}.py --budget 20s") == 1
    assert "counterexample found" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", VERDICTS)
def test_it_is_swept_as_it_stands(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "s.toml").write_text(f'name = "{name}"\nreplicates = 4\n{SWEEPS[name]}')
    command = f"sweep s.toml --claims-file {name}.py --jobs 1 --out swept"
    assert status_of(monkeypatch, command) == 0
    rows = pd.read_csv(folder / "swept" / "results.csv")
    assert len(rows) == 8
    assert not rows.drop(columns="failed").isna().any(axis=None)
    if name == "sgd":
        near = rows.groupby("step")["variance"].mean()
        assert near.loc[0.5] == pytest.approx(0.5 / 1.5, rel=0.2)


@pytest.mark.slow
def test_pytest_judges_them(folder: Path) -> None:
    """In one session: a file a model, none of which knows the others."""
    plugin = ("-m", "pytest", "-p", "verify.pytest_plugin", "-p", "no:cacheprovider", "-W", "error", "-rA")
    named = [word for name in VERDICTS for word in ("--claims", f"{name}.py")]
    done = python(*plugin, *named, "--claims-seed", "3", cwd=folder)
    assert done.returncode == 0, done.stdout
    passed = set(re.findall(r"^PASSED (\w+)\.py::(\S+)", done.stdout, re.M))
    assert passed == {(name, id_) for name, verdicts in VERDICTS.items() for id_ in verdicts}


@pytest.mark.slow
def test_doctor_knows_its_fields(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "doctor --claims-file spike.py --samples 100 --ratio 0.5 --strength 1.0"
    assert status_of(monkeypatch, line) == 0
    out = capsys.readouterr().out
    assert "out" in out
    assert "over_threshold" in out
    assert not any(word in out for word in foreign_words())


SPAWNED = """
import multiprocessing
from pathlib import Path

from verify import load_sources, verify_claims

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    ledger = load_sources([Path("walk.py")], wanted=["walk.*"]).ledger
    done = verify_claims(list(ledger), "quick", 3, jobs=2)
    assert multiprocessing.get_start_method() == "spawn"
    print({j.claim.id: j.verdict for j in done.judgements})
"""


@pytest.mark.slow
def test_a_claims_file_is_judged_where_processes_are_spawned(folder: Path) -> None:
    """No worker takes anything over from its parent but what is sent: loky's workers begin afresh, as spawned
    ones do, and nothing in a program started under spawn asks for another way."""
    (folder / "spawned.py").write_text(SPAWNED)
    done = python("-W", "error", "spawned.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(VERDICTS["walk"])


def test_nothing_asks_for_a_fork() -> None:
    wanted = re.compile(r"os\.fork\b|get_context\(['\"]fork|set_start_method\(['\"]fork|mp_context=['\"]fork")
    sources = [p for top in ("theory", "simulation", "verify") for p in (ROOT / top).rglob("*.py")]
    assert len(sources) > 100
    assert [str(p) for p in sources if wanted.search(p.read_text(encoding="utf-8"))] == []
    assert wanted.search("os.fork()")
