"""What is said of a user's own claims: outside a signed condition, of readings that hold, of probes that drop
two conditions, how to make a report again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from decide_cases import BASE, claim_of, observations

from theory.condition import Condition, Constants, all_inside
from theory.constant import Constant
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate, fixed
from theory.rules import Event, Identity
from theory.setting import AbstractSetting
from theory.source import Source
from verify.checking.dry import Trial, hardly_judged, never_a_number
from verify.checking.whole import check_whole
from verify.claims_session import Outcome
from verify.doctor import diagnose
from verify.file_paper import file_papers
from verify.outcome import Judgement, Verification
from verify.pipeline import verify_claims
from verify.report.figures.phase import axis_label
from verify.report.sections.short import _line
from verify.report.summary import NEEDED, UNEXPECTED, findings, headline, not_judged
from verify.rules.identity import residual_value
from verify.runs.backends import SerialBackend
from verify.search.nearest import nearest_setting
from verify.soundness.generate import by_rule, measured_falsehoods

SOURCE = Source("example", "1")
n, gamma, theta = sp.symbols("n gamma theta")


@dataclass(frozen=True)
class Spiked(AbstractSetting):
    n: int
    gamma: float
    theta: float


SIZE = Condition("size", n * sp.Min(gamma, 1), Constant("C_p"), SOURCE, "paper", "n and p are large")
WINDOW = Condition(
    "window", sp.cbrt(n) * (theta / sp.sqrt(gamma) - 1), Constant("C_w"), SOURCE, "derived", "no window"
)
CONSTANTS = Constants({"C_p": 100.0, "C_w": 2.0})


def test_the_nearest_setting_is_found_from_where_a_left_side_is_negative() -> None:
    start = Spiked(500, 0.5, 0.5)
    assert WINDOW.check(start, CONSTANTS).value < 0
    found = nearest_setting(start, (SIZE, WINDOW), CONSTANTS, keep=("n",))
    assert found is not None
    assert all_inside((SIZE, WINDOW), found, CONSTANTS)
    alone = nearest_setting(start, (SIZE, WINDOW), CONSTANTS, keep=("n", "gamma"))
    assert alone is not None
    assert alone.theta == pytest.approx(0.8853, abs=2e-3)


def test_a_negative_left_side_has_no_factor() -> None:
    check = WINDOW.check(Spiked(500, 0.5, 0.5), CONSTANTS)
    assert check.factor is None
    assert "factor" not in str(check)
    assert str(check).endswith("where 2 is needed")
    claim = claim_of("own.a", Experiment("own.e", place=fixed(BASE), runs={"quick": 2}))
    far = replace(observations([None])[0], not_judged=str(check), checks=(check,))
    j = Judgement(claim, None, (far,), ())  # type: ignore[arg-type]
    assert not_judged(j) == {"window: outside, its left side 0 or negative": 1}


def coin(s: Spiked, rng: np.random.Generator) -> Mapping[str, float]:
    return {"x": float(rng.random())}


PLACE = Box(
    "spikes",
    (Coordinate("n", 100, 3000, whole=True), Coordinate("gamma", 0.1, 3.0), Coordinate("theta", 0.1, 3.0)),
    lambda x: Spiked(**x),
)
OWN = Experiment(
    "own.e", place=PLACE, model=function_model(Spiked, coin), runs={"quick": 400, "default": 400}
)


def own(name: str, **changes: Any) -> Any:
    return claim_of(
        f"own.{name}",
        OWN,
        **{"conditions": (SIZE, WINDOW), "constants": CONSTANTS, "source": SOURCE} | changes,
    )


@pytest.fixture(scope="module")
def judged() -> Verification:
    below = Event(0.5)
    claims = [
        own("true", measure=lambda run: run.x < 0.9, rule=below),
        own("read", measure=lambda run: run.x < 0.9, rule=below, role="reading", corrected_by="own.true"),
        own("without", measure=lambda run: run.x > 0.9, rule=below, role="probe", drops=("size", "window")),
    ]
    return verify_claims(
        claims,
        "quick",
        1,
        1,
        exhibits=False,
        counterexamples=False,
        adversaries=False,
        fresh_runs=False,
        backend=SerialBackend(),
    )


def test_a_reading_that_holds_is_said_not_to_have_failed(judged: Verification, capsys: Any) -> None:
    read = judged["own.read"]
    assert read.verdict == "supported"
    assert read.unexpected
    assert "supported against that: own.read" in headline(judged)
    first = findings(judged)[0]
    assert (first.group, first.claim_id) == (UNEXPECTED, "own.read")
    from verify.cli.summary import print_summary, summary_of

    print_summary(summary_of(judged), Path("there"))
    said = capsys.readouterr().out
    assert "readings expected to fail that did not: own.read" in said
    assert "Expected to fail, and did not." in said
    assert judged.status() == 0
    assert Outcome("own.read", "reading", "supported", "", "", 1, 0).unexpected
    assert not Outcome("own.read", "reading", "refuted", "", "", 1, 0).unexpected


def test_two_conditions_left_out_at_once_are_not_both_called_needed(judged: Verification) -> None:
    probe = judged["own.without"]
    assert probe.verdict == "refuted"
    text = next(f.text for f in findings(judged) if f.group == NEEDED)
    assert "not all are superfluous" in text
    said = " ".join(str(part) for part in _line(None, probe, correct=False))  # type: ignore[arg-type]
    assert "not all of which are superfluous" in said
    assert "needed" not in said


def test_a_residual_of_either_sign_is_named() -> None:
    for value in (-1e-17, (-1e-17, 1.0)):
        with pytest.raises(ValueError, match="must be an absolute residual >= 0, or a pair") as said:
            residual_value(observations([value])[0])
        assert repr(value) in str(said.value)


def test_a_measure_that_is_always_nan_is_noted() -> None:
    nan = float("nan")
    values = {"own.lost": {0: nan, 3: nan}, "own.pair": {0: (nan, 1.0)}, "own.some": {0: nan, 1: 0.5}}
    assert list(never_a_number(Trial(values=values))) == [
        "claim own.lost: its measure is nan in every run tried (2)",
        "claim own.pair: its measure is nan in every run tried (1)",
    ]


def test_a_claim_that_is_hardly_judged_is_noted_with_its_profile() -> None:
    probe = own("probe", role="probe", drops=("window",))
    wanted = {"own.rare": {3}, "own.probe": {1, 2}, "own.fine": set(range(20)), "own.none": set()}
    claims = [own("rare"), probe, own("fine"), own("none")]
    assert list(hardly_judged(claims, 30, wanted)) == [
        "claim own.rare: 1 of 30 runs tried lie inside its conditions; of the 400 planned in the default "
        "profile about 13 would count",
        "claim own.probe: 2 of 30 runs tried lie outside window alone; of the 400 planned in the default "
        "profile about 27 would count",
    ]


def test_a_syntax_error_is_said_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("x = 1\nCLAIMS = [(\n", encoding="utf-8")
    found = check_whole(file)
    assert len(found.complaints) == 1
    assert "SyntaxError" in found.complaints[0].text
    assert "{" not in found.complaints[0].text
    assert found.complaints[0].place.line == 2


def test_no_step_is_doubled_where_the_model_names_none() -> None:
    same = own("same", measure=lambda run: 0.0, rule=Identity(8.0))
    assert measured_falsehoods([same], []) == []
    (said,) = by_rule(same, observations([0.0]))
    assert "no step size" in said.why


def test_the_claim_asked_about_brings_its_conditions_alone() -> None:
    claim = own("one", conditions=(SIZE,))
    other = own("two")
    from theory.paper import Paper
    from theory.parameters import Parameters
    from theory.source import Reference

    paper = Paper(
        name="own",
        reference=Reference("A", 2024, "t", "j"),
        claims=(claim, other),
        settings=(Spiked,),
        conditions={"own.one": (SIZE,), "own.two": (SIZE, WINDOW)},
        constants=CONSTANTS,
        parameters={Spiked: Parameters((), lambda values: Spiked(**values))},
    )
    found = diagnose(Spiked(500, 0.5, 1.0), [claim, other], paper=paper, claim=claim)
    assert [(line.group, line.condition.name) for line in found.lines] == [("own.one", "size")]


def test_letters_of_axes() -> None:
    assert axis_label(r"\gamma") == r"$\gamma$"
    assert axis_label("width") == "width"


FILE = """
from dataclasses import dataclass
import numpy as np, sympy as sp
from theory import *
@dataclass(frozen=True)
class S(AbstractSetting):
    n: int
