"""The command line of `verify` as its user meets it: fast help, one line for wrong input, whole reports."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from theory.claim import Claim, Proof
from theory.ledger import builtin_ledger
from theory.rules import Kind
from verify.cli.explain import explanation
from verify.cli.main import main
from verify.outcome import VERDICTS

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sympy", "matplotlib", "pandas", "scipy", "hypothesis", "statsmodels", "networkx", "joblib")


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )  # fmt: skip


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `python ARGUMENTS`."""
    process = start(*arguments)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The same as `run`, for `python -m verify`, without a new process."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["verify", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        code = stop.value.code
        assert isinstance(code, int)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


# Help ---------------------------------------------------------------------------------------------------


def test_help_comes_at_once() -> None:
    """Measured against loading the command-line library alone: torch by itself takes fifteen times that."""

    def fastest(commands: Sequence[tuple[str, ...]]) -> list[float]:
        times: list[list[float]] = [[] for _ in commands]
        for _ in range(3):
            for command, mine in zip(commands, times, strict=True):
                began = time.perf_counter()
                status, _, _ = run(*command)
                mine.append(time.perf_counter() - began)
                assert status == 0
        return [min(mine) for mine in times]

    library, answer = fastest([("-c", "import typer"), ("-m", "verify", "--help")])
    assert answer < 6 * library


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("--help", set()),
        ("run --help", set()),
        ("run --profile slow", set()),
        ("run --claims no.such.*", {"sympy", "networkx", "scipy"}),  # what the ledger is made of
    ],
)
def test_help_and_refusals_load_nothing_heavy(arguments: str, needed: set[str]) -> None:
    _, _, err = run("-X", "importtime", "-m", "verify", *arguments.split())
    loaded = {line.rsplit("|", 1)[-1].strip() for line in err.splitlines() if line.startswith("import time:")}
    assert {"typer", "verify.cli.main"} <= loaded
    assert not loaded & (set(HEAVY) - needed)


def test_the_help_names_every_command_and_option() -> None:
    status, out, err = run("-m", "verify", "--help")
    assert (status, err) == (0, "")
    assert all(f" {command} " in out for command in ("run", "claims", "explain", "replay"))
    status, out, err = run("-m", "verify", "run", "--help")
    options = ("--profile", "--out", "--claims", "--claims-file", "--seed", "--device", "--jobs")
    assert (status, err) == (0, "")
    assert all(option in out for option in options)


# Claims and explanations ---------------------------------------------------------------------------------


