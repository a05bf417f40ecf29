"""Theta(.) with constants that nobody names: two settings too far apart for any admissible band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from theory.place import Place
from theory.rng import derive_seed
from theory.rules import Band
from verify.outcome import Counterexample, Observation
from verify.rules.registry import judge_of
from verify.search.fresh import (
    counterexample,
)
from verify.search.one_setting import nothing_judged, search_slopes
from verify.search.timed_runs import Score, Trials, explore
from verify.setting_text import setting_text
from verify.statistics.intervals import exceeds, rate_lower

__all__ = ["search_fitted"]


def search_fitted(trials: Trials, places: Sequence[Place], seed: int) -> tuple[Counterexample | None, str]:
    """No admissible band holds at every setting: a setting that goes low, then one that goes high.

    At the low one, more than delta of the runs lie below `low` (an order statistic of fresh runs, exact
    binomial); so a band with a smaller failure rate starts below it and ends below `low` times the admissible
    ratio, which is then a `Band` claim like any other.
    """
    claim = trials.claim
    rule: Any = claim.rule
    unnamed = judge_of(rule).unnamed(rule)
    assert unnamed is not None
    low, low_text = 1.0, ""
    if unnamed.two_sided:
        whole, trials.ends = trials.ends, trials.ends - 0.6 * trials.left
        cases = explore(trials, places, derive_seed(seed, f"low {claim.id}"), _mean_log(-1), lambda _: False)
        trials.ends = whole
        if not cases:
            return None, nothing_judged(trials)
        alpha = trials.next_alpha()
        fresh = trials.at(cases[0][0], derive_seed(seed, f"low fresh {claim.id}"), 64)
        rank = 0 if not fresh else _rank_above(rule.delta, len(fresh), alpha)
        if not fresh or rank == 0:
            return None, "too few runs to bound the lower end"
        ordered = sorted(fresh, key=lambda o: float(o.value))
        low = float(ordered[rank - 1].value)
        if not low > 0:
            text = (
                f"more than {rule.delta:g} of the runs are not positive, which no band of constants contains"
            )
            return counterexample(claim, ordered[0]), text
        if not math.isfinite(low):
            return None, "the values are not finite"
        low_text = (
            f"; at {setting_text(cases[0][0])}"
            f" more than {rule.delta:g} of the runs lie below {low:.4g}, and the widest allowed ratio is"
            f" {unnamed.ratio:g}"
        )
    upper = low * unnamed.ratio
    trials.claim = replace(claim, rule=Band(0.0, upper, rule.reason, rule.delta, rule.alpha))
    found, measured = search_slopes(trials, places, seed)
    return found, measured + low_text


def _mean_log(sign: int) -> Score:
    def score(seen: Sequence[Observation]) -> float:
        logs = [math.log(max(float(o.value), 1e-300)) if math.isfinite(o.value) else 700.0 for o in seen]
        return sign * sum(logs) / len(logs)

    return score


def _rank_above(delta: float, runs: int, alpha: float) -> int:
    """The smallest k for which k of `runs` prove a rate above delta; 0 when none does."""
    return next((k for k in range(1, runs + 1) if exceeds(rate_lower(k, runs, alpha), delta)), 0)
