"""A candidate of a search, judged on runs that no search has seen.

Judgement k = 1, 2, ... spends the error level alpha 6/(pi k)^2, so that all of them together stay below the
rule's alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from simulation.models import engine_of
from theory.claim import Claim
from theory.rng import derive_seed
from verify.load import travelling
from verify.outcome import Counterexample, Observation
from verify.rules.identity import relative_residual
from verify.rules.registry import excess, judge_of
from verify.runs.batch import batches
from verify.runs.make import measured
from verify.runs.plan import spec_of
from verify.search.shrink import replay_command
from verify.search.timed_runs import Score, Trials
from verify.statistics.intervals import runs_for_event

__all__ = [
    "LOOKS",
    "breaks_at",
    "broken_runs",
    "counterexample",
    "judge_fresh",
    "judge_rounding",
    "judge_single",
    "score_of",
]


#: Fewest runs on which a candidate is judged; how many more is a matter of time.
_FRESH = 24


#: Judgements of one candidate on growing numbers of runs.
LOOKS = 3


def score_of(claim: Claim) -> Score:
    judge = judge_of(claim.rule)
    return lambda seen: judge.score(claim.rule, seen)


def broken_runs(claim: Claim, seen: Sequence[Observation]) -> list[Observation]:
    """The runs that break the claim, the worst first."""
    return judge_of(claim.rule).broken(claim.rule, seen)


def breaks_at(claim: Claim) -> Callable[[Sequence[Observation]], bool]:
    """Whether probe runs of one setting break the claim there."""
    judge = judge_of(claim.rule)
    return lambda seen: judge.breaks(claim.rule, seen)


def judge_fresh(trials: Trials, probe: Sequence[Observation], seed: int) -> tuple[Counterexample | None, str]:
    """The claim's rule on runs of one setting that the search has not seen."""
    claim = trials.claim
    judge = judge_of(claim.rule)
    alpha = trials.next_alpha()
    broken = broken_runs(claim, probe)
    runs = _FRESH
    share = judge.share(claim.rule)
    if share is not None:
        rate = len(broken) / len(probe)
        planned = runs_for_event(rate, share, alpha) if rate > share else None
        runs = max(_FRESH, min(planned or 4 * _FRESH, 8 * _FRESH))
    for look in range(LOOKS):
        level = alpha if look == 0 else trials.next_alpha()
        fresh = trials.at(probe[0].setting, derive_seed(seed, "look", look), runs)
        if not fresh:
            return None, ""
        broken = broken_runs(claim, fresh)
        decision = judge.at_setting(claim.rule, fresh, level)
        if decision.verdict == "refuted" and broken:
            return (
                counterexample(claim, broken[0]),
                f"on fresh runs of this setting alone: {decision.reason}",
            )
        if decision.verdict != "inconclusive" or not judge.leans(claim.rule, decision):
            return None, ""
        runs = max(2 * runs, math.ceil(1.3 * (decision.needed or 4 * runs)))
        if runs > trials.affordable(0.5):
            return None, ""
    return None, ""


def judge_single(trials: Trials, seen: Sequence[Observation], seed: int) -> tuple[Counterexample | None, str]:
    """One run that breaks a claim on every run."""
    (o,) = seen
    return counterexample(trials.claim, o), f"one run breaks it: {o.value!r}"


def judge_rounding(
    trials: Trials, seen: Sequence[Observation], seed: int
) -> tuple[Counterexample | None, str]:
    """A residual above its bound that is no rounding: rounding grows with the float type's epsilon.

    In float32 a residual that is rounding is 2^29 times as large as in float64, one that is not stays as it
    is; the line is drawn half-way, at 2^14.5.
    """
    claim = trials.claim
    (o,) = seen
    engine = engine_of(claim.experiment.of_model, o.engine)
    fine = relative_residual(o.value)
    bound = fine / 10 ** (excess(claim, o) or 0.0)
    text = f"residual {fine:.3g}, accepted {bound:.3g}"
    other = "float64" if o.dtype == "float32" else "float32"
    if other not in engine.dtypes:
        return counterexample(claim, o), text
    (batch,) = batches(claim.experiment, [spec_of(o)], {claim.id: travelling(claim)}, {o.index: [claim.id]})
    jobs, controls = (tuple(replace(j, dtype=other) for j in js) for js in (batch.jobs, batch.controls))
    batch = replace(batch, jobs=jobs, controls=controls)
    (made,) = measured(batch, isolated=trials.isolated, claim_seconds=trials.claim_seconds)
    trials.made += 1
    again = relative_residual(made.values.get(claim.id, math.nan))
    ratio = again / fine if other == "float32" else fine / again if again > 0 else math.inf
    if math.isfinite(fine) and ratio > 2**14.5:
        return None, ""
    return counterexample(claim, o), f"{text}; in {other} {again:.3g}"


def counterexample(claim: Claim, o: Observation) -> Counterexample:
    return Counterexample(
        o.setting, o.seed, o.engine, o.value, replay_command(claim, o.setting, o.seed, o.engine)
    )
