"""Fresh runs for claims that the first ones leave undecided.

A claim ends undecided when its runs show neither, when they are too few for its planned power, when Holm's
correction holds back a refutation that a hundred other claims make unlikely to survive, or when its support
used more than the first runs' share of its level. Such a claim gets, once, `FACTOR` times as many runs again,
fewer where the time is short: own seeds and settings, never pooled with the first ones.

Both levels are split, `FIRST_SHARE` for the first runs and the rest for the fresh ones. A refutation's
p-value is corrected over the claims that are judged again, at the second share of the budget. A support must
hold at the second share of the claim's own level. Both are valid whatever the selection, since fresh runs are
independent of it: a claim that holds is refuted in either stage with probability at most the budget, and one
that is wrong by its margin is supported in either with probability at most its alpha.

The stage may take a tenth of the time. What it takes is reckoned from the plan, not measured, so that
verdicts stay a function of (claims, profile, seed); and how many fresh runs an experiment gets depends on
nothing but that experiment, so that a claim alone is judged on the fresh runs that it has among all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.models import UNITS_A_SECOND, engine_of
from theory.claim import Claim
from theory.experiment import Experiment
from theory.rng import derive_seed
from verify.judge import admitted, judge, observe
from verify.load import travelling
from verify.outcome import Judgement, Observation
from verify.profiles import PROFILES
from verify.runs.batch import Batch, Measurement, batches
from verify.runs.make import Made
from verify.runs.plan import RunSpec, control_job, job_of, plan_runs
from verify.statistics.error_budget import FIRST_SHARE, in_family, level_of, refutation_p
from verify.statistics.holm import holm
from verify.statistics.trials import count

if TYPE_CHECKING:
    from simulation.models import Engine

__all__ = [
    "FACTOR",
    "TIME_SHARE",
    "Fresh",
    "allowed_seconds",
    "fresh_observations",
    "fresh_plans",
    "fresh_seconds",
    "fresh_seed",
    "nominal_seconds",
    "reckoned_seconds",
    "second_stage",
    "settles",
    "within_first_share",
]

#: Of the profile's time, at most.
TIME_SHARE = 0.1
#: Fresh replicates for each first one, as many as there is time for. At the second share of the level, a
#: mean that the first runs left one standard error outside of decision is settled by four times as many.
FACTOR = 4
#: An experiment whose fourfold runs take more than this share of the stage's time gets twofold ones.
_DEAR = 0.05
#: The least that a run counts, in nominal seconds.
_LEAST = 1e-3
#: Cores that a profile's minutes are for.
_CORES = 2
#: Where a profile has no limit, its floor is that of this one.
_TYPICAL = "default"

Planned = Iterable[tuple[Experiment, Sequence[RunSpec]]]
Plans = Callable[[Sequence[Experiment], str, int], Planned]

#: The observations of every claim on its fresh runs, by id; a claim whose code failed is absent.
Fresh = Callable[[Sequence[Claim], Mapping[str, Sequence[RunSpec]]], Mapping[str, tuple[Observation, ...]]]


def fresh_seed(seed: int) -> int:
    """The base seed of the second stage.

    >>> fresh_seed(0) != 0 and fresh_seed(0) == fresh_seed(0)
    True
    """
    return derive_seed(seed, "second stage")


def nominal_seconds(work: Sequence[Batch]) -> float:
    """Planned seconds of making the runs of batches, each at its own work. What is measured on them is not in
    the plan: a run counts `_LEAST` at least."""
    return sum(
        max(sum(maker.work(job) for job in jobs) / (UNITS_A_SECOND * maker.pace), _LEAST * len(b.jobs))
        for b in work
        for jobs, maker in [((*b.jobs, *b.controls), b.maker)]
    )


def allowed_seconds(profile: str, first_seconds: float) -> float:
    """Nominal: a tenth of the profile's planned time, or of its limit where that is more."""
    minutes = PROFILES[profile].minutes or PROFILES[_TYPICAL].minutes or 0.0
    return TIME_SHARE * max(first_seconds, 60.0 * minutes)


