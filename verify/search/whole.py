"""A claim as a whole: by its own rule, on more and more runs of its own experiment."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from theory.place import Place
from theory.rng import derive_seed
from verify.judge import admitted
from verify.load import source_options
from verify.outcome import Counterexample
from verify.rules.registry import decide, judge_of
from verify.runs.plan import plan_runs
from verify.search.fresh import (
    broken_runs,
    counterexample,
)
from verify.search.timed_runs import Trials

__all__ = ["search_whole"]


def search_whole(
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
            worst = (broken_runs(claim, claimed) or claimed)[0] if one else observations[0]
            found = counterexample(claim, worst)
            if not one:
                command = f"python -m verify falsify {claim.id} --seed {seed} --budget {math.ceil(seconds)}s"
                found = replace(found, value=decision.measured, replay=command + source_options(claim))
            return found, f"the claim as a whole: {text}"
    return None, text


def _at_level(rule: Any, alpha: float) -> Any:
    """The rule at another error level; as it is where it has none."""
    return replace(rule, alpha=alpha) if hasattr(rule, "alpha") else rule
