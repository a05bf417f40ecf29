"""Driving a claim toward violation: hypothesis proposes settings, the claim's own rule judges them.

A single violating run refutes an identity, and nothing else. A claim "with probability at least 1 - delta" is
read at EVERY setting: the search looks for the setting that is worst, and judges it on runs that no search
has seen. Judgement k = 1, 2, ... spends the error level alpha 6/(pi k)^2, so that all of them together stay
below the rule's alpha.

Four ways to fail are looked for, one after the other: the claim as a whole, on more and more runs of its own
experiment; a bad corner, by one run at each of many settings; a slope, by hypothesis; and, for constants that
nobody names, two settings too far apart.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from simulation.models import engine_of
from theory.claim import Claim
from theory.experiment import PROFILES
from theory.place import Box, Place
from theory.rng import derive_seed
from theory.rules import Band, Bound
from theory.setting import AbstractSetting
from verify.judge import admitted
from verify.load import source_options, travelling
from verify.outcome import Counterexample, Observation
from verify.rules.bound import tightness_of
from verify.rules.identity import relative_residual
from verify.rules.registry import decide, excess, judge_of
from verify.runs.batch import batches
from verify.runs.make import CLAIM_SECONDS, measured
from verify.runs.plan import engine_names, plan_runs, spec_of
from verify.search.corners import scan, shrunk
from verify.search.shrink import replay_command, searchable
from verify.search.timed_runs import Score, Trials, explore, probe_size, warm_up
from verify.setting_text import setting_text
from verify.statistics.intervals import exceeds, rate_lower, runs_for_event
from verify.statistics.trials import count

__all__ = ["Falsification", "falsify"]

#: Fewest runs on which a candidate is judged; how many more is a matter of time.
_FRESH = 24
#: Shares of the time for the claim as a whole, and for the scan of its box.
_WHOLE, _SCAN = 0.2, 0.4
_OF_MANY = 0.5
#: Share of the time for a smaller counterexample once the claim as a whole is refuted.
_SMALLER = 0.2
#: Judgements of one candidate on growing numbers of runs.
_LOOKS = 3

_NONE = (
    "no run was judged: every setting tried misses another condition of the claim, or the claim does not "
    "speak of its runs"
)


@dataclass(frozen=True)
class Falsification:
    """What a search did and found. `measured` is the sentence of the judgement that `found` rests on, or
    the closest that any setting came; `rejected` counts settings where the claim is not judged."""

    searched: str
    runs: int
    settings: int
    rejected: int
    seconds: float
    measured: str
    found: Counterexample | None


def falsify(
    claim: Claim,
    *,
    seconds: float,
    outside: Sequence[str] = (),
    seed: int = 0,
    claim_seconds: float = CLAIM_SECONDS,
) -> Falsification:
    """Search for a counterexample until one is found or the time is up.

    Inside the claim's conditions, or, with `outside`, where at least one of the named conditions fails and
    the others hold. `claim_seconds` are allowed to one call of its measure, and no more than `seconds`.

    Raises:
        RunFailed: when a run cannot be made or the claim's own code fails on it.
        ValueError: naming a condition that the claim does not have, or that the box cannot leave.
    """
    profile = next((p for p in PROFILES if claim.experiment.runs.get(p, 0) > 0), "quick")
    one = replace(claim.experiment, runs={profile: 1})
    engine = engine_names(claim.experiment)[0]
    if not searchable(claim, engine):
        raise ValueError(f"{claim.id}: engine {engine} makes no runs for a search")
    places = _places(claim, outside)
    claim_seconds = min(claim_seconds, seconds)
    trials = Trials(claim, engine, math.inf, claim_seconds)
    warm_up(trials, plan_runs(one, profile, seed)[0].setting)
    started = time.monotonic()
    if outside:
        claim = replace(claim, drops=tuple(dict.fromkeys((*claim.drops, *outside))))
    trials = Trials(claim, engine, started + seconds, claim_seconds)
    judge = judge_of(claim.rule)
    if judge.unnamed(claim.rule) is not None:
        found, measured = _search_fitted(trials, places, seed)
    elif judge.local:
        found, measured = _all_ways(trials, places, seed, seconds)
    else:
        found, measured = _rejudge(trials, places, seed, seconds, trials.ends)
    if found is not None and outside:
        found = replace(found, replay=f"{found.replay} --outside {' '.join(outside)}")
    return Falsification(
        searched=_searched(claim, places, outside),
        runs=trials.made,
        settings=trials.scanned
        + len({setting for (setting, _, _), seen in trials.cache.items() if seen is not None}),
        rejected=trials.rejected,
        seconds=time.monotonic() - started,
        measured=measured,
        found=found,
    )


def _places(claim: Claim, outside: Sequence[str]) -> list[Place]:
    place = claim.experiment.place
    if not outside:
        return [place]
    if not place.coordinates:
        raise ValueError(f"--outside: {claim.id} is tried at fixed settings, not in a box that can be left")
    from verify.search.outside import box_outside

    return [box_outside(claim, cast("Box", place), name) for name in outside]


def _searched(claim: Claim, places: Sequence[Place], outside: Sequence[str]) -> str:
    texts = [place.describe() for place in places]
    where = (
        f"where {' or '.join(outside)} fails and the other conditions hold"
        if outside
        else f"outside {', '.join(claim.drops)} on purpose"
        if claim.is_probe
        else "inside all of its conditions"
        if claim.conditions
        else "without conditions"
    )
    return f"{'; and '.join(texts)}; {where}"


def _all_ways(
    trials: Trials, places: Sequence[Place], seed: int, seconds: float
) -> tuple[Counterexample | None, str]:
    """The claim as a whole, then corners, then slopes.

    What refutes the claim as a whole is kept while a single setting that does is looked for a little longer:
    it is smaller, and says more.
    """
    whole: tuple[Counterexample | None, str] = (None, "")
    judge = judge_of(trials.claim.rule)
    if not judge.single:
        share, looks = (_OF_MANY, None) if judge.many else (_WHOLE, _LOOKS)
        whole = _rejudge(trials, places, seed, seconds, trials.started + share * seconds, looks)
        if whole[0] is not None:
            trials.ends = min(trials.ends, time.monotonic() + _SMALLER * seconds)
        for number, place in enumerate(places):
            if not place.coordinates:
                continue
            found, measured = _search_corners(
                trials, cast("Box", place), derive_seed(seed, f"scan {trials.claim.id}", number),
                trials.left * (1 - _SCAN / len(places)),
            )  # fmt: skip
            if found is not None:
                return found, measured
    found, measured = _search(trials, places, seed)
    return (found, measured) if found is not None or whole[0] is None else whole


# One run at a time ---------------------------------------------------------------------------------


def _score_of(claim: Claim) -> Score:
    judge = judge_of(claim.rule)
    return lambda seen: judge.score(claim.rule, seen)


def _broken(claim: Claim, seen: Sequence[Observation]) -> list[Observation]:
    """The runs that break the claim, the worst first."""
    return judge_of(claim.rule).broken(claim.rule, seen)


def _breaks(claim: Claim) -> Callable[[Sequence[Observation]], bool]:
    """Whether probe runs of one setting break the claim there."""
    judge = judge_of(claim.rule)
    return lambda seen: judge.breaks(claim.rule, seen)


def _search_corners(trials: Trials, box: Box, seed: int, ends: float) -> tuple[Counterexample | None, str]:
    """Settings whose single run of a scan breaks the claim: probed, shrunk, judged on fresh runs."""
    claim = trials.claim
    breaks = _breaks(claim)
    size = probe_size(claim)

    def broken_at(setting: AbstractSetting, run_seed: int) -> bool:
        seen = trials.at(setting, run_seed, size)
        return bool(seen) and breaks(seen or ())

    for point, o in scan(trials, box, seed, ends):
        run_seed = derive_seed(o.seed, "corner")
        if not broken_at(o.setting, run_seed):
            continue
        small = shrunk(box, point, lambda setting, at=run_seed: broken_at(setting, at))  # type: ignore[misc]
        for setting in dict.fromkeys((small, o.setting)):
            seen = trials.at(setting, run_seed, size)
            if not seen:
                continue
            fresh = derive_seed(o.seed, "fresh corner")
            found, measured = _judge_fresh(trials, seen, fresh)
            if found is not None:
                return found, measured
    return None, ""


def _search(trials: Trials, places: Sequence[Place], seed: int) -> tuple[Counterexample | None, str]:
    """Rounds of hypothesis, each candidate judged on fresh runs, until one stands or time is up."""
    claim = trials.claim
    judge = judge_of(claim.rule)
    score = _score_of(claim)
    breaks = _breaks(claim)

    closest, closest_score = _NONE, -math.inf
    round_number = candidates = 0
    while trials.left > 0:
        before = trials.made
        round_seed = derive_seed(seed, f"search {claim.id}", round_number)
        for setting, run_seed in explore(trials, places, round_seed, score, breaks):
            seen = trials.at(setting, run_seed, probe_size(claim))
            assert seen is not None
            if score(seen) > closest_score:
                closest, closest_score = _closest(claim, seen, score(seen)), score(seen)
            if not _broken(claim, seen):
                continue
            judged = _judge_rounding if judge.rounding else _judge_single if judge.single else _judge_fresh
            candidates += 1
            found, measured = judged(trials, seen, derive_seed(round_seed, "fresh", candidates))
            if found is not None:
                return found, measured
        round_number += 1
        if trials.made == before and round_number > 3:
            break  # nothing left to try, or no time for another run
    return None, closest


def _closest(claim: Claim, seen: Sequence[Observation], score: float) -> str:
    if judge_of(claim.rule).rounding:
        return f"the worst residual came to {10**score:.2g} of the accepted one"
    if judge_of(claim.rule).many:
        where = "beyond" if _breaks(claim)(seen) else "within"
        return (
            f"at the worst setting {count(len(seen), 'run')} lay {where} the margin;"
            " the claim speaks of many runs together, so few do not decide it"
        )
    broken = len(_broken(claim, seen))
    text = f"at the worst setting {broken} of {len(seen)} runs violated it"
    if isinstance(claim.rule, Bound):
        largest = tightness_of(claim.rule, seen)["largest_ratio"]
        if largest is not None:
            text += f"; largest quantity / bound {largest:.3g}, at {setting_text(seen[0].setting)}"
    return text


def _judge_fresh(
    trials: Trials, probe: Sequence[Observation], seed: int
) -> tuple[Counterexample | None, str]:
    """The claim's rule on runs of one setting that the search has not seen."""
    claim = trials.claim
    judge = judge_of(claim.rule)
    alpha = trials.next_alpha()
    broken = _broken(claim, probe)
    runs = _FRESH
    share = judge.share(claim.rule)
    if share is not None:
        rate = len(broken) / len(probe)
        planned = runs_for_event(rate, share, alpha) if rate > share else None
        runs = max(_FRESH, min(planned or 4 * _FRESH, 8 * _FRESH))
    for look in range(_LOOKS):
        level = alpha if look == 0 else trials.next_alpha()
        fresh = trials.at(probe[0].setting, derive_seed(seed, "look", look), runs)
        if not fresh:
            return None, ""
        broken = _broken(claim, fresh)
        decision = judge.at_setting(claim.rule, fresh, level)
        if decision.verdict == "refuted" and broken:
            return (
                _counterexample(claim, broken[0]),
                f"on fresh runs of this setting alone: {decision.reason}",
            )
        if decision.verdict != "inconclusive" or not judge.leans(claim.rule, decision):
            return None, ""
        runs = max(2 * runs, math.ceil(1.3 * (decision.needed or 4 * runs)))
        if runs > trials.affordable(0.5):
            return None, ""
    return None, ""


