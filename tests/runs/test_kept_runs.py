"""Kept runs are reused while all that they depend on is unchanged, and never when it is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulation.user_file import import_user_file
from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.resume import FOLDER_VARIABLE, _prune, folder_of_runs, kept_runs
from verify.runs import version
from verify.runs.backends import SerialBackend
from verify.runs.keep import KeptBatches
from verify.runs.version import BatchVersion
from verify.store import RunStore

Call = Callable[..., tuple[int, str, str]]

COINS = """
from dataclasses import dataclass
from pathlib import Path
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model
from coin_tools import distance

MADE = Path(__file__).with_name("made")
LIMIT = 0.4


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int

    def fair(self):
        return 0.5


def toss(s, rng):
    with MADE.open("a") as file:
        file.write(".")
    return {"share": float((rng.random(s.n) < 0.5).mean())}


def near(run):
    return distance(run.share, run.setting.fair()) < LIMIT


TOSSES = Experiment(
    "coins.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, toss),
    runs={"quick": 40},
)
CLAIMS = [Claim("coins.near", Source("notes", "1"), "derived", "it is near", Event(0.3), near, TOSSES,
                note="as said")]
"""
TOOLS = "def distance(one, other):\n    return abs(one - other)\n"


def judged(folder: Path, coins: str = COINS, tools: str = TOOLS) -> tuple[Any, int]:
    """The judgement and the number of runs made for it, in this process, in a file that is loaded anew."""
    file, made = folder / "coins.py", folder / "made"
    file.write_text(coins)
    (folder / "coin_tools.py").write_text(tools)
    made.write_text("")
    for name in [n for n in sys.modules if n == "coin_tools" or n.startswith("claims_file_coins")]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        claims = load_claims_file(file)
        made.write_text("")  # a model is tried when it is loaded
        keeper = KeptBatches(RunStore.open(folder / "kept"), BatchVersion([file]))
        only = {"counterexamples": False, "adversaries": False, "fresh_runs": False}
        done = verify_claims(claims, seed=1, keeper=keeper, backend=SerialBackend(), **only)
    finally:
        sys.path.remove(str(folder))
    return done["coins.near"], len(made.read_text())


@pytest.mark.parametrize(
    ("coins", "tools"),
    [
        (COINS, TOOLS),
        (COINS.replace("Event(0.3)", "Event(0.2)"), TOOLS),
        (COINS.replace('"as said"', '"as written"'), TOOLS),
        (COINS.replace('Source("notes", "1")', 'Source("book", "2")'), TOOLS),
    ],
    ids=["nothing", "a margin", "a note", "a source"],
)
def test_what_no_run_depends_on_makes_no_run(tmp_path: Path, coins: str, tools: str) -> None:
    first, made = judged(tmp_path)
    assert made >= 40
    second, more = judged(tmp_path, coins, tools)
    assert more == 0
    assert [o.value for o in second.observations] == [o.value for o in first.observations]


def test_a_changed_margin_is_judged(tmp_path: Path) -> None:
    """On the same runs: a rate below 2 % takes more of them than there are."""
    first, _ = judged(tmp_path)
    second, more = judged(tmp_path, COINS.replace("Event(0.3)", "Event(0.02)"))
    assert (first.verdict, second.verdict, more) == ("supported", "inconclusive", 0)


@pytest.mark.parametrize(
    ("coins", "tools"),
    [
        (COINS.replace("< LIMIT", "<= LIMIT"), TOOLS),
        (COINS.replace("LIMIT = 0.4", "LIMIT = 0.3"), TOOLS),
        (COINS, TOOLS.replace("abs(one - other)", "(one - other) ** 2")),
        (COINS.replace("rng.random(s.n) < 0.5", "rng.random(s.n) < 0.6"), TOOLS),
        (COINS.replace("return 0.5", "return 0.45"), TOOLS),
        (COINS.replace("50, 90", "50, 91"), TOOLS),
    ],
    ids=["the measure", "a constant", "a helper", "the engine", "the setting's class", "the box"],
)
def test_what_a_run_depends_on_makes_all_again(tmp_path: Path, coins: str, tools: str) -> None:
    _, made = judged(tmp_path)
    assert judged(tmp_path, coins, tools)[1] == made


def test_a_margin_that_a_measure_reads_makes_all_again(tmp_path: Path) -> None:
    reads = COINS.replace("< LIMIT", "< LIMIT + CLAIMS[0].rule.delta")
    _, made = judged(tmp_path, reads)
    assert judged(tmp_path, reads)[1] == 0
    assert judged(tmp_path, reads.replace("Event(0.3)", "Event(0.2)"))[1] == made


def test_a_file_changed_within_a_second_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytecode of the text before, of as many letters, would pass for that of the text now."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "own.py"
    for number in (1, 2):
        file.write_text(f"CLAIMS = {number}\n")
        os.utime(file, (10.0**9, 10.0**9))
        assert number == import_user_file(file, "own_", "--claims-file").CLAIMS


def test_other_packages_make_all_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, made = judged(tmp_path)
    version._machine.cache_clear()
    monkeypatch.setattr(version, "libraries", lambda: ("numpy-9.9",))
    assert judged(tmp_path)[1] == made
    version._machine.cache_clear()


def test_the_folder_is_named_by_a_variable_or_lies_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    assert folder_of_runs("quick", 3, out) is None
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kept"))
    assert folder_of_runs("quick", 3, out) == tmp_path / "kept" / "quick-3"
    assert folder_of_runs("quick", 3, tmp_path / "kept" / "report") is None
    assert folder_of_runs("quick", 3, tmp_path) is None
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert folder_of_runs("full", 3, out) == tmp_path / "cache" / "theorem-verifier" / "runs" / "full-3"


def test_what_was_used_longest_ago_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(15):
        (tmp_path / f"quick-{k}").mkdir()
        (tmp_path / f"quick-{k}" / "data").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"quick-{k}", (k, k))
    (tmp_path / "mine").mkdir()
    _prune(tmp_path, tmp_path / "quick-0")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"mine", "quick-0", *(f"quick-{k}" for k in range(4, 15))}
    monkeypatch.setattr("verify.resume._MOST", 250)
    _prune(tmp_path, tmp_path / "quick-0")
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "quick-0", "quick-14"}
    monkeypatch.setattr("verify.resume._MOST_OF_ONE", 50)
    _prune(tmp_path, tmp_path / "quick-0")
    assert not (tmp_path / "quick-0").exists()


def test_a_default_folder_that_cannot_be_used_costs_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    with kept_runs(tmp_path / "file" / "kept", (), asked=False) as keeper:
        assert keeper is None
    assert capsys.readouterr().err.startswith("verify: runs are not kept: folder ")


# The command ------------------------------------------------------------------------------------------------


def test_a_second_command_without_changes_gives_the_report_that_is_there(
    command: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kept"))
    out = tmp_path / "report"

    def run(*more: str) -> tuple[int, str, str]:
        given = ["--profile", "quick", "--jobs", "1", "--no-figures", "--out", str(out)]
        return command("run", *given, "--claims", "two_stage.lemma.label_counts", *more)

    status, said, err = run()
    assert "nothing has changed" not in err
    first = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "claims.json").write_text("damaged")
    again = run()
    assert again[:2] == (status, said)
    assert again[2].startswith("verify: nothing has changed since the report of 2")
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first
    archive = next((tmp_path / "kept").rglob("*.zip"))
    archive.write_bytes(archive.read_bytes()[:-40])
    status, _, err = run()
    assert "nothing has changed" not in err
    assert " runs reused" in err
    assert (out / "claims.json").read_bytes() == first["claims.json"]
    afresh = run("--no-resume")[2]
    assert "reused" not in afresh
    assert "nothing has changed" not in afresh
    assert run("--resume", str(tmp_path / "other"), "--no-resume")[0] == 2


def test_a_report_that_lacked_data_is_not_given_back_when_the_data_is_there(
    command: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "kept"))
    out = tmp_path / "report"
    words = ["run", "--profile", "quick", "--jobs", "1", "--no-figures", "--out", str(out)]
    words += ["--claims", "two_stage.lemma.label_counts"]
    with monkeypatch.context() as without:
        without.setattr("simulation.models.Engine.missing", lambda self, job: "the data is not here")
        status, said, _ = command(*words)
        assert status == 5
        assert "1 not-applicable" in said
    status, said, err = command(*words)
    assert "nothing has changed" not in err
    assert "1 supported" in said