def test_claims_lists_every_claim(here: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = here("claims")
    assert (status, err) == (0, "")
    for claim in builtin_ledger():
        assert f"{claim.id}  [{claim.provenance}, {claim.kind}]  {claim.source}\n" in out
        assert claim.statement in out


def test_claims_as_json_has_the_fields_of_the_contract(here: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = here("claims", "--json")
    assert (status, err) == (0, "")
    records = json.loads(out)
    assert [r["id"] for r in records] == [c.id for c in builtin_ledger()]
    for record in records:
        assert set(record["source"]) >= {"paper", "item"}
        assert record["provenance"] in ("paper", "framework", "derived")
        assert record["kind"] in Kind.__args__  # type: ignore[attr-defined]
        assert isinstance(record["statement"], str)
        assert all(isinstance(name, str) for name in record["conditions"])


@pytest.mark.parametrize("claim", builtin_ledger(), ids=lambda c: c.id.removeprefix("two_stage."))
def test_every_claim_can_be_explained(claim: Claim) -> None:
    if claim.proof is not None:  # proofs have tests of their own
        claim = replace(claim, proof=lambda: Proof(True, ("Compare both sides.",)))
    text = explanation(claim)
    plain = " ".join(text.split())
    assert text.startswith(claim.id)
    for part in (claim.statement, claim.note, claim.measured, claim.rule.reason, str(claim.source)):
        assert " ".join(part.split()) in plain
    for condition in claim.conditions:
        assert f"{condition.name} ({condition.provenance}): {condition.latex}" in text
    if claim.prediction is not None:
        assert " ".join(claim.prediction.latex.split()) in plain
    if claim.proof is not None:
        assert "Symbolic proof: holds\n    1. Compare both sides." in text
    assert ("[left out on purpose: this is a probe]" in text) == claim.is_probe
    assert claim.experiment.id in text


def test_explain_prints_it(here: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = here("explain", "two_stage.recursion.gamma")
    assert (status, err) == (0, "")
    assert "Symbolic proof: holds" in out
    assert out == explanation(builtin_ledger()["two_stage.recursion.gamma"]) + "\n"


# Wrong input -----------------------------------------------------------------------------------------------

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
    text: str, words: tuple[str, ...], folder: Path, here: Callable[..., tuple[int, str, str]]
) -> None:
    before = contents(folder)
    status, out, err = here(*arguments_of(text, folder))
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
    status, out, err = run("-m", "verify", *arguments_of(text, folder))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert all(word in err for word in words)
    assert contents(folder) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(
    tmp_path: Path, here: Callable[..., tuple[int, str, str]]
) -> None:
    tmp_path.chmod(0o500)
    status, _, err = here("run", "--out", str(tmp_path / "report"))
    assert status == 2
    assert "--out" in err
    assert err.count("\n") == 1


# A whole run --------------------------------------------------------------------------------------------

CONTRACT = {
    "id", "source", "provenance", "kind", "statement", "conditions", "verdict", "predicted", "measured",
    "statistic", "n_settings", "n_trials", "counterexample",
}  # fmt: skip

OWN = """
import numpy as np

from theory import Claim, Domain, Event, Experiment, Identity, Source

BOX = Domain("own", n=(4, 20), m=(2, 4), signal_margin=(4, 8), tau=(0.1, 0.2), kappa_0=(0.1, 1),
             dimension=(5, 9), clock_step=(0.1, 0.2))
RUNS = Experiment("own", place=BOX, clock=1.0, runs={"quick": 40})


def claim(name, measure, rule=Event(delta=0.1)):
    return Claim(
        id=f"own.{name}", source=Source("own notes", name), provenance="derived", statement="$1 = 1$",
        rule=rule, measure=measure, experiment=RUNS,
    )


def loss_residual(run):
    return float(np.abs(run.train_loss - np.logaddexp(0, -run.margins).mean(axis=1)).max())


CLAIMS = [
    claim("exact.loss", loss_residual, Identity()),
    claim("false", lambda run: run.setting.n < 10),
]
"""


@pytest.mark.parametrize("wrong", [False, True], ids=["supported", "refuted"])
def test_a_run_writes_the_whole_report(
    wrong: bool,
    tmp_path: Path,
    here: Callable[..., tuple[int, str, str]],
) -> None:
    """Of a user's own claims: no exhibit of a built-in paper is made, and its report speaks of them alone."""
    own = tmp_path / "own.py"
    own.write_text(OWN)
    out = tmp_path / "reports" / "latest"
    status, text, err = here(
        "run", "--profile", "quick", "--out", str(out), "--jobs", "1", "--seed", "3",
        "--claims-file", str(own), "--timings", "--claims", "own.exact.*", *(["own.false"] if wrong else []),
    )  # fmt: skip
    assert status == int(wrong)
    assert err == ""
    assert str(out / "report.html") in text
    names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert names >= {"report.html", "report.md", "claims.json", "comparison.csv", "run.json"}
    assert (out / "figures").is_dir()
    assert not any("exhibit" in name or "question" in name for name in names)
    assert "Han et al" not in (out / "report.html").read_text("utf-8")

    records = json.loads((out / "claims.json").read_text())
    wanted = {"own.exact.loss": "supported"}
    if wrong:
        wanted["own.false"] = "refuted"
    assert {r["id"]: r["verdict"] for r in records} == wanted
    assert all(record["verdict"] in VERDICTS and set(record) >= CONTRACT for record in records)
    for claim_id, verdict in wanted.items():
        assert any(claim_id in line and verdict in line for line in text.splitlines())

    info = json.loads((out / "run.json").read_text())
    assert (info["profile"], info["seed"], info["device"], info["jobs"]) == ("quick", 3, "cpu", 1)
    assert set(info) >= {"versions", "wall_seconds", "git_commit"}
    assert list(info["timings"]["experiments"]) == [records[0]["experiment"]]
    assert sum(info["timings"]["stages"].values()) <= info["wall_seconds"] + 0.1
    assert records[0]["experiment"] in text
    with (out / "comparison.csv").open(newline="") as table:
        assert {row["claim"] for row in csv.DictReader(table)} == set(wanted)
    assert list(tmp_path.joinpath("reports").iterdir()) == [out]
    if wrong:
        found = next(r for r in records if r["id"] == "own.false")["counterexample"]
        assert found["setting"]["n"] == 10
        assert f"--claims-file {own}" in found["replay"]


# Ctrl-C ---------------------------------------------------------------------------------------------------

SLOW = """
import time
from pathlib import Path

from theory import Claim, Event, Experiment, Fixed, Setting, Source

AT = Setting.from_n_snr2(
    n=10, d=100, m=4, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1
)


def sleeps(run):
    Path({marker!r}).touch()
    time.sleep(600)
    return True


CLAIMS = [
    Claim(id="own.slow", source=Source("own", "1"), provenance="derived", statement="example", rule=Event(),
          measure=sleeps,
          experiment=Experiment("own.slow", place=Fixed(AT), clock=0.5, runs={{"quick": 40}})),
]
"""


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_nothing(jobs: int, tmp_path: Path) -> None:
    work, scratch, marker = tmp_path / "work", tmp_path / "scratch", tmp_path / "measuring"
    work.mkdir()
    scratch.mkdir()
    (tmp_path / "slow.py").write_text(SLOW.format(marker=str(marker)))
    process = start(
        "-m", "verify", "run", "--profile", "quick", "--jobs", str(jobs), "--out", str(work / "report"),
        "--claims-file", str(tmp_path / "slow.py"), "--claims", "own.slow",
        env={**os.environ, "TMPDIR": str(scratch), "JOBLIB_TEMP_FOLDER": str(scratch)},
        start_new_session=True,  # a process group like a terminal's
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not marker.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert out == ""
        first, *others = err.splitlines()
        assert first == "verify: interrupted; nothing was written"
        # On a busy machine the library's own tracker may look for what has just been removed.
        assert all("resource_tracker" in line or line.strip() == "warnings.warn(" for line in others), err
        assert list(work.iterdir()) == []
        deadline = time.monotonic() + 30
        while alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not alive(process.pid)  # nor any worker
        assert list(scratch.iterdir()) == []
    finally:
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
