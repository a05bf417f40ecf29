"""What the judge of each rule answers: worst outcome, false variants, power, readout, wrong arguments."""

from __future__ import annotations

import math
from typing import Any

import pytest
from decide_cases import by_engines, differences, observations
from test_judges import claim

from theory.rules import Bound, Derived, Difference, SameRun, Universal, UniversalBound
from verify.judge import judge as judged
from verify.outcome import Observation
from verify.rules.judge import Exempt, Planted
from verify.rules.power import with_power
from verify.rules.registry import decide, judge_of
from verify.soundness.detect import detect
from verify.vacuity import vacuity

TRUE: list[tuple[Any, list[Observation]]] = [
    (Universal(), observations([True] * 60)),
    (Bound(), observations([(0.5, 1.0)] * 100)),
    (UniversalBound(), observations([(0.5, 1.0)] * 60)),
    (Difference(0.1, "why"), differences(0.0)),
    (SameRun(1e-9, "why"), by_engines()),
    (SameRun(1e-3, "why"), observations([(1.0, 1.0 + 1e-5)] * 60)),
    (Derived("symbolic n"), observations([1e-16] * 60)),
]
EACH = pytest.mark.parametrize(("rule", "seen"), TRUE, ids=[type(rule).__name__ for rule, _ in TRUE])


@EACH
def test_the_worst_outcome_refutes(rule: Any, seen: list[Observation]) -> None:
    worst = judge_of(rule).worst(rule, seen)
    assert worst is not None
    assert decide(rule, worst).verdict == "refuted"
    assert vacuity(judged(claim(rule), tuple(seen), None), family=5).refutable


@EACH
def test_planted_variants_are_found(rule: Any, seen: list[Observation]) -> None:
    found = list(judge_of(rule).variants(claim(rule), seen))
    for variant in found:
        if isinstance(variant, Planted):
            assert detect(variant, seen, level=1e-3).detected, variant.name
        else:
            assert isinstance(variant, Exempt)
    assert any(isinstance(v, Planted) for v in found) or isinstance(rule, Derived)


@EACH
def test_true_claims_keep_their_word_under_planned_power(rule: Any, seen: list[Observation]) -> None:
    decision = with_power(rule, decide(rule, seen), seen)
    assert decision.verdict == ("derived" if isinstance(rule, Derived) else "supported")
    if not isinstance(rule, Derived):
        assert decision.power is not None
        assert decision.power_basis


@EACH
def test_a_run_of_a_true_claim_holds(rule: Any, seen: list[Observation]) -> None:
    decision = judged(claim(rule), tuple(seen), None).decision
    readout = judge_of(rule).readout(rule, decision, seen[0])
    assert readout.holds or math.isnan(readout.measured)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Universal(rounding=-1.0), "rounding"),
        (lambda: Universal(undecided=1.0), "undecided"),
        (lambda: Bound(loose=1.0), "loose"),
        (lambda: Bound(delta=0.0), "delta"),
        (lambda: Bound(rounding=-1.0), "rounding"),
        (lambda: Difference(0.0, "why"), "margin"),
        (lambda: Difference(0.1, "why", alpha=0.5), "alpha"),
        (lambda: SameRun(0.0, "why"), "tolerance"),
        (lambda: SameRun(0.1, "why", scale=-1.0), "scale"),
        (lambda: Derived("n = 2", factor=0.0), "factor"),
    ],
)
def test_wrong_arguments_are_named(make: Any, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        make()
