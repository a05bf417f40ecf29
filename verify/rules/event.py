"""Events and orderings: one Bernoulli trial a run."""

from __future__ import annotations

from collections.abc import Sequence

from theory.claim import Proof
from theory.rules import Event
from verify.outcome import Decision, Observation
from verify.statistics.rate import decide_rate
from verify.statistics.trials import bool_value, by_seed, without_runs

__all__ = ["decide_event"]


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
