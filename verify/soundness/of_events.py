"""False variants of events, orders and event maps, and of identities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from theory.claim import Claim
from theory.rules import Event, EventMap, Ordering
from verify.outcome import Observation
from verify.soundness.planted import Exempt, Planted

__all__ = ["plant_event"]


def _negated(observation: Observation) -> bool:
    return not observation.value


def plant_event(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """The event negated (for an `Ordering`: the two things in the other order).

    Above delta = 1/2 an event and its negation can both have probability 1 - delta; there the inequality
    that is
    flipped is the one about the probability: P(event) <= 1 - delta.
    """
    rule: Any = claim.rule
    assert isinstance(rule, Event | EventMap)
    order = isinstance(rule, Ordering)
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
