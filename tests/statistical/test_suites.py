"""Whole verifications of claims known by construction: false alarms, and broken deciders caught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from theory.claim import Proof
from theory.rules import Band, Event
from verify.outcome import Decision, Observation
from verify.rules.event import EventJudge
from verify.rules.registry import decide, register
from verify.soundness.false_alarms import measure_false_alarms
from verify.soundness.known import known_claims, known_suite

SUITES = 60
SKEWED = ("lognormal_0_5", "lognormal_1", "lognormal_1_5", "exponential")


@dataclass(frozen=True)
class Peeking(Event):
    """An event whose decider looks after every run and keeps the smallest p-value: repeated p-values."""


class PeekingJudge(EventJudge):
    rule = Peeking

    def decide(self, rule: Event, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        once = Event(rule.delta, rule.alpha)
        looks = [decide(once, observations[:k]) for k in range(1, len(observations) + 1)]
        return min(looks, key=lambda d: 1.0 if d.p_value is None else d.p_value)


register(PeekingJudge())


def test_every_kind_of_rule_has_a_claim_that_is_true_by_construction() -> None:
    kinds = {type(c.rule).__name__ for c in known_claims()}
    assert kinds == {
        "Identity", "Event", "Ordering", "EventMap", "Band", "FittedBand",
        "Exponent", "Law", "SameLaw", "ZScores", "Calibration", "Bound", "Difference", "Universal",
    }  # fmt: skip


def test_rules_by_counts_ranks_and_slopes_meet_skewed_truths_and_their_mirror_images() -> None:
    names = {c.id.partition(".")[2] for c in known_claims()}
    for law in SKEWED:
        for rule in ("law", "difference", "exponent", "theta", "bound"):
            assert {f"{rule}.{law}", f"{rule}.{law}.mirrored"} <= names


@pytest.mark.slow
def test_the_suites_keep_their_budget_and_every_claim_its_level() -> None:
    found = measure_false_alarms(SUITES, seed=1)
    assert found.passed, found.text
    by_name = {c.name: c for c in found.claims}
    # The harness can also see success: what is true with room is supported nearly always.
    for name in ("identity", "event.true", "calibration.true", "z_scores.true", "fitted.true"):
        assert by_name[name].supported > 0.8 * SUITES, found.text
    # A median has two thirds of a mean's efficiency: at this number of trials a true law is seldom shown.
    assert by_name["law.true"].supported > 0.1 * SUITES, found.text
    assert by_name["same_law.false"].refuted == SUITES
    assert measure_false_alarms(1, seed=1) == measure_false_alarms(1, seed=1)


@pytest.mark.slow
def test_peeking_an_inflated_alpha_and_a_missing_correction_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the claims of plain laws alone: one of each kind on its border is family enough."""
    plain = [k for k in known_suite() if not any(law in k.name for law in SKEWED)]
    assert len(plain) >= 15
    monkeypatch.setattr("verify.soundness.false_alarms.known_suite", lambda: plain)
    rules = {c.id.removeprefix("false_alarms."): c.rule for c in known_claims()}
    event, band = rules["event.border"], rules["band.border"]
    assert isinstance(event, Event)
    assert isinstance(band, Band)
    found = measure_false_alarms(
        SUITES,
        seed=2,
        error_budget=0.9999,  # as good as none
        declared_budget=0.01,
        rules={
            "event.border": Peeking(event.delta, event.alpha),
            "band.border": replace(band, alpha=9 * band.alpha),
        },
    )
    caught = " ".join(found.too_frequent)
    assert "suites with a false refutation" in caught, found.text
    peeking = next(c for c in found.claims if c.name == "event.border")
    assert peeking.refuted_alone > 2 * event.alpha * SUITES, found.text
    assert "band.border: supported" in caught, found.text


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="suites must be at least 1, was 0"):
        measure_false_alarms(0)
    with pytest.raises(ValueError, match="rules must name known claims, was 'nothing'"):
        measure_false_alarms(1, rules={"nothing": Event()})
