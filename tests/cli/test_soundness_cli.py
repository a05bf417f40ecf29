"""`python -m verify soundness` as its user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

CLAIMS = """
import numpy as np
from dataclasses import replace
from theory import Claim, Domain, Event, Experiment, Falsehood, Law, Source

BOX = Domain("cli", n=(4, 12), m=(2, 4), signal_margin=(1.0, 8.0), tau=(0.1, 0.4), kappa_0=(0.1, 1.0),
             dimension=(5.0, 20.0), clock_step=(0.1, 0.3))
RUNS = Experiment("mine.runs", place=BOX, clock=0.3, runs={"quick": 240})


def small(run):
    return abs(float(np.random.default_rng(run.seed).standard_normal())) < 4


def large(run):
    return abs(float(np.random.default_rng(run.seed).standard_normal())) > 1


CLAIMS = [Claim(id="mine.small", source=Source("mine", "1"), provenance="derived", statement="|Z| < 4",
                rule=Event(delta=0.05), measure=small, experiment=RUNS)]
FALSEHOODS = [Falsehood(of="mine.small", name="large", kind="symbols",
                        claim=replace(CLAIMS[0], measure=large), why="|Z| < 1 in two of three runs")]
"""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def no_false_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be judged through the whole pipeline, in workers of its own."""
    monkeypatch.setattr("verify.soundness.engines.flawed_engines", lambda model: {})


@pytest.fixture
def here(command: Call, tmp_path: Path) -> Call:
    """`python -m verify soundness` on a claims file of this text, in this process."""

    def call(text: str, *arguments: str) -> tuple[int, str, str]:
        path = tmp_path / "mine.py"
        path.write_text(text)
        given = ["soundness", "--claims-file", str(path), "--claims", "mine.*", "--profile", "quick"]
        quiet = ["--jobs", "1", "--suites", "0", "--out", str(tmp_path / "out")]
        return command(*given, *quiet, *arguments)

    return call


@pytest.mark.usefixtures("in_this_process")
def test_a_claims_file_with_falsehoods_of_its_own(here: Call, tmp_path: Path) -> None:
    status, out, err = here(CLAIMS)
    assert (status, err) == (0, "")
    assert out.startswith("2 of 2 planted falsehoods refuted: 100.0 % [15.8, 100.0]; gross ones 1 of 1\n")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "soundness.html",
        "soundness.json",
        "soundness.md",
    ]
    record = json.loads((tmp_path / "out" / "soundness.json").read_text())
    assert record["schema"] == "soundness/1"
    assert [f["falsehood"] for f in record["falsehoods"]["falsehoods"]] == ["negated", "large"]
    assert all(f["runs_needed"] <= f["runs"] == 240 for f in record["falsehoods"]["falsehoods"])
    assert record["run"]["profile"] == "quick"
    # One claim that no engine enters cannot notice a false one, and need not.
    assert record["engines"]["tried"] == 8
    assert record["engines"]["detected"] == 0


@pytest.mark.usefixtures("no_false_engines", "in_this_process")
def test_a_falsehood_that_gets_through_is_named_first_and_fails(here: Call, tmp_path: Path) -> None:
    """Broken on purpose: a declared falsehood that is true."""
    status, out, _ = here(CLAIMS.replace("measure=large)", "rule=Event(delta=0.06))"))
    assert status == 1
    assert "NOT FOUND (supported): mine.small: large" in out
    record = json.loads((tmp_path / "out" / "soundness.json").read_text())
    assert record["passed"] is False
    assert record["falsehoods"]["undetected"][0]["verdict"] == "supported"


@pytest.mark.usefixtures("no_false_engines")
def test_the_same_seed_gives_the_same_verdicts(here: Call, tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        here(CLAIMS, "--seed", "5")
        found.append(json.loads((tmp_path / "out" / "soundness.json").read_text())["falsehoods"])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('of="mine.small"', 'of="mine.other"'), "falsehood 'large' is of no known claim: 'mine.other'"),
        (("FALSEHOODS = [", "FALSEHOODS = [3, "), "FALSEHOODS holds a int, not a theory.Falsehood"),
        (("FALSEHOODS = [", "FALSEHOODS = 3\nX = ["), "FALSEHOODS must be a list"),
        (('kind="symbols"', 'kind="typo"'), "kind must be one of sign, order"),
        (("FALSEHOODS = [", "FALSEHOODS = 2 * ["), "is declared twice"),
    ],
)
def test_wrong_falsehoods_are_refused_in_one_line(
    here: Call, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    status, out, err = here(CLAIMS.replace(*change))
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "nope"), "--profile must be one of"),
        (("--jobs", "0"), "--jobs must be at least 1"),
        (("--seed", "-1"), "--seed must be"),
        (("--claims", "nothing.*"), "no claim matches"),
    ],
)
def test_wrong_options_are_refused_in_one_line(
    here: Call, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = here(CLAIMS, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_refused_before_any_run(here: Call, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    status, out, err = here(CLAIMS)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.usefixtures("no_false_engines", "in_this_process")
def test_false_alarms_are_counted_beside(here: Call, tmp_path: Path) -> None:
    status, out, _ = here(CLAIMS, "--suites", "4")
    record = json.loads((tmp_path / "out" / "soundness.json").read_text())["false_alarms"]
    assert status == 0
    assert "every rate is consistent with its declared level" in out
    assert record["suites"] == 4
    known_false = [c for c in record["claims"] if not c["holds"]]
    assert known_false
    assert all(0 <= c["supported"] <= 4 for c in record["claims"])


def test_a_negative_number_of_suites_is_refused(here: Call) -> None:
    status, _, err = here(CLAIMS, "--suites", "-1")
    assert (status, err.count("\n")) == (2, 1)
    assert "--suites must be at least 0, was -1" in err