def reckoned_seconds(experiment: Experiment, specs: Sequence[RunSpec]) -> float:
    """Seconds of a core that runs take with what is measured of them, by the plan alone: of every run its
    engines' work at their pace, and `Engine.measuring`. Runs where no claim is judged count too: so the sum
    is the same whichever claims are."""
    total = 0.0
    for spec in specs:
        engine = engine_of(experiment.of_model, spec.engine)
        own = job_of(experiment, spec.setting, spec.seed, engine)
        control = control_job(experiment, spec.setting, spec.seed, engine)
        work = engine.work(own) + (0.0 if control is None else engine.work(control))
        total += engine.measuring + work / (UNITS_A_SECOND * engine.pace)
    return total


def fresh_seconds(profile: str, first_seconds: float = 0.0) -> float:
    """Seconds of a core that the stage may take: a tenth of the profile's minutes on its cores; where it has
    none, of the default's, or of the planned time where that is more."""
    limit = PROFILES[profile].minutes
    minutes = limit or PROFILES[_TYPICAL].minutes or 0.0
    return TIME_SHARE * max(0.0 if limit else first_seconds, 60.0 * _CORES * minutes)


def _here(experiments: Sequence[Experiment], profile: str, seed: int) -> Planned:
    return ((e, plan_runs(e, profile, seed)) for e in experiments)


