"""The verdict calculus: what a rule says of observations.

`decide` looks up the decider of the rule's type; a subclass of a rule is decided as its parent unless it
has its own. A new kind of rule is any type with a function registered for it:

    register(MyRule, decide_my_rule)    # decide_my_rule(rule, observations, proof) -> Decision

The deciders of `theory.rules` stand one kind a file beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

from theory.claim import Proof
from theory.rules import (
    Band,
    Calibration,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    SameLaw,
    ZScores,
)
from verify.outcome import Decision, Observation
from verify.rules.band import decide_band
from verify.rules.calibration import decide_calibration
from verify.rules.event import decide_event
from verify.rules.event_map import decide_event_map
from verify.rules.exponent import decide_exponent
from verify.rules.fitted_band import decide_fitted_band
from verify.rules.identity import decide_identity
from verify.rules.law import decide_law
from verify.rules.same_law import decide_same_law
from verify.rules.trend import fitted_band_trends, law_trends, with_trends
from verify.rules.zscores import decide_zscores

__all__ = ["Decider", "decide", "known_rule", "register"]

Decider = Callable[[Any, Sequence[Observation], Proof | None], Decision]


@singledispatch
def _decide(rule: Any, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    raise ValueError(f"rule has no decider: {type(rule).__name__}; verify.rules.registry.register adds one")


def register(rule_type: type, decider: Decider) -> None:
    """Let `decider(rule, observations, proof)` decide the rules of a type.

    Raises:
        ValueError: when the type has a decider of its own already.
    """
    if rule_type in _decide.registry:
        raise ValueError(f"rule type {rule_type.__name__!r} has a decider already")
    _decide.register(rule_type, decider)


def known_rule(rule: object) -> bool:
    """Whether a rule's type, or one it is derived from, has a decider."""
    return any(kind in _decide.registry for kind in type(rule).__mro__ if kind is not object)


register(Identity, decide_identity)
register(Event, decide_event)  # and Ordering, a subclass
register(EventMap, decide_event_map)
register(Band, decide_band)
register(FittedBand, with_trends(decide_fitted_band, fitted_band_trends))
register(Exponent, decide_exponent)
register(Law, with_trends(decide_law, law_trends))
register(SameLaw, decide_same_law)
register(ZScores, decide_zscores)
register(Calibration, decide_calibration)


def decide(rule: Any, observations: Iterable[Observation], *, proof: Proof | None = None) -> Decision:
    """What the rule says of the judged observations, and of a symbolic proof where there is one.

    A proof that does not hold refutes whatever was measured. A proof that holds does not replace runs:
    without any the claim stays INCONCLUSIVE, and without either it is NOT-APPLICABLE.

    Raises:
        ValueError: when the rule's type has no decider, an observation was not judged, or its value is
            not what the rule asks for (naming the claim value).
    """
    judged = tuple(observations)
    for o in judged:
        if o.not_judged is not None:
            raise ValueError(f"observations must be judged ones, was run {o.index}: {o.not_judged}")
    decision = _decide(rule, judged, proof)
    if proof is None or proof.holds:
        return decision
    step = f" ({proof.steps[-1]})" if proof.steps else ""
    return replace(
        decision,
        verdict="refuted",
        reason=f"The symbolic proof fails{step}. {decision.reason}",
        needed=None,
        p_value=0.0,
        support_p=1.0,
    )
