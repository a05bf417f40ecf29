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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from theory.claim import Claim
from theory.experiment import PROFILES
from theory.place import Box, Place
from theory.rng import derive_seed
from verify.outcome import Counterexample
from verify.rules.registry import judge_of
from verify.runs.make import CLAIM_SECONDS
from verify.runs.plan import engine_names, plan_runs
from verify.search.fitted import search_fitted
from verify.search.fresh import LOOKS
from verify.search.one_setting import search_corners, search_slopes
from verify.search.shrink import searchable
from verify.search.timed_runs import Trials, warm_up
from verify.search.whole import search_whole

__all__ = ["Falsification", "falsify"]

#: Shares of the time for the claim as a whole, and for the scan of its box.
_WHOLE, _SCAN = 0.2, 0.4
_OF_MANY = 0.5
#: Share of the time for a smaller counterexample once the claim as a whole is refuted.
_SMALLER = 0.2


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
        found, measured = search_fitted(trials, places, seed)
    elif judge.local:
        found, measured = _all_ways(trials, places, seed, seconds)
    else:
        found, measured = search_whole(trials, places, seed, seconds, trials.ends)
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
        share, looks = (_OF_MANY, None) if judge.many else (_WHOLE, LOOKS)
        whole = search_whole(trials, places, seed, seconds, trials.started + share * seconds, looks)
        if whole[0] is not None:
            trials.ends = min(trials.ends, time.monotonic() + _SMALLER * seconds)
        for number, place in enumerate(places):
            if not place.coordinates:
                continue
            found, measured = search_corners(
                trials, cast("Box", place), derive_seed(seed, f"scan {trials.claim.id}", number),
                trials.left * (1 - _SCAN / len(places)),
            )  # fmt: skip
            if found is not None:
                return found, measured
    found, measured = search_slopes(trials, places, seed)
    return (found, measured) if found is not None or whole[0] is None else whole