def _judge_single(
    trials: Trials, seen: Sequence[Observation], seed: int
) -> tuple[Counterexample | None, str]:
    """One run that breaks a claim on every run."""
    (o,) = seen
    return _counterexample(trials.claim, o), f"one run breaks it: {o.value!r}"


def _judge_rounding(
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
        return _counterexample(claim, o), text
    (batch,) = batches(claim.experiment, [spec_of(o)], {claim.id: travelling(claim)}, {o.index: [claim.id]})
    jobs, controls = (tuple(replace(j, dtype=other) for j in js) for js in (batch.jobs, batch.controls))
    batch = replace(batch, jobs=jobs, controls=controls)
    (made,) = measured(batch, isolated=trials.isolated, claim_seconds=trials.claim_seconds)
    trials.made += 1
    again = relative_residual(made.values.get(claim.id, math.nan))
    ratio = again / fine if other == "float32" else fine / again if again > 0 else math.inf
    if math.isfinite(fine) and ratio > 2**14.5:
        return None, ""
    return _counterexample(claim, o), f"{text}; in {other} {again:.3g}"


def _counterexample(claim: Claim, o: Observation) -> Counterexample:
    return Counterexample(
        o.setting, o.seed, o.engine, o.value, replay_command(claim, o.setting, o.seed, o.engine)
    )


# Theta(.) with unnamed constants -----------------------------------------------------------------------


def _search_fitted(trials: Trials, places: Sequence[Place], seed: int) -> tuple[Counterexample | None, str]:
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
            return None, _NONE
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
            return _counterexample(claim, ordered[0]), text
        if not math.isfinite(low):
            return None, "the values are not finite"
        low_text = (
            f"; at {setting_text(cases[0][0])}"
            f" more than {rule.delta:g} of the runs lie below {low:.4g}, and the widest allowed ratio is"
            f" {unnamed.ratio:g}"
        )
    upper = low * unnamed.ratio
    trials.claim = replace(claim, rule=Band(0.0, upper, rule.reason, rule.delta, rule.alpha))
    found, measured = _search(trials, places, seed)
    return found, measured + low_text


def _mean_log(sign: int) -> Score:
    def score(seen: Sequence[Observation]) -> float:
        logs = [math.log(max(float(o.value), 1e-300)) if math.isfinite(o.value) else 700.0 for o in seen]
        return sign * sum(logs) / len(logs)

    return score


def _rank_above(delta: float, runs: int, alpha: float) -> int:
    """The smallest k for which k of `runs` prove a rate above delta; 0 when none does."""
    return next((k for k in range(1, runs + 1) if exceeds(rate_lower(k, runs, alpha), delta)), 0)


# Rules that speak of many runs ---------------------------------------------------------------------------


def _rejudge(
    trials: Trials,
    places: Sequence[Place],
    seed: int,
    seconds: float,
    ends: float,
    looks: int | None = None,
) -> tuple[Counterexample | None, str]:
    """The claim by its own rule, on fresh replicates of its own experiment, twice as many at every look,
    until the time `ends` or for so many looks a place.

    Sizes and seeds of the looks depend on `seed` alone, so that the same command refutes again.
    """
    claim = trials.claim
    text = "no replication was completed in time"
    profile = next((p for p in ("quick", "default", "full") if claim.experiment.runs.get(p, 0) > 0), "quick")
    least = claim.experiment.runs.get(profile, 1)
    look = 0
    while time.monotonic() < ends and trials.left > 0 and (looks is None or look < looks * len(places)):
        place = places[look % len(places)]
        experiment = replace(
            claim.experiment, place=place, runs={profile: least * 2 ** (look // len(places))}
        )
        specs = plan_runs(experiment, profile, derive_seed(seed, f"replication {claim.id}", look))
        kept = [spec for spec in specs if admitted(claim, spec)[1] is None]
        look += 1
        if trials.made and len(kept) > trials.affordable(1.0) * max(0.0, ends - time.monotonic()) / max(
            trials.left, 1e-9
        ):
            break
        trials.rejected += len(specs) - len(kept)
        observations = trials.observe(kept) if kept else None
        if observations is None:
            break
        if not observations:
            if look > 2 * len(places):
                break
            continue
        trials.cache |= {(o.setting, o.seed, 1): [o] for o in observations}
        rule: Any = claim.rule
        decision = decide(_at_level(rule, trials.next_alpha()), observations)
        text = f"replication {look}, {len(observations)} runs: {decision.reason}"
        if decision.verdict == "refuted":
            judge = judge_of(rule)
            one = judge.local and not judge.many
            claimed = [o for o in observations if judge.claimed(rule, o.labels)]
            worst = (_broken(claim, claimed) or claimed)[0] if one else observations[0]
            found = _counterexample(claim, worst)
            if not one:
                command = f"python -m verify falsify {claim.id} --seed {seed} --budget {math.ceil(seconds)}s"
                found = replace(found, value=decision.measured, replay=command + source_options(claim))
            return found, f"the claim as a whole: {text}"
    return None, text


def _at_level(rule: Any, alpha: float) -> Any:
    """The rule at another error level; as it is where it has none."""
    return replace(rule, alpha=alpha) if hasattr(rule, "alpha") else rule
