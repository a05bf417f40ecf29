"""Wider conditions: what breaks without a condition shows that it is needed; nothing is claimed else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from theory import (
    AbstractSetting,
    Box,
    Claim,
    Condition,
    Constant,
    Constants,
    Coordinate,
    Event,
    Experiment,
    Paper,
    Reference,
    Source,
    function_model,
)
from verify.soundness.wider import section, wider_conditions

HERE = Source("example", "1")


@dataclass(frozen=True)
class Pair(AbstractSetting):
    a: float
    b: float


ALL = Box("all", (Coordinate("a", 1, 100), Coordinate("b", 1, 100)), lambda x: Pair(**x))
MODEL = function_model(Pair, lambda s, rng: {"ok": s.a > 10 or rng.random() < 0.2})


def at_least(name: str, letter: str, low: float) -> Condition:
    return Condition(name, sp.Symbol(letter), low * Constant("c"), HERE, "derived", "an example")


CLAIM = Claim(
    id="pairs.ok",
    source=HERE,
    provenance="derived",
    statement="it holds where a is above 10",
    rule=Event(delta=0.05),
    measure=lambda run: run.ok,
    experiment=Experiment("pairs", ALL, model=MODEL, runs={"quick": 120}),
    conditions=(at_least("large_a", "a", 10), at_least("large_b", "b", 10), at_least("always", "b", 0.5)),
    constants=Constants({"c": 1.0}),
)
PAPER = Paper("pairs", Reference("A", 2025, "T", "W"), (CLAIM,), settings=(Pair,), reference_box=ALL)


def test_a_needed_condition_is_told_from_one_that_is_not() -> None:
    found, runs = wider_conditions([CLAIM], {CLAIM.id: "supported"}, [PAPER], profile="quick", runs=120)
    findings = {w.condition: w.finding for w in found}
    assert findings == {
        "large_a": "needed",
        "large_b": "not needed on the reference box",
        "always": "not tried",
    }
    assert runs == 240
    told = section(found, runs)
    assert told.record["claims_with_a_needed_condition"] == ["pairs.ok"]
    assert "0 of 4000 settings of 'all' meet its conditions" in {w.condition: w.why for w in found}["always"]
    assert told.lines[0].startswith("conditions left out one by one: 1 needed")


def test_only_supported_claims_are_asked() -> None:
    for verdict in ("refuted", "inconclusive"):
        assert wider_conditions([CLAIM], {CLAIM.id: verdict}, [PAPER], profile="quick") == ([], 0)  # type: ignore[dict-item]
    alone = replace(PAPER, reference_box=())
    found, _ = wider_conditions([CLAIM], {CLAIM.id: "supported"}, [alone], profile="quick")
    assert {w.finding for w in found} == {"not tried"}
