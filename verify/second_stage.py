"""Fresh runs for claims that are refuted alone but not within the error budget of all.

Holm's correction holds back a refutation that a hundred other claims make unlikely to survive. Such a claim
gets, once, as many runs again: own seeds and settings, never pooled with the first ones. Its p-value on them
is corrected over the claims so selected, at the second share of the budget. That is valid, since fresh runs
are independent of the selection: both stages together refute any claim that holds with probability at most
the whole budget. The second stage never supports.

It may take a tenth of the time. What it takes is planned, not measured, so that verdicts stay a function of
(claims, profile, seed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.models import UNITS_A_SECOND
from theory.claim import Claim
from theory.experiment import Experiment
from theory.rng import derive_seed
from verify.judge import admitted, judge, observe
from verify.load import travelling
from verify.outcome import Judgement, Observation
from verify.profiles import PROFILES
from verify.runs.batch import Batch, Measurement, batches
from verify.runs.make import Made
from verify.runs.plan import RunSpec, plan_runs
from verify.statistics.error_budget import FIRST_SHARE, refutation_p
from verify.statistics.holm import holm
from verify.statistics.trials import count

if TYPE_CHECKING:
    from simulation.models import Engine

__all__ = [
    "TIME_SHARE",
    "Fresh",
    "allowed_seconds",
    "fresh_observations",
    "fresh_seed",
    "nominal_seconds",
    "second_stage",
]

#: Of the profile's time, at most.
TIME_SHARE = 0.1
#: The least that a run counts, in nominal seconds.
_LEAST = 1e-3
#: Where a profile has no limit, its floor is that of this one.
_TYPICAL = "default"

#: The observations of every claim on its fresh runs, by id; a claim whose code failed is absent.
Fresh = Callable[[Sequence[Claim], Mapping[str, Sequence[RunSpec]]], Mapping[str, tuple[Observation, ...]]]


def fresh_seed(seed: int) -> int:
    """The base seed of the second stage.

    >>> fresh_seed(0) != 0 and fresh_seed(0) == fresh_seed(0)
    True
    """
    return derive_seed(seed, "second stage")


def nominal_seconds(work: Sequence[Batch]) -> float:
    """Planned cost of batches, comparable between engines only roughly."""
    return sum(max(b.cost / UNITS_A_SECOND, _LEAST * len(b.jobs)) for b in work)


def allowed_seconds(profile: str, first_seconds: float) -> float:
    """A tenth of the profile's planned time, or of its limit where that is more."""
    minutes = PROFILES[profile].minutes or PROFILES[_TYPICAL].minutes or 0.0
    return TIME_SHARE * max(first_seconds, 60.0 * minutes)


def fresh_observations(
    claims: Sequence[Claim],
    plans: Mapping[str, Sequence[RunSpec]],
    make: Callable[[list[Batch], Made], Iterable[Measurement]],
    engine: Engine | None = None,
    twice: frozenset[str] = frozenset(),
) -> dict[str, tuple[Observation, ...]]:
    """The claims measured on these planned runs; a claim whose code fails, or whose runs cannot be made, is
    absent.

    Args:
        claims: all judged on experiments that `plans` holds, by id.
        make: makes the batches and notes what fails.
        engine: stands in for the model's.
        twice: ids of claims that are measured twice (a user's own code).
    """
    work: list[Batch] = []
    for id_, specs in plans.items():
        mine = [c for c in claims if c.experiment.id == id_]
        wanted = {s.index: [c.id for c in mine if admitted(c, s)[1] is None] for s in specs}
        measures = {c.id: travelling(c) for c in mine}
        work += batches(mine[0].experiment, specs, measures, wanted, by=engine, twice=twice)
    notes = Made()
    made: dict[str, dict[int, Measurement]] = {id_: {} for id_ in plans}
    for measurement in make(work, notes):
        made[measurement.spec.experiment][measurement.spec.index] = measurement
    lost = {experiment for experiment, _ in notes.unmade}
    return {
        c.id: observe(c, plans[c.experiment.id], made[c.experiment.id])
        for c in claims
        if c.id not in notes.failures and c.experiment.id not in lost
    }


@dataclass(frozen=True)
class _Plan:
    specs: Mapping[str, Sequence[RunSpec]]
    taken: Sequence[int]
    left_out: Sequence[int]


