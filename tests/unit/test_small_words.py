"""What commands print where little is there, or something is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from decide_cases import observations

from theory.ledger import builtin_ledger
from theory.rules import Bound, Event
from verify.cli.explain import explanation
from verify.diff import difference
from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.rules.registry import decide
from verify.runs.backends import SerialBackend
from verify.soundness.falsehoods import Falsehoods

Call = Callable[..., tuple[int, str, str]]


def test_explain_has_no_empty_line_of_constants() -> None:
    claim = next(c for c in builtin_ledger() if c.conditions and c.constants.values)
    bare = replace(claim, conditions=tuple(replace(c, large=c.small * 2) for c in claim.conditions[:1]))
    lines = explanation(bare).splitlines()
    assert not any(line.rstrip().endswith("    with") for line in lines)


def test_an_unknown_claim_hints_at_the_file_that_it_may_be_in(command: Call) -> None:
    status, _, err = command("replay", "zzzz.qqqq", "--setting", "{}", "--seed", "0")
    assert status == 2
    assert "add --claims-file FILE" in err


def test_one_run_is_one_of_one_runs() -> None:
    assert decide(Event(), observations([True])).reason.startswith("0 of 1 runs violate it")


def test_a_refuted_bound_would_have_to_be_multiplied() -> None:
    said = decide(Bound(), observations([(1.47, 1.0)] * 100))
    assert said.verdict == "refuted"
    assert "the bound would have to be multiplied by 1.47 to hold in 95 % of runs" in said.reason


def test_a_difference_names_the_keys_inside_a_rule(tmp_path: Path) -> None:
    rule = {"name": "Law", "margin": 0.1, "alpha": 0.05}
    record = {"id": "a.b", "verdict": "supported", "rule": rule, "reason": ""}
    other = {**record, "verdict": "refuted", "rule": {**rule, "margin": 0.05}}
    for name, r in (("old", record), ("new", other)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "claims.json").write_text(json.dumps([r]))
    (change,) = difference(tmp_path / "old", tmp_path / "new").changed
    assert change.by == {"rule.margin": (0.1, 0.05)}


def test_a_search_for_a_broken_bound_tells_the_nearest_setting(command: Call, tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(BOUND)
    status, out, err = command("falsify", "own.tight", "--claims-file", str(file), "--budget", "2s")
    assert (status, err) == (0, "")
    assert re.search(r"quantity / bound at most 0\.[5-9]\d*, at n \d", out)


def test_pairs_have_named_columns(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(BOUND)
    done = verify_claims(
        load_claims_file(file), profile="quick", counterexamples=False, backend=SerialBackend()
    )
    assert {"quantity", "bound"} <= set(done.observations("own.tight"))
    assert {"measured", "predicted"} <= set(done.observations("own.law"))


def test_soundness_says_which_target_was_missed_and_by_how_much() -> None:
    found = [SimpleNamespace(wrongly_supported=False, gross=True, detected=k > 0) for k in range(4)]
    missed = Falsehoods(tuple(found), (), {}, 0)  # type: ignore[arg-type]
    assert not missed.passed
    said = "0 supported (0 allowed), 1 gross ones not found (0 allowed), 3 of 4 found (95% asked)"
    assert missed.shortfall == said


BOUND = """
from dataclasses import dataclass
from theory import AbstractSetting, Box, Claim, Coordinate, Experiment, function_model
from theory import Law, Source, UniversalBound

@dataclass(frozen=True)
class S(AbstractSetting):
    n: int

def draw(s, rng):
    return {"x": 0.9 * float(rng.random())}

E = Experiment("own.e", place=Box("b", (Coordinate("n", 2, 9, whole=True),), lambda v: S(**v)),
               model=function_model(S, draw), runs={"quick": 50})
W = {"source": Source("own", "1"), "provenance": "paper", "statement": "x", "experiment": E}
CLAIMS = [
    Claim(id="own.tight", rule=UniversalBound(), measure=lambda run: (run.x, 1.0), **W),
    Claim(id="own.law", rule=Law(5.0, "why"), measure=lambda run: (1 + run.x, 1.0), **W),
]
"""
