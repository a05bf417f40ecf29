"""Could a claim have failed at all? Slack of its bound, room of its conditions, outcomes that refute it.

A bound that is never near what it bounds, conditions that hold nowhere, or a number of runs at which no
outcome refutes make a check that cannot fail. Three numbers a claim say how far it is from that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.condition import Condition, Constants
from theory.paper import load_paper, paper_names, paper_of
from theory.place import Place
from theory.rng import generator
from theory.run import Estimate
from verify.load import reference_box_of
from verify.outcome import Judgement, Verification
from verify.rules.registry import decide, judge_of, read
from verify.statistics.error_budget import ERROR_BUDGET, in_family
from verify.statistics.intervals import rate_interval

__all__ = [
    "Vacuity",
    "condition_share",
    "vacuities",
    "vacuity",
]

#: Settings that conditions are held against: the exact 95 % interval of a share is at most 0.09 wide.
_DRAWS = 500
_LEVEL = 0.95


@dataclass(frozen=True)
class Vacuity:
    """How far a claim is from a check that cannot fail.

    `slack` are the least, median and largest `log10(bound / observed)` over the judged runs of a claim that
    bounds a number (below 0: outside); None for others. `share` is that of the reference box in which it is
    judged, with its exact 95 % interval. `refutable` says whether the worst outcome of these very runs
    would have refuted it, alone and within the error budget of the verification; `how` in words. It speaks
    of the rule and the number of runs: whether the measured quantity can take such values is not asked.
    `rounding` marks a bound that is an allowance for rounding and is meant to be loose.
    """

    claim_id: str
    slack: tuple[float, float, float] | None
    share: Estimate
    refutable_alone: bool
    refutable: bool
    how: str
    rounding: bool = False
    of: str = "the reference box"

    @property
    def warning(self) -> str:
        """What makes the check weak; empty when nothing does."""
        weak = []
        if not self.refutable:
            weak.append("no outcome refutes" + (" within the budget" if self.refutable_alone else ""))
        if self.share.high < 0.01:
            weak.append(f"conditions hold in less than 1 % of {self.of}")
        if self.slack is not None and self.slack[1] > 2 and not self.rounding:
            weak.append("bound a hundred times the observed")
        return "; ".join(weak)

    def as_dict(self) -> dict[str, Any]:
        """JSON types, for `claims.json`."""
        return {
            "slack_log10": None if self.slack is None else list(self.slack),
            "condition_share": self.share.value,
            "condition_share_interval": [self.share.low, self.share.high],
            "refutable_alone": self.refutable_alone,
            "refutable": self.refutable,
            "how": self.how,
            "warning": self.warning,
        }


def reference_place(claim: Claim) -> Place:
    """The space that a claim's conditions are held against: the box of its paper that makes settings of its
    class, its own place where there is none."""
    kind = claim.experiment.setting_class
    paper = load_paper(claim.paper) if claim.paper in paper_names() else paper_of(kind)
    box = reference_box_of(claim) if paper is None else paper.reference_for(kind)
    return claim.experiment.place if box is None else box


@cache
def _settings(place: Place) -> tuple[Any, ...]:
    """Random settings of a box, or the settings of all cells."""
    count = _DRAWS if place.coordinates else 1
    return tuple(p.setting for p in place.points(count, lambda k: generator(0, "vacuity reference box", k)))


@cache
def _inside(condition: Condition, constants: Constants, place: Place) -> tuple[bool, ...]:
    return tuple(condition.holds(s, constants) for s in _settings(place))


def condition_share(claim: Claim) -> Estimate:
    """Share of the reference box where the claim is judged: inside its conditions and, for a probe, outside
    at least one of those it drops; with the exact 95 % interval."""
    place = reference_place(claim)
    draws = len(_settings(place))
    kept = np.ones(draws, dtype=bool)
    for condition in claim.kept_conditions:
        kept &= np.array(_inside(condition, claim.constants, place))
    if claim.is_probe:
        dropped = np.array([_inside(c, claim.constants, place) for c in claim.dropped_conditions])
        kept &= ~dropped.all(axis=0)
    return rate_interval(int(kept.sum()), draws, 1 - _LEVEL)


def vacuity(judgement: Judgement, family: int, budget: float = ERROR_BUDGET) -> Vacuity:
    """How far the claim is from a check that cannot fail; `family` claims share the budget.

    Within the budget means at Holm's first step, `budget / family`: the strictest that may be asked of it.
    """
    claim, rule = judgement.claim, judgement.claim.rule
    judged = judgement.judged
    alone = within = False
    how = "no run was judged"
    judge = judge_of(rule)
    worst = judge.worst(rule, judged) if judged else None
    if worst is not None:
        outcome = decide(rule, worst)
        p = outcome.p_value
        if p is None:  # a rule of one's own need not give one
            p = 0.0 if outcome.verdict == "refuted" else 1.0
        level = budget / max(1, family)
        alone = p < float(getattr(rule, "alpha", 0.05))
        within = alone and (not judge.by_chance or p <= level)
        counts = judge.fails_at(rule, judgement.decision.n_trials, level)
        how = counts or f"the worst outcome of these {len(judged)} runs has p = {p:.2g}"
    elif judged:
        how = f"not known for {type(rule).__name__}"
    share = condition_share(claim)
    of = "its own place" if reference_place(claim) is claim.experiment.place else "the reference box"
    return Vacuity(claim.id, _slack(judgement), share, alone, within, how, judge.rounding, of)


def _slack(judgement: Judgement) -> tuple[float, float, float] | None:
    if not judge_of(judgement.claim.rule).bounds:
        return None
    factors = [read(judgement, o).factor for o in judgement.judged]
    slacks = [math.log10(f) for f in factors if 0 < f < math.inf]
    return (min(slacks), float(np.median(slacks)), max(slacks)) if slacks else None


def vacuities(verification: Verification) -> list[Vacuity]:
    """One a claim that has runs in this profile, in the order of the verification."""
    family = sum(in_family(j) for j in verification.judgements)
    used = verification.run_info.get("error_budget", {})
    budget = float(used.get("level", ERROR_BUDGET)) if isinstance(used, dict) else ERROR_BUDGET
    return [vacuity(j, family, budget) for j in verification.judgements if j.observations]
