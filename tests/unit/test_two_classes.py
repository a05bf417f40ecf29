"""A claims file with two classes of settings: each command speaks of the class that is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from verify.checking.whole import check_whole

Call = Callable[..., tuple[int, str, str]]

FILE = """
from dataclasses import dataclass
import sympy as sp
from theory import AbstractSetting, Claim, Condition, Event, Experiment, Source, fixed, function_model

@dataclass(frozen=True)
class Left(AbstractSetting):
    n: int
    gamma: float

@dataclass(frozen=True)
class Right(AbstractSetting):
    n: int
    d: int = 2
    sigma: float = 1.0

HERE = Source("two", "1")
MARGIN = Condition("margin", sp.Symbol("gamma"), 0.1, HERE, "paper", "room")
WIDE = Condition("wide", sp.Symbol("n"), sp.Symbol("d"), HERE, "paper", "full rank")

def draw(s, rng):
    return {"x": float(rng.random())}

def of(name, setting, condition, **more):
    model = function_model(type(setting), draw)
    e = Experiment("two." + name, place=fixed(setting), model=model, runs={"quick": 100})
    rule, measure = Event(0.05), lambda run: run.x < 1
    return Claim(id="two." + name, source=HERE, provenance="paper", statement="x", rule=rule, measure=measure,
                 experiment=e, conditions=(condition,), **more)

CLAIMS = [of("left", Left(4, 0.5), MARGIN), of("right", Right(4), WIDE)]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "two.py"
    file.write_text(FILE)
    return file


def test_doctor_speaks_of_conditions_on_the_class_alone(path: Path, command: Call) -> None:
    status, out, err = command("doctor", "--claims-file", str(path), "--n", "4", "--gamma", "0.5")
    assert (status, err) == (0, "")
    assert "margin" in out
    assert "wide" not in out


def test_a_corrector_that_is_no_text_is_one_line_with_its_place(path: Path) -> None:
    path.write_text(FILE.replace("0.5), MARGIN)", "0.5), MARGIN, corrected_by=None)"))
    (found,) = [c for c in check_whole(path).complaints if "corrected_by" in str(c)]
    assert "claim two.left: corrected_by must be the id of a claim, '' for none, was a NoneType" in str(found)
    assert str(path) in str(found)


def test_what_is_not_given_must_have_a_default_in_the_class_that_is_chosen(path: Path, command: Call) -> None:
    status, out, err = command("doctor", "--claims-file", str(path), "--n", "4")
    assert (status, err) == (0, "")
    assert "wide" in out


def test_where_no_class_fits_it_says_what_each_lacks(path: Path, command: Call) -> None:
    status, out, err = command("doctor", "--claims-file", str(path), "--sigma", "2")
    assert (status, out) == (2, "")
    assert "Left: unknown parameter 'sigma'" in err
    assert "Right: n is missing" in err


@pytest.mark.parametrize(
    ("rule", "runs", "note"),
    [
        ('Law(0.1, "why", of="mean")', 400, "no number of runs refutes it within the error budget: declare"),
        ('Law(0.1, "why")', 6, "no outcome of 6 runs refutes it within the error budget (p = "),
        ('Law(0.1, "why", planned_spread=0.1)', 100, ""),
    ],
)
def test_check_notes_what_no_planned_outcome_refutes(path: Path, rule: str, runs: int, note: str) -> None:
    text = FILE.replace("Event(0.05), lambda run: run.x < 1", f"{rule}, lambda run: (1 + run.x / 9, 1.05)")
    path.write_text(text.replace("Event,", "Law,").replace('"quick": 100', f'"quick": {runs}'))
    found = [c for c in check_whole(path).complaints if "refutes it" in str(c)]
    assert len(found) == (2 if note else 0)
    assert all(c.kind == "note" and note in str(c) for c in found)
