"""`verify check`: every planted fault is named with its file and line, and a sound file passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_commands import status_of

from verify.checking.dry import _late
from verify.checking.types import TypeCheck
from verify.checking.whole import Checked, check_whole
from verify.skeleton.write import write_skeleton

SOUND = """
from dataclasses import dataclass
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Falsehood, Source
from theory import function_model


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


def toss(s, rng):
    return {"share": float(rng.random(s.n).mean())}


TOSSES = Experiment(
    "mine.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, toss),
    runs={"quick": 200, "default": 200},
)
CLAIMS = [
    Claim(
        id="mine.near",
        source=Source("notes", "1"),
        provenance="derived",
        statement="$x$ is near $1/2$",
        rule=Event(0.05),
        measure=lambda run: abs(run.share - 0.5) < 0.4,
        experiment=TOSSES,
    ),
]
"""


@pytest.fixture(autouse=True)
def untyped(monkeypatch: pytest.MonkeyPatch) -> None:
    """mypy takes seconds; one test asks for it."""
    monkeypatch.setattr(TypeCheck, "installed", False)


def checked(folder: Path, code: str) -> Checked:
    file = folder / "mine.py"
    file.write_text(code, encoding="utf-8")
    return check_whole(file)


def line_of(code: str, text: str) -> int:
    return next(k for k, line in enumerate(code.splitlines(), 1) if text in line)


def test_a_sound_file_has_no_complaint(tmp_path: Path) -> None:
    found = checked(tmp_path, SOUND)
    assert found.complaints == ()
    assert (found.claims, found.experiments, found.status) == (1, 1, 0)


@pytest.mark.parametrize(
    ("old", "new", "at", "said", "status"),
    [
        ("    n: int", "    n: int(", "n: int(", "does not import: SyntaxError", 2),
        ("return {", "import nowhere; return {", "import nowhere", "No module named 'nowhere'", 3),
        ("CLAIMS = [", "raise OSError('no')\nCLAIMS = [", "raise OSError", "does not import: OSError: no", 2),
        ("near $1/2$", "near $1/2", "    Claim(", "dollars or braces are not balanced", 2),
        ("rule=Event(0.05)", "rule=3", "    Claim(", "rule must be one of theory's", 2),
        (
            "experiment=TOSSES,",
            "experiment=TOSSES, parents=('mine.far',),",
            "    Claim(",
            "parents names no claim: 'mine.far'",
            2,
        ),
        ("frozen=True", "frozen=False", "model=", "must be frozen", 2),
        ("rng.random(s.n)", "rng.random(s.m)", "return {", "'Coin' object has no attribute 'm'", 3),
        ("run.share - 0.5", "run.shar - 0.5", "measure=", "the run has no 'shar'; simulate returned", 3),
        ("rng.random(s.n)", "__import__('numpy').random.random(s.n)", "TOSSES = ", "of two runs of one", 3),
        (
            "abs(run.share - 0.5) < 0.4",
            "__import__('random').random() < 0.5",
            "    Claim(",
            "for the same run",
            3,
        ),
        (
            "abs(run.share - 0.5) < 0.4",
            "'near'",
            "    Claim(",
            "claim value must be True or False, was 'near'",
            3,
        ),
        ('{"quick": 200, "default": 200}', '{"quick": 20}', "    Claim(", "20 runs decide it with", 0),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named_with_its_line(
    old: str, new: str, at: str, said: str, status: int, tmp_path: Path
) -> None:
    assert old in SOUND
    code = SOUND.replace(old, new)
    found = checked(tmp_path, code)
    assert found.status == status, found.complaints
    named = [c for c in found.complaints if said in c.text]
    assert named, found.complaints
    assert (named[0].place.file.name, named[0].place.line) == ("mine.py", line_of(code, at))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    second = SOUND + "CLAIMS.append(CLAIMS[0])\nCLAIMS.append(3)\n"
    texts = [c.text for c in checked(tmp_path, second).complaints]
    assert texts == ["CLAIMS holds a int, not a theory.Claim", "claim id 'mine.near' is used twice"]


def test_a_run_that_hangs_or_kills_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.checking.dry.LIMIT", 1.0)
    hangs = SOUND.replace("    return {", "    while True: pass\n    return {")
    said = "gave no answer within 1 s of its own time: a run or a measure hangs"
    assert said in checked(tmp_path, hangs).complaints[0].text
    monkeypatch.setattr("verify.checking.dry.LIMIT", 20.0)
    monkeypatch.setattr("verify.checking.dry.CLOCK_LIMIT", 4.0)
    waits = SOUND.replace("    return {", "    __import__('time').sleep(99)\n    return {")
    text = checked(tmp_path, waits).complaints[0].text
    assert re.search(r"no answer within 4 s, of which it used \d+\.\d s: a busy machine, or it waits", text)
    monkeypatch.setattr("verify.checking.dry.CLOCK_LIMIT", 120.0)
    dies = SOUND.replace("    return {", "    import os; os._exit(3)\n    return {")
    assert "ended its process" in checked(tmp_path, dies).complaints[0].text


def test_a_falsehood_is_tried_too(tmp_path: Path) -> None:
    more = """