def fresh_plans(
    experiments: Sequence[Experiment], profile: str, seed: int, allowed: float, plans: Plans = _here
) -> dict[str, tuple[Sequence[RunSpec], float]]:
    """Fresh runs of every experiment and their `reckoned_seconds`, by id: `FACTOR` times the first ones, half
    of that where those are dear; none where these take more than is allowed.

    Args:
        allowed: `fresh_seconds` of the whole stage.
        plans: plans the runs of experiments (`verify.ahead.Ahead.plans` does it in workers).
    """
    out: dict[str, tuple[Sequence[RunSpec], float]] = {}
    left = list(experiments)
    for factor, most in ((FACTOR, _DEAR * allowed), (FACTOR // 2, allowed)):
        larger = [replace(e, runs={profile: factor * e.runs.get(profile, 0)}) for e in left]
        for experiment, specs in plans(larger, profile, fresh_seed(seed)):
            price = reckoned_seconds(experiment, specs)
            out[experiment.id] = (specs if price <= most else (), price)
        left = [e for e in left if not out[e.id][0]]
    return out


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


def within_first_share(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgements with a support that used more than the first runs' share of its level undecided."""
    return [_first_share(j) for j in judgements]


def _first_share(judgement: Judgement) -> Judgement:
    decision, level = judgement.decision, FIRST_SHARE * level_of(judgement.claim)
    p = decision.support_p
    if judgement.verdict != "supported" or not in_family(judgement) or p is None or p <= level:
        return judgement
    text = f"That is support with p = {p:.2g}, of which the first runs have {level:.2g}: undecided by them."
    decision = replace(
        decision,
        verdict="inconclusive",
        reason=f"{decision.reason} {text}",
        needed=decision.n_trials + 1,
        grade=None,
    )
    return replace(judgement, decision=decision, chain=(*judgement.chain, text))


def settles(judgement: Judgement) -> bool:
    """Whether fresh runs may settle an undecided claim: it was held back by the budget, or about as many runs
    would decide as it can get."""
    needed = judgement.decision.needed
    if judgement.verdict != "inconclusive" or not in_family(judgement):
        return False
    return judgement.alone or (needed is not None and needed <= FACTOR * judgement.decision.n_trials)


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
    plans: Plans = _here,
) -> list[Judgement]:
    """The judgements with those that fresh runs may settle judged once more.

    Each paper has `budget * (1 - FIRST_SHARE)`, Holm over its claims that are judged again. A claim settled
    there stands with the decision on its fresh runs; the others stay inconclusive, with both p-values in
    words and statistic.

    Args:
        budget: of the whole verification; the first stage has spent `FIRST_SHARE` of it.
        first_seconds: `nominal_seconds` of the first stage.
        fresh: makes and measures the planned runs.
        plans: as in `fresh_plans`.
    """
    judgements = within_first_share(judgements)
    plan = _planned(judgements, profile, seed, first_seconds, plans)
    out = list(judgements)
    for k in plan.left_out:
        text = "The fresh runs that may settle it take more than a tenth of the time: left out."
        out[k] = _noted(judgements[k], text, {"left_out": True})
    if not plan.taken:
        return out
    seen = fresh([judgements[k].claim for k in plan.taken], plan.specs)
    again: dict[int, Judgement] = {}
    for k in plan.taken:
        if judgements[k].claim.id in seen:
            with suppress(Exception):  # a user's rule may raise anything: noted below, for this claim alone
                again[k] = judge(judgements[k].claim, seen[judgements[k].claim.id], judgements[k].proof)
    level = budget * (1 - FIRST_SHARE)
    for paper in dict.fromkeys(judgements[k].claim.paper for k in again):
        mine = [k for k in again if judgements[k].claim.paper == paper]
        adjusted = holm([refutation_p(again[k]) for k in mine])
        for k, p in zip(mine, adjusted, strict=True):
            out[k] = _settled(judgements[k], again[k], p, len(mine), level)
    for k in set(plan.taken) - set(again):
        out[k] = _noted(judgements[k], "Its own code failed on the fresh runs.", {"failed": True})
    return out


def _planned(
    judgements: Sequence[Judgement], profile: str, seed: int, first_seconds: float, plan: Plans
) -> _Plan:
    """Fresh runs of as many experiments as the time allows: first those with a claim that the budget holds
    back, nearest to refutation first; then those with a statement that a paper prints; each from the
    cheapest on."""
    left = allowed = fresh_seconds(profile, first_seconds)
    open_: dict[str, list[int]] = {}
    for k, j in enumerate(judgements):
        if settles(j):
            open_.setdefault(j.claim.experiment.id, []).append(k)
    experiments = [judgements[mine[0]].claim.experiment for mine in open_.values()]
    plans = fresh_plans(experiments, profile, seed, allowed, plan)

    def first(id_: str) -> tuple[float, bool, float, str]:
        held = [judgements[k].decision.adjusted_p or 0.0 for k in open_[id_] if judgements[k].alone]
        ours = not any(judgements[k].claim.is_printed for k in open_[id_])
        return min(held, default=2.0), ours, plans[id_][1], id_

    specs: dict[str, Sequence[RunSpec]] = {}
    taken, left_out = [], []
    for id_ in sorted(open_, key=first):
        runs, price = plans[id_]
        if not runs or price > left:
            left_out += open_[id_]
            continue
        left -= price
        specs[id_] = runs
        taken += open_[id_]
    return _Plan(specs, taken, left_out)


def _settled(first: Judgement, again: Judgement, adjusted: float, claims: int, level: float) -> Judgement:
    """What two stages say: REFUTED, SUPPORTED or, still, undecided."""
    p_first, p_second = refutation_p(first), refutation_p(again)
    alpha = level_of(first.claim)
    refuted = again.verdict == "refuted" and p_second < alpha and adjusted <= level
    support = again.decision.support_p
    own_level = (1 - FIRST_SHARE) * alpha
    supported = again.verdict == "supported" and support is not None and support <= own_level
    among = f"after Holm's correction over {count(claims, 'claim')} judged again" if claims > 1 else "alone"
    told = (
        f"On {count(len(again.judged), 'fresh run')} of its own seeds p = {p_second:.2g}"
        f" ({adjusted:.2g} {among}; first p = {p_first:.2g})"
    )
    detail: dict[str, Any] = {
        "p_first": p_first,
        "p_second": p_second,
        "adjusted": adjusted,
        "support_p": support,
        "claims": claims,
        "level": level,
        "runs": len(again.judged),
        "measured": again.decision.measured,
        "settled": refuted or supported,
    }
    if refuted:
        text = f"{told}, below {level:.3g}: refuted."
    elif supported:
        text = (
            f"Its first {count(len(first.judged), 'run')} left it undecided; on these fresh ones, of its own"
            f" seeds, p = {support:.2g} against its being wrong, of which they have {own_level:.2g}."
        )
    else:
        kept = replace(first.decision, needed=again.decision.needed)
        said = (
            f"{told}: not refuted there, nor supported (p = {1.0 if support is None else support:.2g}, of"
            f" which fresh runs have {own_level:.2g}), so it stays undecided."
        )
        return _noted(replace(first, decision=kept), said, detail)
    settled = replace(
        again,
        decision=replace(again.decision, adjusted_p=adjusted, needed=None),
        chain=(*first.chain, *again.chain),
        proof=first.proof,
    )
    return _noted(settled, text, detail)


def _noted(judgement: Judgement, text: str, detail: Mapping[str, Any]) -> Judgement:
    decision = judgement.decision
    decision = replace(
        decision,
        reason=f"{decision.reason} {text}",
        statistic={**decision.statistic, "second_stage": dict(detail)},
    )
    return replace(judgement, decision=decision, chain=(*judgement.chain, text))
