"""Bands with declared ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

from theory.claim import Proof
from theory.rules import Band
from verify.outcome import Decision, Observation
from verify.statistics.rate import decide_rate
from verify.statistics.trials import by_seed, finite, number_value, plain, without_runs

__all__ = ["decide_band"]


def _range(values: Sequence[float]) -> list[float] | None:
    kept = finite(values)
    return [min(kept), max(kept)] if kept else None


def decide_band(rule: Band, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `P(lower <= quantity <= upper) >= 1 - delta`; `measured` is the range of the finite values.

    nan and inf are violations, also where an end is infinite: inf stands for "did not happen within the
    run", which tells nothing about the quantity.

    Raises:
        ValueError: naming the claim value, when it is not a real number.
    """
    if not observations:
        return without_runs(proof)

    def violated(o: Observation) -> bool:
        value = number_value(o)
        return not (math.isfinite(value) and rule.lower <= value <= rule.upper)

    what = f"leave [{rule.lower:.4g}, {rule.upper:.4g}]"
    result = decide_rate(by_seed(observations), violated, rule.delta, rule.alpha, what)
    values = [number_value(o) for o in observations]
    statistic = {
        **result.statistic,
        "lower": plain(rule.lower),
        "upper": plain(rule.upper),
        "not_finite": len(values) - len(finite(values)),
    }
    return Decision(
        result.verdict,
        result.reason,
        measured=_range(values),
        predicted=[plain(rule.lower), plain(rule.upper)],
        statistic=statistic,
        n_trials=result.trials,
        needed=result.needed,
        p_value=result.p_value,
        support_p=result.support_p,
    )
