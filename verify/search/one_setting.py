"""Settings at which one run of a scan, or hypothesis's search for a slope, breaks a claim."""

from __future__ import annotations

import math
from collections.abc import Sequence

from theory.claim import Claim
from theory.place import Box, Place
from theory.rng import derive_seed
from theory.rules import Bound
from theory.setting import AbstractSetting
from verify.outcome import Counterexample, Observation
from verify.rules.bound import ratio_in_words, tightness_of
from verify.rules.registry import judge_of
from verify.search.corners import scan, shrunk
from verify.search.fresh import (
    breaks_at,
    broken_runs,
    judge_fresh,
    judge_rounding,
    judge_single,
    score_of,
)
from verify.search.timed_runs import Trials, explore, probe_size
from verify.setting_text import setting_text
from verify.statistics.trials import count

__all__ = ["nothing_judged", "search_corners", "search_slopes"]


_NOTHING_JUDGED = (
    "no run was judged: every setting tried misses another condition of the claim, or the claim does not "
    "speak of its runs"
)


def nothing_judged(trials: Trials) -> str:
    """Why no run was judged: none of the settings tried counts, or the time ended before any did."""
    if trials.left > 0 or (trials.rejected and not trials.short_of):
        return _NOTHING_JUDGED
    runs = trials.short_of or trials.made
    takes = f" (it takes {count(runs, 'run')})" if runs else ""
    what = "a single setting was judged" if trials.judgements else "one judgement"
    return f"the budget ended before {what}{takes}"


def search_corners(trials: Trials, box: Box, seed: int, ends: float) -> tuple[Counterexample | None, str]:
    """Settings whose single run of a scan breaks the claim: probed, shrunk, judged on fresh runs."""
    claim = trials.claim
    breaks = breaks_at(claim)
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
            found, measured = judge_fresh(trials, seen, fresh)
            if found is not None:
                return found, measured
    return None, ""


def search_slopes(trials: Trials, places: Sequence[Place], seed: int) -> tuple[Counterexample | None, str]:
    """Rounds of hypothesis, each candidate judged on fresh runs, until one stands or time is up."""
    claim = trials.claim
    judge = judge_of(claim.rule)
    score = score_of(claim)
    breaks = breaks_at(claim)

    closest, closest_score = "", -math.inf
    round_number = candidates = 0
    while trials.left > 0:
        before = trials.made
        round_seed = derive_seed(seed, f"search {claim.id}", round_number)
        for setting, run_seed in explore(trials, places, round_seed, score, breaks):
            seen = trials.at(setting, run_seed, probe_size(claim))
            assert seen is not None
            if score(seen) > closest_score:
                closest, closest_score = _closest(claim, seen, score(seen)), score(seen)
            if not broken_runs(claim, seen):
                continue
            judged = judge_rounding if judge.rounding else judge_single if judge.single else judge_fresh
            candidates += 1
            found, measured = judged(trials, seen, derive_seed(round_seed, "fresh", candidates))
            if found is not None:
                return found, measured
        round_number += 1
        if trials.made == before and round_number > 3:
            break  # nothing left to try, or no time for another run
    return None, closest or nothing_judged(trials)


def _closest(claim: Claim, seen: Sequence[Observation], score: float) -> str:
    if judge_of(claim.rule).rounding:
        return f"the worst residual came to {10**score:.2g} of the accepted one"
    if judge_of(claim.rule).many:
        where = "beyond" if breaks_at(claim)(seen) else "within"
        return (
            f"at the worst setting {count(len(seen), 'run')} lay {where} the margin;"
            " the claim speaks of many runs together, so few do not decide it"
        )
    broken = len(broken_runs(claim, seen))
    text = f"at the worst setting {broken} of {len(seen)} runs violated it"
    if isinstance(claim.rule, Bound):
        largest = tightness_of(claim.rule, seen)["largest_ratio"]
        if largest is not None:
            text += f"; {ratio_in_words(claim.rule)} {largest:.3g}, at {setting_text(seen[0].setting)}"
    return text
