"""Judging a planted falsehood, and how many runs its refutation took."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from theory.claim import Proof
from theory.falsehood import GROSS
from theory.rules import Difference, Rule
from verify.outcome import Decision, Observation, Verdict
from verify.rules.ends import interval
from verify.rules.judge import Planted
from verify.rules.registry import decide, judge_of
from verify.second_stage import FACTOR
from verify.statistics.error_budget import FIRST_SHARE, level_of

__all__ = ["Detection", "detect", "detect_again", "smallest_prefix"]


@dataclass(frozen=True)
class Detection:
    """One falsehood's verdict. `runs_needed` is the smallest prefix of the runs that refutes it, `runs`
    all; `settles` says whether fresh runs may settle it (`verify.second_stage.settles`)."""

    planted: Planted
    verdict: Verdict
    reason: str
    runs: int
    runs_needed: int | None
    settles: bool = False

    @property
    def detected(self) -> bool:
        """Whether it was REFUTED."""
        return self.verdict == "refuted"

    @property
    def wrongly_supported(self) -> bool:
        """The worst outcome: a false statement passed."""
        return self.verdict == "supported"

    @property
    def gross(self) -> bool:
        """Whether its kind must be found without exception."""
        return self.planted.kind in GROSS


def detect(
    planted: Planted, observations: Sequence[Observation], proof: Proof | None = None, level: float = 1.0
) -> Detection:
    """Decide a falsehood on the judged observations it is made from.

    A refutation must have a p-value of at most `level`: the share that one claim has of the error budget of
    the verification it would stand in. At 1 the rule's own alpha decides.

    Runs are taken replicate by replicate, so that a prefix holds whole rows of a sweep, all cells of a grid
    and
    both engines.
    """
    planted, ordered = _prepared(planted, observations)
    if not ordered and proof is None:
        return Detection(planted, "not-applicable", "no run was judged", 0, None)
    decision, held_back = _decided(planted, ordered, proof, level)
    verdict, reason = decision.verdict, decision.reason
    p = decision.support_p
    if verdict == "supported" and p is not None and p > FIRST_SHARE * level_of(planted.of):
        verdict, held_back = "inconclusive", True
        reason += f" But first runs support below p = {FIRST_SHARE * level_of(planted.of):.2g} only."
    near = decision.needed is not None and decision.needed <= FACTOR * decision.n_trials
    return Detection(
        planted,
        verdict,
        reason,
        len(ordered),
        _prefix(planted, ordered, proof, level) if verdict == "refuted" else None,
        settles=verdict == "inconclusive" and (held_back or near),
    )


def detect_again(
    first: Detection, observations: Sequence[Observation], proof: Proof | None = None, level: float = 1.0
) -> Detection:
    """What fresh runs make of a falsehood that the first ones left undecided.

    Refuted with a p-value of at most `level`, the second share of the budget that one more claim would have;
    supported at the second share of the rule's own level.
    """
    planted, ordered = _prepared(first.planted, observations)
    if not ordered:
        return first
    decision, _ = _decided(planted, ordered, proof, level)
    p, runs = decision.support_p, first.runs + len(ordered)
    own_level = (1 - FIRST_SHARE) * level_of(planted.of)
    if decision.verdict == "refuted":
        needed = first.runs + _prefix(planted, ordered, proof, level)
        return Detection(planted, "refuted", f"On fresh runs: {decision.reason}", runs, needed)
    if decision.verdict == "supported" and p is not None and p <= own_level:
        return Detection(planted, "supported", f"On fresh runs: {decision.reason}", runs, None)
    reason = f"{first.reason} Nor do {len(ordered)} fresh runs settle it: {decision.reason}"
    return Detection(first.planted, first.verdict, reason, runs, None)


def _prepared(planted: Planted, observations: Sequence[Observation]) -> tuple[Planted, list[Observation]]:
    """The observations as the falsehood measures them, replicate by replicate, and its rule with room for
    them."""
    if planted.value is not None:
        observations = [replace(o, value=planted.value(o)) for o in observations]
    ordered = sorted(observations, key=lambda o: (o.replicate, o.index))
    return replace(planted, rule=_with_room(planted.rule, ordered)), ordered


def _prefix(planted: Planted, ordered: Sequence[Observation], proof: Proof | None, level: float) -> int:
    return smallest_prefix(
        lambda k: _decided(planted, ordered[:k], proof, level)[0].verdict == "refuted", len(ordered)
    )


def _with_room(rule: Rule, observations: Sequence[Observation]) -> Rule:
    """The rule with a bound that holds the moved values: what was declared of the true ones need not hold
    them."""
    if not isinstance(rule, Difference) or rule.bound is None:
        return rule
    ends = [(end, float(o.value[1])) for o in observations for end in interval(o.value[0])]
    largest = max((abs(a - b) for a, b in ends if math.isfinite(a - b)), default=0.0)
    return replace(rule, bound=max(rule.bound, largest))


def _decided(
    planted: Planted, observations: Sequence[Observation], proof: Proof | None, level: float
) -> tuple[Decision, bool]:
    """The decision, and whether it is a refutation that the level holds back."""
    decision = decide(planted.rule, observations, proof=proof)
    p_value = decision.p_value
    # An identity is compared with rounding error: chance cannot refute it, so it takes no part in the budget.
    by_chance = judge_of(planted.rule).by_chance and (proof is None or proof.holds)
    if decision.verdict != "refuted" or not by_chance or (p_value is not None and p_value <= level):
        return decision, False
    reason = f"{decision.reason} But p = {p_value} does not survive the error budget (level {level:.2g})."
    return replace(decision, verdict="inconclusive", reason=reason), p_value is not None


def smallest_prefix(refuted: Callable[[int], bool], runs: int) -> int:
    """The smallest number of runs that refutes, all of them being enough.

    Prefixes are tried at 0, 1, 2, 4, ... and then by bisection between the first that refutes and the one
    before:
    exact when a refutation, once there, stays.

    >>> smallest_prefix(lambda k: k >= 11, 100)
    11
    """
    last, size = -1, 0
    while size < runs and not refuted(size):
        last, size = size, max(1, 2 * size)
    high = min(size, runs)
    low = last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if refuted(middle) else (middle, high)
    return high