from dataclasses import replace
FALSEHOODS = [
    Falsehood(of="mine.near", name="far", kind="sign", why="it is near",
              claim=replace(CLAIMS[0], measure=lambda run: run.far)),
    Falsehood(of="mine.other", name="far", kind="sign", why="it is near", claim=CLAIMS[0]),
]
"""
    (one,) = checked(tmp_path, SOUND + more).complaints
    assert one.text == "falsehood 'far' is of no known claim: 'mine.other'"
    (one,) = checked(
        tmp_path,
        SOUND
        + more.replace("mine.other", "mine.near").replace(
            '"far", kind="sign", why="it is near", claim=CLAIMS', '"b", kind="sign", why="x", claim=CLAIMS'
        ),
    ).complaints
    assert one.text.startswith("falsehood 'far' of mine.near: AttributeError: the run has no 'far'")


def test_the_types_of_a_file_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(TypeCheck, "installed", True)
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SOUND.replace("rule=Event(0.05)", "rule=Event('a')"), encoding="utf-8")
    assert status_of(monkeypatch, "check mine.py") == 2
    out = capsys.readouterr().out
    assert f"mine.py:{line_of(SOUND, 'rule=')}: error: Argument 1 to" in out


def test_a_file_called_as_a_module_of_pythons_does_not_end_mypy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(TypeCheck, "installed", True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # files are parsed, and none known before
    monkeypatch.chdir(tmp_path)
    Path("glob.py").write_text("", encoding="utf-8")
    Path("mine.py").write_text(SOUND, encoding="utf-8")
    assert status_of(monkeypatch, "check mine.py") == 0
    assert "0 errors" in capsys.readouterr().out


def test_without_mypy_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SOUND, encoding="utf-8")
    assert status_of(monkeypatch, "check mine.py") == 0
    assert "types were not checked: mypy is not installed" in capsys.readouterr().out


def test_a_folder_is_checked_whole(tmp_path: Path) -> None:
    write_skeleton("checked_model", "model", tmp_path)
    folder = tmp_path / "checked_model"
    assert check_whole(folder).complaints == ()
    paper = folder / "paper.py"
    paper.write_text(paper.read_text().replace('name="checked_model"', 'name="another"'))
    (folder / "model.py").write_text((folder / "model.py").read_text())
    import sys

    for name in [name for name in sys.modules if name.startswith("checked_model")]:
        del sys.modules[name]
    (complaint,) = check_whole(folder).complaints
    assert "claim id must begin with the name, was 'checked_model.rate'" in complaint.text


@pytest.mark.parametrize("name", ["nothing.py", "."])
def test_what_is_no_claims_file_is_wrong_input(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(monkeypatch, f"check {name}") == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("clock", "used", "said"),
    [
        (119.0, 19.0, ""),
        (21.0, 20.5, "gave no answer within 20 s of its own time: a run or a measure hangs"),
        (121.0, 0.6, "gave no answer within 120 s, of which it used 0.6 s: a busy machine, or it waits"),
        (121.0, None, "gave no answer within 120 s"),
    ],
)
def test_a_busy_machine_is_no_fault_of_the_file(clock: float, used: float | None, said: str) -> None:
    assert _late(clock, used) == said
