"""What commands print where little is there, or something is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from decide_cases import observations

from theory.ledger import builtin_ledger
from theory.rules import Bound, Event
from verify.cli.explain import explanation
from verify.diff import difference
from verify.rules.registry import decide

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