def toss(s, rng):
    return {"x": float(rng.random())}
def box(low, high):
    return Box("b", (Coordinate("n", low, high, whole=True),), lambda x: S(**x))
SOURCE = Source("me", "1")
LARGE = Condition("large", sp.Symbol("n"), Constant("C"), SOURCE, "paper", "n is large")
E = Experiment("boxed.e", place=box(200, 300), model=function_model(S, toss), runs={"quick": 60})
CLAIMS = [Claim("boxed.a", SOURCE, "paper", "x", Event(0.5), lambda run: run.x < 0.9, E,
                (LARGE,), Constants({"C": 100.0}))]
REFERENCE_BOX = box(10, 10_000)
"""


def test_a_claims_file_may_declare_its_reference_box(tmp_path: Path) -> None:
    from verify.load import load_claims_file

    file = tmp_path / "boxed.py"
    file.write_text(FILE, encoding="utf-8")
    claims = list(load_claims_file(file))
    kinds = {"exhibits": False, "counterexamples": False, "adversaries": False, "fresh_runs": False}
    done = verify_claims(claims, "quick", 1, 1, place="conditions", **kinds, backend=SerialBackend())  # type: ignore[arg-type]
    scope = done["boxed.a"].scope
    assert scope is not None
    assert scope.region == "conditions"
    assert {o.setting.n > 300 for o in done["boxed.a"].observations} == {True, False}
    assert file_papers(file)["boxed"].reference_boxes
