"""The smallest setting and seed that break a refuted claim, found and shrunk by hypothesis."""

from __future__ import annotations

import json
import shlex
from typing import Any

from theory.claim import Claim
from theory.rules import EventMap, Exponent, SameLaw
from theory.two_stage.box import Domain
from theory.two_stage.setting import Setting
from verify.outcome import Counterexample, Decision, Judgement, Observation
from verify.runs.plan import RunSpec
from verify.violation import violates

__all__ = ["find_counterexample", "measure_at", "replay_command", "violates"]

_EXAMPLES = 20


def measure_at(claim: Claim, setting: Setting, seed: int, engine: str) -> tuple[Any, int, str | None]:
    """The claim's value on one run, the run's steps, and why it is not judged (None: it is)."""
    from verify.judge import admitted
    from verify.runs.make import measure_one

    spec = RunSpec(claim.experiment.id, 0, 0, setting, seed, engine, {})
    _, reason = admitted(claim, spec)
    if reason is not None:
        return None, 0, reason
    made = measure_one(claim.experiment, spec, claim.id, claim.measure)
    return made.values.get(claim.id), made.steps, made.not_applicable.get(claim.id)


def find_counterexample(judgement: Judgement) -> Counterexample | None:
    """Search the claim's box for a small violating run; else the smallest one among its observations.

    An exponent has no single violating run: its first one stands for the sweep. A claim refuted by
    its symbolic proof alone has none.
    """
    claim = judgement.claim
    judged = judgement.judged
    if not judged or isinstance(claim.rule, SameLaw):
        return None
    if isinstance(claim.rule, Exponent):
        first = judged[0]
        return _counterexample(claim, first.setting, first.seed, first.engine, judgement.decision.measured)
    broken = [
        o for o in judged if _claimed(claim, o) and violates(claim, o.value, o.steps, judgement.decision)
    ]
    if not broken:
        return None
    known = min(broken, key=_size)
    found = _shrunk(claim, known, judgement.decision)
    return found or _counterexample(claim, known.setting, known.seed, known.engine, known.value)


def _claimed(claim: Claim, observation: Observation) -> bool:
    """An `EventMap` also looks at cells below its threshold, of which it claims nothing."""
    rule = claim.rule
    return not isinstance(rule, EventMap) or observation.labels[rule.axis] >= rule.threshold


def _size(observation: Observation) -> tuple[int, int]:
    s = observation.setting
    return s.n * s.m, s.d


def _shrunk(claim: Claim, known: Observation, decision: Decision) -> Counterexample | None:
    """Hypothesis search over the claim's own box; None when it finds nothing smaller in its budget."""
    place = claim.experiment.place
    if not isinstance(place, Domain):
        return None
    from random import Random

    from hypothesis import HealthCheck, Phase, find, settings, strategies
    from hypothesis.errors import NoSuchExample

    from verify.search.no_constants import without_local_constants
    from verify.search.strategies import seeds, settings_in

    def breaks(case: tuple[Setting, int]) -> bool:
        value, steps, reason = measure_at(claim, *case, known.engine)
        return reason is None and violates(claim, value, steps, decision) is True

    try:
        with without_local_constants():
            setting, seed = find(
                strategies.tuples(settings_in(place), seeds()),
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
    if (setting.n * setting.m, setting.d) >= _size(known):
        return None
    value, _, _ = measure_at(claim, setting, seed, known.engine)
    return _counterexample(claim, setting, seed, known.engine, value)


def _counterexample(claim: Claim, setting: Setting, seed: int, engine: str, value: Any) -> Counterexample:
    return Counterexample(setting, seed, engine, value, replay_command(claim, setting, seed, engine))


def replay_command(claim: Claim, setting: Setting, seed: int, engine: str) -> str:
    """The one command that measures the claim on this run again."""
    from verify.load import claims_file_of

    text = json.dumps(setting.as_dict(), separators=(",", ":"))
    command = (
        f"python -m verify replay {claim.id} --setting {shlex.quote(text)} --seed {seed} --engine {engine}"
    )
    file = claims_file_of(claim)
    return command if file is None else f"{command} --claims-file {shlex.quote(str(file))}"