def second_stage(
    judgements: Sequence[Judgement],
    profile: str,
    seed: int,
    budget: float,
    first_seconds: float,
    fresh: Fresh,
) -> list[Judgement]:
    """The judgements with those held back (`alone`) judged once more on fresh runs.

    Each paper has `budget * (1 - FIRST_SHARE)`, Holm over its claims that are judged again. A claim refuted
    there is REFUTED; the others stay inconclusive, with both p-values in words and statistic.

    Args:
        budget: of the whole verification; the first stage has spent `FIRST_SHARE` of it.
        first_seconds: `nominal_seconds` of the first stage.
        fresh: makes and measures the planned runs.
    """
    plan = _planned(judgements, profile, seed, first_seconds)
    out = list(judgements)
    for k in plan.left_out:
        text = "The fresh runs that would settle it take more than a tenth of the time: left out."
        out[k] = _noted(judgements[k], text, {"left_out": True})
    if not plan.taken:
        return out
    seen = fresh([judgements[k].claim for k in plan.taken], plan.specs)
    again = {
        k: judge(judgements[k].claim, seen[judgements[k].claim.id], None)
        for k in plan.taken
        if judgements[k].claim.id in seen
    }
    level = budget * (1 - FIRST_SHARE)
    for paper in dict.fromkeys(judgements[k].claim.paper for k in again):
        mine = [k for k in again if judgements[k].claim.paper == paper]
        adjusted = holm([refutation_p(again[k]) for k in mine])
        for k, p in zip(mine, adjusted, strict=True):
            out[k] = _settled(judgements[k], again[k], p, len(mine), level)
    for k in set(plan.taken) - set(again):
        out[k] = _noted(judgements[k], "Its own code failed on the fresh runs.", {"failed": True})
    return out


def _planned(judgements: Sequence[Judgement], profile: str, seed: int, first_seconds: float) -> _Plan:
    """Fresh runs of as many held-back claims as the time allows, those nearest to refutation first."""
    allowed = allowed_seconds(profile, first_seconds)
    held = [k for k, j in enumerate(judgements) if j.alone and j.verdict == "inconclusive"]
    held.sort(key=lambda k: (judgements[k].decision.adjusted_p or 0.0, judgements[k].claim.id))
    specs: dict[str, Sequence[RunSpec]] = {}
    taken, left_out = [], []
    spent = 0.0
    for k in held:
        claim = judgements[k].claim
        experiment: Experiment = claim.experiment
        runs = specs.get(experiment.id)
        price = 0.0
        if runs is None:
            runs = plan_runs(experiment, profile, fresh_seed(seed))
            price = nominal_seconds(_work(claim, experiment, runs))
        if spent + price > allowed:
            left_out.append(k)
            continue
        spent += price
        specs[experiment.id] = runs
        taken.append(k)
    return _Plan(specs, taken, left_out)


def _work(claim: Claim, experiment: Experiment, specs: Sequence[RunSpec]) -> list[Batch]:
    wanted = {s.index: [claim.id] for s in specs if admitted(claim, s)[1] is None}
    return batches(experiment, specs, {claim.id: claim.measure}, wanted)


def _settled(first: Judgement, again: Judgement, adjusted: float, claims: int, level: float) -> Judgement:
    """What two stages say: REFUTED or, still, undecided."""
    p_first, p_second = refutation_p(first), refutation_p(again)
    alpha = float(getattr(first.claim.rule, "alpha", 0.05))
    refuted = again.verdict == "refuted" and p_second < alpha and adjusted <= level
    among = f"after Holm's correction over {count(claims, 'claim')} judged again" if claims > 1 else "alone"
    told = (
        f"On {count(len(again.judged), 'fresh run')} of its own seeds p = {p_second:.2g}"
        f" ({adjusted:.2g} {among}; first p = {p_first:.2g})"
    )
    detail: dict[str, Any] = {
        "p_first": p_first,
        "p_second": p_second,
        "adjusted": adjusted,
        "claims": claims,
        "level": level,
        "runs": len(again.judged),
        "measured": again.decision.measured,
    }
    if not refuted:
        return _noted(first, f"{told}: not refuted there, so it stays undecided.", detail)
    noted = _noted(first, f"{told}, below {level:.3g}: refuted. {again.decision.reason}", detail)
    decision = replace(noted.decision, verdict="refuted", needed=None)
    return replace(noted, decision=decision, alone=False)


def _noted(judgement: Judgement, text: str, detail: Mapping[str, Any]) -> Judgement:
    decision = judgement.decision
    decision = replace(
        decision,
        reason=f"{decision.reason} {text}",
        statistic={**decision.statistic, "second_stage": dict(detail)},
    )
    return replace(judgement, decision=decision, chain=(*judgement.chain, text))
