"""The error budget of a whole verification, split over its claims.

Each claim alone is refuted at its rule's alpha, so a hundred true claims at .05 raise five false alarms. Here
the refutations of one verification share a budget: a claim stays REFUTED only when its p-value survives
Holm's step-down correction over the family, and the probability that ANY true claim is refuted is then at
most the budget, whatever the dependence between claims (they share runs). Reasoning: docs/statistics.md.

The family is every claim, probes included, that has planned runs and that chance could refute. It is fixed by
(claims, profile), never by what was measured. Identities are compared with rounding error: a true one cannot
be refuted by an unlucky seed, so they take no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from theory.claim import Claim
from verify.outcome import Judgement
from verify.rules.registry import find_judge
from verify.statistics.holm import holm
from verify.statistics.power import runs_to_survive

__all__ = [
    "ERROR_BUDGET",
    "FIRST_SHARE",
    "BudgetUse",
    "budget_use",
    "in_family",
    "level_of",
    "overall_support_p",
    "refutation_p",
    "refuted_alone_only",
    "within_budget",
]

#: Probability that a verification refutes any claim that holds. One false alarm in a hundred verifications is
#: rare enough to look into each; a smaller budget mainly delays refutations.
ERROR_BUDGET = 0.01

#: Share of the budget, and of every claim's own level, for the first runs; the rest is for fresh runs of
#: those that they leave undecided (`verify.second_stage`).
FIRST_SHARE = 0.8


@dataclass(frozen=True)
class BudgetUse:
    """How a verification's budget was spent: its level, the size of the family, the claims refuted alone that
    did not survive, and how many supported claims keep their support at the same level all together."""

    level: float
    family: int
    not_surviving: int
    supported: int
    supported_together: int

    def as_dict(self) -> dict[str, float | int | str]:
        """For `run.json`."""
        return {
            "level": self.level,
            "method": "Holm",
            "first_stage": FIRST_SHARE * self.level,
            "second_stage": (1 - FIRST_SHARE) * self.level,
            "claims": self.family,
            "refuted_alone_only": self.not_surviving,
            "supported": self.supported,
            "supported_at_this_level_together": self.supported_together,
        }


def in_family(judgement: Judgement) -> bool:
    """Whether chance could refute this claim in this profile, with a p-value that says how easily.

    A refutation by a rule of one's own without a p-value stands outside: no correction could ever cover it.
    """
    unknown = judgement.verdict == "refuted" and judgement.decision.p_value is None
    judge = find_judge(judgement.claim.rule)
    by_chance = judge is None or judge.by_chance
    return bool(judgement.observations) and by_chance and not unknown


def refutation_p(judgement: Judgement) -> float:
    """The decision's p-value; 1 where a decider that did not refute gives none."""
    p_value = judgement.decision.p_value
    return 1.0 if p_value is None else p_value


def level_of(claim: Claim) -> float:
    """The claim's own error level alpha; .05 for a rule that names none."""
    return float(getattr(claim.rule, "alpha", 0.05))


def overall_support_p(judgement: Judgement) -> float:
    """The support's p-value over both stages: at most x with probability at most x for a claim wrong by its
    margin, since the stage that decided is divided by its share. 1 where a decider gives none."""
    p = judgement.decision.support_p
    if p is None:
        return 1.0
    settled = judgement.decision.statistic.get("second_stage", {}).get("settled", False)
    return min(1.0, p / (1 - FIRST_SHARE if settled else FIRST_SHARE))


def within_budget(judgements: Sequence[Judgement], budget: float) -> list[Judgement]:
    """Every judgement with its corrected p-value; a refutation that the budget does not cover becomes
    INCONCLUSIVE, with the runs that would make it survive.

    Raises:
        ValueError: when the budget lies outside (0, 1).
    """
    if not 0.0 < budget < 1.0:
        raise ValueError(f"error_budget must lie in (0, 1), was {budget!r}")
    family = [k for k, j in enumerate(judgements) if in_family(j)]
    adjusted = dict(zip(family, holm([refutation_p(judgements[k]) for k in family]), strict=True))
    return [
        _corrected(j, adjusted[k], len(family), budget) if k in adjusted else j
        for k, j in enumerate(judgements)
    ]


def _corrected(judgement: Judgement, adjusted: float, family: int, budget: float) -> Judgement:
    decision = replace(judgement.decision, adjusted_p=adjusted)
    if decision.verdict != "refuted" or adjusted <= budget:
        return replace(judgement, decision=decision)
    p = refutation_p(judgement)
    needed = runs_to_survive(decision.n_trials, p, budget / family)
    judge = find_judge(judgement.claim.rule)
    least, way_out = (0.0, "") if judge is None else judge.least_p(judgement.claim.rule)
    if least > budget:
        needed, more = None, f"; no number of runs can refute this: {way_out}"
    else:
        more = (
            ""
            if needed is None
            else f"; about {needed} runs would decide if the effect is as large as it looks"
        )
    text = (
        f"Alone this refutes (p = {p:.2g}), but not within the error budget {budget:g} of the whole"
        f" verification: of {family} claims that chance could refute, p = {adjusted:.2g} after Holm's"
        f" correction{more}."
    )
    decision = replace(decision, verdict="inconclusive", reason=f"{decision.reason} {text}", needed=needed)
    return replace(judgement, decision=decision, chain=(*judgement.chain, text), alone=True)


def budget_use(judgements: Sequence[Judgement], budget: float) -> BudgetUse:
    """What the budget did to judgements that `within_budget` returned.

    SUPPORTED is wrong with probability at most alpha for each claim on its own. `supported_together` counts
    those whose support p-value survives Holm at the budget over the same family: that these all hold (but for
    their margins) is wrong with probability at most the budget.
    """
    family = [j for j in judgements if in_family(j)]
    adjusted = holm([overall_support_p(j) for j in family])
    supported = [p for j, p in zip(family, adjusted, strict=True) if j.verdict == "supported"]
    lost = sum(refuted_alone_only(j) for j in family)
    return BudgetUse(budget, len(family), lost, len(supported), sum(p <= budget for p in supported))


def refuted_alone_only(judgement: Judgement) -> bool:
    """Whether the claim is refuted at its own level, and held back by the budget."""
    alpha = getattr(judgement.claim.rule, "alpha", None)
    refuted = alpha is not None and refutation_p(judgement) < alpha
    return judgement.verdict == "inconclusive" and in_family(judgement) and refuted
