"""What holds for every rule: empty input, proofs, dispatch, form of the decision."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from decide_cases import observation, observations, sweep, well_formed

from theory.claim import Proof
from theory.rules import (
    Band,
    Calibration,
    Event,
    Exponent,
    FittedBand,
    Identity,
    Law,
    Ordering,
    SameLaw,
    ZScores,
)
from verify.outcome import Decision, Observation
from verify.rules.band import decide_band
from verify.rules.band_fit import decide_fitted_band
from verify.rules.calibration import decide_calibration
from verify.rules.event import decide_event
from verify.rules.identity import decide_identity
from verify.rules.judge import Judge
from verify.rules.law import decide_law
from verify.rules.registry import decide, register
from verify.rules.same_law import decide_same_law
from verify.rules.zscores import decide_zscores
from verify.statistics.trials import without_runs

RULES: list[Any] = [
    Identity(),
    Event(),
    Ordering(),
    Band(0.0, 1.0, reason="test"),
    FittedBand(max_ratio=10.0, reason="test", powers=()),
    Exponent("eta", -1.0),
    Law(margin=0.1, reason="test"),
    SameLaw(margin=0.1, reason="test"),
]
BY_NAME = [pytest.param(rule, id=type(rule).__name__) for rule in RULES]
GOOD: dict[type, list[Observation]] = {
    Identity: observations([1e-16] * 3),
    Event: observations([True] * 60),
    Ordering: observations([True] * 60),
    Band: observations([0.5] * 60),
    FittedBand: observations([0.5] * 120),
    Exponent: sweep([-1.0, -1.01, -0.99]),
    Law: observations([(1.0, 1.0), (1.01, 1.0), (0.99, 1.0)] * 5),
    SameLaw: [
        observation({"x": i / 4000}, i + 4000 * k, engine=engine)
        for k, engine in enumerate(("law", "cnn"))
        for i in range(4000)
    ],
}


@pytest.mark.parametrize("rule", BY_NAME)
def test_no_runs_is_not_applicable(rule: Any) -> None:
    decision = well_formed(decide(rule, []))
    assert decision.verdict == "not-applicable"
    assert "conditions" in decision.reason
    assert decision.n_trials == 0


@pytest.mark.parametrize("rule", BY_NAME)
def test_a_proof_without_runs_is_inconclusive(rule: Any) -> None:
    decision = well_formed(decide(rule, [], proof=Proof(True, ("done",))))
    assert decision.verdict == "inconclusive"
    assert "Proved symbolically" in decision.reason


@pytest.mark.parametrize("rule", BY_NAME)
def test_good_data_support_and_a_failed_proof_overrules_them(rule: Any) -> None:
    assert well_formed(decide(rule, GOOD[type(rule)])).verdict == "supported"
    decision = well_formed(decide(rule, GOOD[type(rule)], proof=Proof(False, ("step 1", "lhs != rhs"))))
    assert decision.verdict == "refuted"
    assert decision.reason.startswith("The symbolic proof fails (lhs != rhs).")
    assert decision.statistic["runs"] == len(GOOD[type(rule)])


@pytest.mark.parametrize("rule", BY_NAME)
def test_a_failed_proof_refutes_without_runs(rule: Any) -> None:
    assert well_formed(decide(rule, [], proof=Proof(False, ()))).verdict == "refuted"


@pytest.mark.parametrize("rule", BY_NAME)
@pytest.mark.parametrize("bad", ["no", None, object()], ids=["text", "none", "object"])
def test_a_value_of_the_wrong_kind_is_named(rule: Any, bad: object) -> None:
    with pytest.raises(ValueError, match=r"claim value must be .* run 0, seed 1000"):
        decide(rule, [observation(bad)])


@pytest.mark.parametrize("rule", BY_NAME)
def test_one_run_never_supports_a_statistical_claim(rule: Any) -> None:
    decision = well_formed(decide(rule, GOOD[type(rule)][:1]))
    assert decision.verdict == ("supported" if isinstance(rule, Identity) else "inconclusive")
    if decision.verdict == "inconclusive":
        assert decision.needed is not None


@pytest.mark.parametrize("rule", BY_NAME)
def test_the_order_of_observations_does_not_matter(rule: Any) -> None:
    forward = decide(rule, GOOD[type(rule)])
    backward = decide(rule, GOOD[type(rule)][::-1])
    assert (forward.verdict, forward.reason) == (backward.verdict, backward.reason)


def test_observations_that_were_not_judged_are_refused() -> None:
    with pytest.raises(ValueError, match="outside dimension"):
        decide(Event(), [observation(None, not_judged="outside dimension")])


def test_users_register_a_rule_of_their_own() -> None:
    @dataclass(frozen=True)
    class AtLeastOnce:
        kind: str = "event"

    class OnceJudge(Judge[AtLeastOnce]):
        rule = AtLeastOnce

        def decide(self, rule: AtLeastOnce, seen: Sequence[Observation], proof: Proof | None) -> Decision:
            held = any(o.value for o in seen)
            return Decision("supported" if held else "inconclusive", "Seen.", held, True, {}, len(seen))

    class SecondJudge(OnceJudge):
        rule = Event

    with pytest.raises(ValueError, match="no judge: AtLeastOnce"):
        decide(AtLeastOnce(), [observation(True)])
    register(OnceJudge())
    assert decide(AtLeastOnce(), observations([False, True])).verdict == "supported"
    assert decide(AtLeastOnce(), observations([False])).verdict == "inconclusive"
    assert decide(AtLeastOnce(), [], proof=Proof(False, ())).verdict == "refuted"
    with pytest.raises(ValueError, match="has a judge already"):
        register(OnceJudge())
    with pytest.raises(ValueError, match="has a judge already"):
        register(SecondJudge())


def test_a_subclass_is_decided_as_its_parent() -> None:
    @dataclass(frozen=True)
    class Rare(Event):
        delta: float = 0.01

    assert decide(Rare(), observations([True] * 298)).verdict == "inconclusive"
    assert decide(Rare(), observations([True] * 299)).verdict == "supported"


def test_importing_the_calculus_loads_no_statistics_package() -> None:
    code = (
        "import sys, verify.rules.registry, verify.statistics.power, verify.statistics.intervals;"
        "print([m for m in ('scipy.stats', 'statsmodels', 'torch', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


PROOFS = (None, Proof(True, ("a step",)), Proof(False, ("a step",)))


@pytest.mark.parametrize("proof", PROOFS[:2])
@pytest.mark.parametrize(
    ("alone", "rule"),
    [
        (decide_event, Event()),
        (decide_band, Band(0.0, 1.0, "test")),
        (decide_fitted_band, FittedBand(8.0, "test")),
        (decide_identity, Identity()),
        (decide_law, Law(0.1, "test")),
        (decide_zscores, ZScores("test")),
        (decide_calibration, Calibration(0.1, "test")),
        (decide_same_law, SameLaw(0.1, "test")),
    ],
)
def test_without_runs_only_the_proof_speaks(alone: Any, rule: Any, proof: Proof | None) -> None:
    assert alone(rule, [], proof) == without_runs(proof)


@pytest.mark.parametrize("proof", PROOFS[:2])
def test_no_run_is_no_trial(proof: Proof | None) -> None:
    found = decide(Event(), [], proof=proof)
    assert (found.n_trials, found.measured) == (0, None)
    assert found.statistic == {"runs": 0, "trials": 0, "interval": None, "level": None}
