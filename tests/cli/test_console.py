"""The command as a whole: examples under every help, version, completion, JUnit, a cluster."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli_commands import ROOT, python, status_of
from typer.main import get_command

from verify.cli.examples import EXAMPLES
from verify.cli.main import app, main
from verify.junit import junit_xml
from verify.outcome import Decision, Judgement, Verification

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUP: Any = get_command(app)


def test_every_command_has_examples_and_no_other_has() -> None:
    assert set(EXAMPLES) == set(GROUP.commands)


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_every_example_is_a_line_that_the_command_reads(line: str) -> None:
    from simulation.console import spread_options

    name, *words = spread_options(shlex.split(line), ["--claims", "--claims-file", "--outside", "--paper"])
    command = GROUP.commands[name]
    command.make_context(name, list(words), resilient_parsing=False)


def test_help_shows_the_examples(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(monkeypatch, "check --help") == 0
    out = capsys.readouterr().out
    assert "Examples:" in out
    assert "python -m verify check mine.py" in out


def test_the_version_is_the_package_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"theorem-verifier {PYPROJECT['project']['version']}\n"


def test_the_console_names_lead_here() -> None:
    assert PYPROJECT["project"]["scripts"]["theorem-verifier"] == "verify.cli.main:main"
    # Named as its module, so that `-p verify.pytest_plugin` beside the entry point is one plugin.
    assert PYPROJECT["project"]["entry-points"]["pytest11"] == {
        "verify.pytest_plugin": "verify.pytest_plugin"
    }


def test_the_console_command_says_its_own_name_and_completes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/theorem-verifier", "run", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "Usage: theorem-verifier run" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["/usr/bin/theorem-verifier"])
    monkeypatch.setenv("_THEOREM_VERIFIER_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "theorem-verifier fal")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.strip() == "falsify"


def test_simulate_hands_its_words_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["verify", "simulate", "nothing", "--n", "3"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert "WORD must be one of images, run, audit" in capsys.readouterr().err


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['verify', '--help']\n"
        "from verify.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'sympy', 'torch', 'pandas', 'matplotlib', 'hypothesis', 'pytest'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--backend ray", "--backend must be local or dask, was 'ray'"),
        ("--backend dask", "--backend dask and --scheduler ADDRESS go together"),
        ("--scheduler tcp://h:1", "--backend dask and --scheduler ADDRESS go together"),
        ("--junit nowhere/x.xml", "--junit: must be a file in a folder that is there, was nowhere/x.xml"),
        ("--junit .", "--junit: must be a file in a folder that is there, was ."),
    ],
)
def test_wrong_options_of_run_are_one_line(
    options: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(monkeypatch, f"run --profile quick {options}") == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# JUnit --------------------------------------------------------------------------------------------------


def judged(verdict: str, role: str) -> Judgement:
    from papers.coin.paper import CLAIMS

    claim = replace(CLAIMS[1], id=f"coin.{role}_{verdict.replace('-', '_')}")
    if role == "reading":
        claim = replace(claim, role="reading", corrected_by="coin.near")
    decision = Decision(verdict, "because a < b\x00", None, None, {}, 7)  # type: ignore[arg-type]
    return Judgement(claim, decision, (), ())


@pytest.mark.parametrize(
    ("verdict", "role", "tag"),
    [
        ("supported", "claim", None),
        ("derived", "claim", None),
        ("refuted", "claim", "failure"),
        ("refuted", "reading", None),
        ("errored", "claim", "error"),
        ("errored", "reading", "error"),
        ("inconclusive", "claim", "skipped"),
        ("vacuous", "claim", "skipped"),
        ("not-applicable", "reading", "skipped"),
    ],
)
def test_a_verdict_is_one_case_of_junit(verdict: str, role: str, tag: str | None) -> None:
    one = judged(verdict, role)
    suite = ElementTree.fromstring(junit_xml(Verification((one,), (), {"wall_seconds": 1.5})))[0]
    (case,) = suite
    assert (case.get("name"), case.get("classname")) == (one.claim.id, "coin")
    assert [child.tag for child in case if child.tag != "properties"] == ([tag] if tag else [])
    counts = {name: int(suite.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}
    expected = {"tests": 1, "failures": "failure", "errors": "error", "skipped": "skipped"}
    assert counts == {name: 1 if word == 1 else int(tag == word) for name, word in expected.items()}
    if tag:
        child = case.find(tag)
        assert child is not None
        assert "because a < b?" in child.get("message", "")


# A cluster ------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("distributed")
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.worker.daemon": False, "temporary-directory": str(tmp_path)}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as made,
    ):
        yield made.scheduler_address


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_cluster_gives_the_same_claims_byte_for_byte(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "tests" / "strangers" / "walk.py", tmp_path)
    line = "run --claims-file walk.py --claims 'walk.*' --profile quick --seed 3 --no-figures"
    assert status_of(monkeypatch, f"{line} --jobs 1 --out local") == 0
    assert status_of(monkeypatch, f"{line} --backend dask --scheduler {cluster} --out far") == 0
    one, other = ((tmp_path / name / "claims.json").read_bytes() for name in ("local", "far"))
    assert one == other
    assert len(json.loads(one)) == 3
