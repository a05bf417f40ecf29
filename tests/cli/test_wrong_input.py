"""Wrong input to `verify` is one line and status 2, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Call = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]

CLAIM_FILE = """
from theory import Claim, Event, Source
from theory.two_stage.experiments import PAPER

CLAIMS = [
    Claim(id={id!r}, source=Source("own", "1"), provenance="derived", statement="example", rule=Event(),
          measure=bool, experiment=PAPER, parents={parents!r}),
]
"""
FILES = {
    "syntax.py": "CLAIMS = [\n",
    "import.py": "import no_module_of_this_name\n",
    "raises.py": "raise RuntimeError('two\\nlines')\n",
    "exits.py": "import sys\nsys.exit(0)\n",
    "without.py": "claims = []\n",
    "empty.py": "CLAIMS = []\n",
    "wrong_type.py": "CLAIMS = ['two_stage.closure']\n",
    "not_a_list.py": "CLAIMS = 3\n",
    "bad_claim.py": CLAIM_FILE.format(id="Not An Id", parents=()),
    "duplicate.py": CLAIM_FILE.format(id="two_stage.closure", parents=()),
    "orphan.py": CLAIM_FILE.format(id="own.orphan", parents=("own.nobody",)),
    "notes.txt": CLAIM_FILE.format(id="own.one", parents=()),
}

# arguments (with {dir} for the test's folder) -> words of the one line
REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown claim": ("run --claims no.such.*", ("--claims", "'no.such.*'")),
    "unknown profile": ("run --profile slow", ("--profile", "quick, default, full", "'slow'")),
    "negative seed": ("run --seed -1", ("--seed", "-1", "[0, 2^63)")),
    "huge seed": (f"run --seed {2**63}", ("--seed", str(2**63))),
    "seed in words": ("run --seed one", ("--seed", "integer", "one")),
    "no jobs": ("run --jobs 0", ("--jobs", "at least 1", "0")),
    "unknown device": ("run --device tpu --claims two_stage.closure", ("device", "cpu", "'tpu'")),
    "unknown option": ("run --sede 1", ("--sede",)),
    "unknown command": ("prove", ("prove",)),
    "no command": ("", ("no command given",)),
    "out is a file": ("run --out {dir}/a_file", ("--out", "a_file is a file")),
    "out under a file": ("run --out {dir}/a_file/report", ("--out", "a_file/report cannot be made")),
    "out holds data": ("run --out {dir}/data", ("--out", "data is not empty")),
    "missing claims file": ("run --claims-file {dir}/none.py", ("--claims-file", "no such file", "none.py")),
    "claims folder": ("run --claims-file {dir}/data", ("--claims-file", "no such file", "data")),
    "syntax error": ("run --claims-file {dir}/syntax.py", ("--claims-file", "syntax.py", "SyntaxError")),
    "import error": (
        "run --claims-file {dir}/import.py",
        ("--claims-file", "ModuleNotFoundError", "this_name"),
    ),
    "any error": ("run --claims-file {dir}/raises.py", ("--claims-file", "RuntimeError: two lines")),
    "exits": ("run --claims-file {dir}/exits.py", ("--claims-file", "SystemExit")),
    "no CLAIMS": ("run --claims-file {dir}/without.py", ("--claims-file", "CLAIMS")),
    "empty CLAIMS": ("run --claims-file {dir}/empty.py", ("--claims-file", "non-empty")),
    "wrong type": ("run --claims-file {dir}/wrong_type.py", ("--claims-file", "CLAIMS holds a str")),
    "not a list": ("run --claims-file {dir}/not_a_list.py", ("--claims-file", "CLAIMS")),
    "bad claim": ("run --claims-file {dir}/bad_claim.py", ("--claims-file", "'Not An Id'")),
    "duplicate id": (
        "run --claims-file {dir}/duplicate.py",
        ("--claims-file", "'two_stage.closure'", "already"),
    ),
    "unknown parent": ("run --claims-file {dir}/orphan.py", ("--claims-file", "own.orphan", "'own.nobody'")),
    "not Python": ("run --claims-file {dir}/notes.txt", ("--claims-file", "notes.txt", ".py")),
    "the same file twice": ("run --claims-file {dir}/orphan.py {dir}/orphan.py", ("'own.orphan'", "already")),
    "explain unknown": (
        "explain two_stage.lemma.margin_clean",
        ("CLAIM_ID", "did you mean", "margins_clean"),
    ),
    "replay unknown": ("replay nothing --setting {} --seed 0", ("CLAIM_ID", "'nothing'")),
    "replay without setting": ("replay two_stage.closure --seed 0", ("--setting",)),
    "replay text": ("replay two_stage.closure --setting n=3 --seed 0", ("--setting", "JSON")),
    "replay list": ("replay two_stage.closure --setting [] --seed 0", ("--setting", "JSON")),
    "replay missing fields": ('replay two_stage.closure --setting {"n":3} --seed 0', ("--setting", "'d'")),
    "replay negative seed": ("replay two_stage.closure --setting {} --seed -1", ("--seed", "-1")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "a_file").write_text("not a folder")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.csv").write_text("1,2\n")
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): p.read_text() if p.is_file() else ""
        for p in folder.rglob("*")
        if "__pycache__" not in p.parts
    }


def arguments_of(text: str, folder: Path) -> list[str]:
    words = [word.replace("{dir}", str(folder)) for word in text.split()]
    if words[:1] == ["run"] and "--out" not in words:
        words += ["--out", str(folder / "report")]
    return words


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_input_is_one_line_and_leaves_nothing(
    text: str, words: tuple[str, ...], folder: Path, command: Call
) -> None:
    before = contents(folder)
    status, out, err = command(*arguments_of(text, folder))
    assert status == 2
    assert err.count("\n") == 1
    assert err.startswith("verify: error: ")
    assert all(word in err for word in words), err
    assert out == "" or text == ""  # without a command the help is printed
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["exits", "out under a file"])
def test_wrong_input_in_a_process_of_its_own(name: str, folder: Path) -> None:
    text, words = REFUSED[name]
    before = contents(folder)
    arguments = [sys.executable, "-m", "verify", *arguments_of(text, folder)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert all(word in done.stderr for word in words)
    assert contents(folder) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path, command: Call) -> None:
    tmp_path.chmod(0o500)
    status, _, err = command("run", "--out", str(tmp_path / "report"))
    assert status == 2
    assert "--out" in err
    assert err.count("\n") == 1
