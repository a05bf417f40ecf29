"""`pytest --claims`: one test a claim, whatever its verdict; runs made once, in several processes too."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_commands import python

from verify.claims_session import ClaimsSession

FILE = """
from dataclasses import dataclass
from pathlib import Path
from theory import AbstractSetting, Box, Claim, Condition, Constants, Coordinate, Event, Experiment, Source
from theory import function_model
import sympy as sp

HERE = Source("notes", "1")


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


def toss(s, rng):
    with Path(__file__).with_name("runs").open("a") as file:
        file.write("run\\n")
    return {"share": float(rng.random(s.n).mean())}


def place(low, high):
    return Box("coins", (Coordinate("n", low, high, whole=True),), lambda x: Coin(**x))


TOSSES = Experiment("mine.tosses", place=place(50, 90), model=function_model(Coin, toss),
                    runs={"quick": 100, "default": 200})
FEW = Experiment("mine.few", place=place(50, 90), model=function_model(Coin, toss), runs={"quick": 5})
LARGE = Condition("large", sp.Symbol("n"), sp.Integer(1000), HERE, "paper", "large n only")


def claim(name, measure, **more):
    given = dict(experiment=TOSSES, rule=Event(0.05)) | more
    return Claim(id=f"mine.{name}", source=HERE, provenance="derived", statement=f"it is {name}",
                 measure=measure, **given)


CLAIMS = [
    claim("near", lambda run: abs(run.share - 0.5) < 0.4),
    claim("far", lambda run: abs(run.share - 0.5) > 0.4),
    claim("few", lambda run: abs(run.share - 0.5) < 0.4, experiment=FEW),
    claim("elsewhere", lambda run: True, conditions=(LARGE,), constants=Constants({})),
    claim("broken", lambda run: run.nothing),
    claim("reading", lambda run: run.share > 0.9, role="reading", corrected_by="mine.near"),
]
"""
PLUGIN = ("-m", "pytest", "-p", "verify.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.py").write_text(FILE, encoding="utf-8")
    return python(*PLUGIN, *options, cwd=folder)


@pytest.mark.slow
def test_a_claim_is_a_test(tmp_path: Path) -> None:
    done = run(tmp_path, "--claims", "mine.py", "-rA", "--junit-xml", "x.xml")
    assert done.returncode == 1, done.stdout
    assert "2 failed, 2 passed, 1 skipped, 1 xfailed" in done.stdout
    assert "mine.far: refuted" in done.stdout
    assert "python -m verify replay mine.far --setting" in done.stdout
    assert "counterexample: Coin(n=" in done.stdout
    assert "the run has no 'nothing'" in done.stdout
    assert "Traceback" not in done.stdout
    suite = ElementTree.parse(tmp_path / "x.xml").getroot()[0]
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert list(cases) == [f"mine.{n}" for n in ("near", "far", "few", "elsewhere", "broken", "reading")]
    assert "failure" in cases["mine.far"]
    assert "skipped" in cases["mine.few"]
    assert "failure" not in cases["mine.near"]


@pytest.mark.slow
def test_under_strict_what_is_not_decided_fails(tmp_path: Path) -> None:
    done = run(
        tmp_path, "--claims", "mine.py", "--claims-strict", "-k", "near or few or elsewhere or reading"
    )
    assert "2 failed, 2 passed" in done.stdout
    assert "mine.few: inconclusive" in done.stdout


@pytest.mark.slow
def test_runs_are_made_once_by_several_processes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    # Another test, which no one has named beside --claims.
    (two / "test_near.py").write_text("def test_near(): pass\n", encoding="utf-8")
    chosen = ("--claims", "mine.py", "-k", "near or reading or far", "--claims-seed", "3", "-n", "2")
    done = run(two, *chosen)
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    # As many as a session makes that is alone.
    file = one / "mine.py"
    file.write_text(FILE, encoding="utf-8")
    session = ClaimsSession("quick", 3)
    wanted = [id_ for id_ in session.claims_of(file) if id_.endswith(("near", "reading", "far"))]
    assert session.outcome(file, "mine.near", wanted).verdict == "supported"
    counts = [len((folder / "runs").read_text().splitlines()) for folder in (one, two)]
    assert counts[0] == counts[1] >= 100


@pytest.mark.slow
def test_files_are_collected_where_the_configuration_says_so(tmp_path: Path) -> None:
    (tmp_path / "coin_claims.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_it(): pass\n", encoding="utf-8")
    listed = python(*PLUGIN, "--collect-only", "-q", cwd=tmp_path)
    assert "1 test collected" in listed.stdout
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nclaims = true\nfilterwarnings = error\n", encoding="utf-8"
    )
    listed = python(*PLUGIN, "--collect-only", "-q", cwd=tmp_path)
    assert "coin_claims.py::mine.near" in listed.stdout
    assert "7 tests collected" in listed.stdout


def test_nothing_is_imported_until_claims_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n"
        "    ours = {n for n in sys.modules if n.split('.')[0] in ('theory', 'simulation', 'verify')}\n"
        "    assert ours <= {'theory', 'theory.lazy', 'verify', 'verify.pytest_plugin'}\n"
        "    assert not {'torch', 'numpy', 'scipy', 'sympy'} & set(sys.modules)\n"
    )
    done = python(*PLUGIN, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--claims", "nothing.py"), "--claims: no such file, and no folder with a paper.py"),
        (("--claims", "mine.py", "--claims-profile", "slow"), "must be quick, default or full, was 'slow'"),
        (("--claims", "mine.py", "--claims-seed", "-1"), "--claims-seed must be an integer in [0, 2^63)"),
    ],
)
def test_wrong_options_are_usage_errors(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run(tmp_path, *options)
    assert done.returncode == 4
    assert said in done.stderr


def test_a_file_that_does_not_load_is_an_error_of_collection(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("CLAIMS = [1]\n")
    done = python(*PLUGIN, "--claims", "bad.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "CLAIMS holds a int, not a theory.Claim" in done.stdout
