"""Events and orderings: one Bernoulli trial a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from theory.claim import Claim, Proof
from theory.rules import Event, Ordering
from verify.outcome import Decision, Judgement, Observation
from verify.rules.judge import Exempt, Planted, Readout
from verify.rules.rate_judge import RateJudge
from verify.rules.words import share_in_words
from verify.statistics.rate import decide_rate
from verify.statistics.trials import as_number, bool_value, by_seed, without_runs

__all__ = ["EventJudge", "OrderingJudge", "all_failed", "decide_event", "event_readout", "event_variants"]


def decide_event(rule: Event, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `P(event) >= 1 - delta`; `measured` is the frequency with which the event held.

    Raises:
        ValueError: naming the claim value, when it is not a bool.
    """
    if not observations:
        return without_runs(proof)
    result = decide_rate(by_seed(observations), lambda o: not bool_value(o), rule.delta, rule.alpha)
    assert result.rate is not None
    return Decision(
        result.verdict,
        result.reason,
        measured=1 - result.rate,
        predicted=1 - rule.delta,
        statistic=result.statistic,
        n_trials=result.trials,
        needed=result.needed,
        p_value=result.p_value,
        support_p=result.support_p,
    )


def event_readout(rule: Any, observation: Observation) -> Readout:
    """1 where the event held, 0 where not; 1 is wanted."""
    return Readout(as_number(observation.value), 1.0, 1.0, 1.0)


def all_failed(observations: Sequence[Observation]) -> list[Observation]:
    """The worst outcome: the event failed in every run."""
    return [replace(o, value=False) for o in observations]


def _negated(observation: Observation) -> bool:
    return not observation.value


def event_variants(claim: Claim, order: bool = False) -> Iterator[Planted | Exempt]:
    """The event negated (for an `Ordering`: the two things in the other order).

    Above delta = 1/2 an event and its negation can both have probability 1 - delta; there the inequality that
    is flipped is the one about the probability: P(event) <= 1 - delta.
    """
    rule: Any = claim.rule
    high = rule.delta > 0.5
    yield Planted(
        claim,
        "the other order" if order else "probability flipped" if high else "negated",
        "order" if order else "sign",
        replace(rule, delta=1 - rule.delta) if high else rule,
        "the event happens in a share of at least 1 - delta, so its negation in at most delta, which is "
        "less than "
        "what is claimed of it",
        _negated,
    )


class EventJudge(RateJudge[Event]):
    """One Bernoulli trial a run, against `delta`."""

    rule: ClassVar[type] = Event
    explanation: ClassVar[str] = (
        "One trial a seed: it holds or it does not. The exact (Clopper-Pearson) one-sided limits of the"
        " violation rate are compared with delta."
    )
    number_of: ClassVar[str] = "holds in"

    def decide(self, rule: Event, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_event(rule, observations, proof)

    def excess(
        self, rule: Event, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """1 violated, -1 held."""
        return -1.0 if bool(value) else 1.0

    def worst(self, rule: Event, observations: Sequence[Observation]) -> list[Observation] | None:
        return all_failed(observations)

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        return event_variants(claim)

    def readout(self, rule: Event, decision: Decision, observation: Observation) -> Readout:
        return event_readout(rule, observation)

    def expected(self, judgement: Judgement, setting: Any, readouts: Sequence[Readout]) -> float:
        rule: Any = judgement.claim.rule
        return 1.0 - float(rule.delta)

    def sentence(self, rule: Event) -> str:
        must = f"violation rate must be below {rule.delta:g}, certified at level {1 - rule.alpha:g}."
        if rule.delta < 0.5:
            return f"The {must}"
        return f"What is claimed must happen in more than {1 - rule.delta:.3g} of the runs: the {must}"

    def numbers(self, judgement: Judgement) -> str:
        return share_in_words([bool(o.value) for o in judgement.judged])

    def brief(self, judgement: Judgement) -> str:
        held = [bool(o.value) for o in judgement.judged]
        return f"{sum(held)} of {len(held)} runs"


class OrderingJudge(EventJudge):
    """As an event: the stated order holds in a run or it does not."""

    rule: ClassVar[type] = Ordering
    explanation: ClassVar[str] = "As an event: the stated order holds in a run or it does not."

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        return event_variants(claim, order=True)
