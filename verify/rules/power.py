"""Planned power of a decision, as its rule's judge plans it, and what a verdict does with it.

A test that could hardly support the claim at this number of runs and supports it nevertheless was lucky; such
a verdict is INCONCLUSIVE (`with_power`). A refutation is not touched: its error is bounded by alpha at every
number of runs, so luck produces it no more often than declared. docs/statistics.md argues both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from verify.outcome import Decision, Observation
from verify.rules.judge import Plan
from verify.rules.registry import find_judge
from verify.rules.words import below_in_words
from verify.statistics.power import LEAST_POWER

__all__ = ["planned_power", "runs_for_power", "with_power"]

Cells = Sequence[tuple[int, float]]


def planned_power(
    rule: Any,
    n_trials: int,
    spread: float | None = None,
    *,
    quantities: int = 1,
    cells: Cells | None = None,
) -> float | None:
    """Probability that `n_trials` runs give the right verdict, before any is made (`Judge.planned`).

    `n_trials` counts what `Decision.n_trials` counts; `spread` is a trial's standard deviation where the rule
    plans none, `quantities` how many a `SameLaw` compares, `cells` the runs and predicted variances of a
    `Calibration`. None for a rule that plans none.

    Raises:
        ValueError: when n_trials is negative, spread negative, or quantities below 1.

    >>> from theory.rules import Event, Law
    >>> [round(planned_power(Event(delta=0.05), n), 2) for n in (58, 59, 200)]
    [0.0, 0.74, 1.0]
    >>> planned_power(Law(margin=0.1, reason="example"), 10) is None
    True
    """
    if n_trials < 0:
        raise ValueError(f"n_trials must be at least 0, was {n_trials!r}")
    if spread is not None and not spread >= 0:
        raise ValueError(f"spread must be at least 0, was {spread!r}")
    if quantities < 1:
        raise ValueError(f"quantities must be at least 1, was {quantities!r}")
    judge = find_judge(rule)
    return None if judge is None else judge.planned(rule, n_trials, Plan(spread, quantities, cells))


def runs_for_power(
    rule: Any,
    n_trials: int,
    spread: float | None = None,
    *,
    quantities: int = 1,
    cells: Cells | None = None,
    power: float = LEAST_POWER,
) -> int | None:
    """Fewest runs above `n_trials` found to have this planned power; None when there are none up to
    `MAX_RUNS`, or the rule has no planned power. A `Calibration`'s cells grow in proportion.

    >>> from theory.rules import Event, Identity
    >>> runs_for_power(Event(delta=0.05), 59), runs_for_power(Identity(), 6)
    (93, 32)
    """
    judge = find_judge(rule)
    return None if judge is None else judge.runs_for(rule, n_trials, Plan(spread, quantities, cells), power)


def with_power(rule: Any, decision: Decision, observations: Sequence[Observation]) -> Decision:
    """The decision with its planned power; SUPPORTED below `LEAST_POWER` becomes INCONCLUSIVE, with the runs
    that would reach it.

    The effect is the planned one (the claim true with room to spare), never the observed; only a spread that
    the rule does not plan is taken from the runs, and `power_basis` says so.
    """
    judge = find_judge(rule)
    power = None if judge is None else judge.power(rule, decision, observations, LEAST_POWER)
    if power is None:
        return replace(decision, power=None, power_basis="")
    decision = replace(decision, power=power.value, power_basis=power.basis)
    if power.value >= LEAST_POWER or decision.verdict != "supported":
        return decision
    more = (
        "no number of runs up to 100000 has"
        if power.needed is None
        else f"about {power.needed} runs would have"
    )
    value = below_in_words(power.value, LEAST_POWER)
    reason = (
        f"{decision.reason} But a true claim is supported by this many runs only with probability"
        f" {value} ({power.basis}), so this may be luck; {more} the power {LEAST_POWER:g}."
    )
    return replace(decision, verdict="inconclusive", reason=reason, needed=power.needed)
