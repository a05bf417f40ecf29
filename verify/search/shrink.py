"""The smallest setting and seed that break a refuted claim, found and shrunk by hypothesis."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any, cast

from theory.claim import Claim
from theory.place import Box
from theory.setting import AbstractSetting
from verify.outcome import Counterexample, Decision, Judgement, Observation
from verify.rules.registry import judge_of, violates
from verify.runs.plan import RunSpec

__all__ = [
    "find_counterexample",
    "measure_at",
    "repeat_command",
    "replay_command",
    "replay_words",
    "searchable",
]

_EXAMPLES = 20


def searchable(claim: Claim, engine: str) -> bool:
    """Whether a search may make runs by this engine of the claim's model."""
    from simulation.models import engine_of

    return engine_of(claim.experiment.of_model, engine).searchable


def measure_at(claim: Claim, setting: AbstractSetting, seed: int, engine: str) -> Observation:
    """The claim on one run, which is made where the claim is judged.

    Raises:
        RunFailed: when it cannot be made, or the claim's own code fails on it.
    """
    from verify.judge import admitted, observe
    from verify.load import travelling
    from verify.runs.make import measure_one

    spec = RunSpec(claim.experiment.id, 0, 0, setting, seed, engine, {})
    outside = admitted(claim, spec)[1] is not None
    made = {} if outside else {0: measure_one(claim.experiment, spec, claim.id, travelling(claim))}
    (found,) = observe(claim, [spec], made)
    return found


def find_counterexample(
    judgement: Judgement, profile: str = "", seed: int | None = None
) -> Counterexample | None:
    """Search the claim's box for a small violating run; else the smallest one among its observations.

    Where only the whole experiment breaks the rule (an exponent), its first run stands for it, with the
    number that was judged and, given the verification's profile and seed, the command that repeats that
    number; the same command where the claim speaks of many runs (a law). A claim refuted by its symbolic
    proof alone has none.
    """
    claim = judgement.claim
    judge = judge_of(claim.rule)
    judged = judgement.judged
    if not judged:
        return None
    if judge.whole:
        first = judge.example(claim.rule, judgement.decision, judged)
        if first is None:
            return None
        whole = _counterexample(claim, first.setting, first.seed, first.engine, judgement.decision.measured)
        return whole if seed is None else replace(whole, replay=repeat_command(claim, profile, seed))
    broken = [
        o for o in judged if judge.claimed(claim.rule, o.labels) and violates(claim, o, judgement.decision)
    ]
    if not broken:
        return None
    known = min(broken, key=lambda o: o.setting.size())
    found = _shrunk(claim, known, judgement.decision)
    found = found or _counterexample(claim, known.setting, known.seed, known.engine, known.value)
    # One run does not decide what is said of many: only all of them again do.
    return (
        replace(found, replay=repeat_command(claim, profile, seed))
        if judge.many and seed is not None
        else found
    )


def _shrunk(claim: Claim, known: Observation, decision: Decision) -> Counterexample | None:
    """Hypothesis search over the claim's own box; None when it finds nothing smaller in its budget."""
    place = claim.experiment.place
    if not place.coordinates or not searchable(claim, known.engine):
        return None
    from random import Random

    from hypothesis import HealthCheck, Phase, find, settings, strategies
    from hypothesis.errors import NoSuchExample

    from verify.search.no_constants import without_local_constants
    from verify.search.strategies import seeds, settings_in

    def breaks(case: tuple[AbstractSetting, int]) -> bool:
        seen = measure_at(claim, *case, known.engine)
        return seen.not_judged is None and violates(claim, seen, decision) is True

    try:
        with without_local_constants():
            setting, seed = find(
                strategies.tuples(settings_in(cast("Box", place)), seeds()),
                breaks,
                settings=settings(
                    max_examples=_EXAMPLES,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate, Phase.shrink],
                    suppress_health_check=list(HealthCheck),
                ),
                random=Random(0),
            )
    except NoSuchExample:
        return None
    if setting.size() >= known.setting.size():
        return None
    value = measure_at(claim, setting, seed, known.engine).value
    return _counterexample(claim, setting, seed, known.engine, value)


def _counterexample(
    claim: Claim, setting: AbstractSetting, seed: int, engine: str, value: Any
) -> Counterexample:
    return Counterexample(setting, seed, engine, value, replay_command(claim, setting, seed, engine))


def replay_command(claim: Claim, setting: AbstractSetting, seed: int, engine: str) -> str:
    """The one command that measures the claim on this run again."""
    from verify.load import source_options

    text = json.dumps(setting.as_dict(), separators=(",", ":"))
    command = (
        f"python -m verify replay {claim.id} --setting {shlex.quote(text)} --seed {seed} --engine {engine}"
    )
    return command + source_options(claim)


def replay_words(claim: Claim, value: Any, broken: bool | None) -> str:
    """What one run says of a claim: `broken` as `verify.rules.registry.violates` answers."""
    if broken is None:
        return f"measured {value}; the claim speaks of many runs together, one alone does not decide it"
    return f"the claim {'fails' if broken else 'holds'} on this run (measured {value})"


def repeat_command(claim: Claim, profile: str, seed: int) -> str:
    """The one command that makes the runs of the claim's whole experiment again and judges them."""
    from verify.load import source_options

    command = f"python -m verify run --claims {claim.id} --profile {profile} --seed {seed}"
    return command + source_options(claim)
