"""Runs made within a time known in advance, and one round of hypothesis over the settings of a place."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from theory.claim import Claim
from theory.place import Place
from theory.rng import derive_seed
from theory.setting import AbstractSetting
from verify.judge import admitted, observe
from verify.load import travelling
from verify.outcome import Observation
from verify.rules.registry import judge_of
from verify.runs.batch import batches
from verify.runs.built_in import built_in
from verify.runs.make import CLAIM_SECONDS, measured
from verify.runs.plan import RunSpec
from verify.search.strategies import seeds, settings_at

__all__ = ["Score", "Trials", "explore", "probe_size", "warm_up"]

#: Runs of one setting while searching: enough to see a violation rate of a third, cheap enough for many
#: settings. An identity needs one.
_PROBE = 8
#: Settings tried by one round of hypothesis.
_EXAMPLES = 100
#: Further settings tried to shrink one that breaks the claim.
_SHRINKS = 60

Score = Callable[[Sequence[Observation]], float]


def probe_size(claim: Claim) -> int:
    """Runs of one setting while searching."""
    return 1 if judge_of(claim.rule).single else _PROBE


@dataclass
class Trials:
    """The runs made so far, each once, within a time that is known in advance. `short_of`: the most runs for
    which no time was left."""

    claim: Claim
    engine: str
    ends: float
    claim_seconds: float = CLAIM_SECONDS
    cache: dict[tuple[AbstractSetting, int, int], list[Observation] | None] = field(default_factory=dict)
    made: int = 0
    rejected: int = 0
    pace: float = 0.0
    judgements: int = 0
    scanned: int = 0
    spent: float = 0.0
    short_of: int = 0
    started: float = field(default_factory=time.monotonic)

    @cached_property
    def isolated(self) -> bool:
        """Whether runs are made in a worker: a user's own code may do anything."""
        return not built_in(self.claim.measure, self.claim.experiment.of_model)

    @property
    def left(self) -> float:
        return self.ends - time.monotonic()

    def next_alpha(self) -> float:
        """The error level of the next judgement: alpha 6/(pi k)^2, which add up to alpha over k = 1, 2,
        ..."""
        self.judgements += 1
        level = float(getattr(self.claim.rule, "alpha", 0.05))
        return level * 6 / (math.pi * self.judgements) ** 2

    def affordable(self, share: float) -> int:
        """Runs that fit into this share of the time left, at the pace so far."""
        return int(share * max(0.0, self.left) * self.made / self.spent) if self.spent > 0 else 0

    def at(self, setting: AbstractSetting, seed: int, count: int) -> list[Observation] | None:
        """Runs of one setting with `count` seeds drawn from `seed`; None where the claim is not judged or no
        time is left."""
        key = (setting, seed, count)
        if key not in self.cache:
            run_seeds = [seed] if count == 1 else [derive_seed(seed, "falsify", k) for k in range(count)]
            specs = [
                RunSpec(self.claim.experiment.id, k, k, setting, s, self.engine, {})
                for k, s in enumerate(run_seeds)
            ]
            if admitted(self.claim, specs[0])[1] is not None:
                self.rejected += 1
                self.cache[key] = None
            else:
                made = self.observe(specs)
                if made is None:
                    return None
                self.cache[key] = made or None
        return self.cache[key]

    def observe(self, specs: Sequence[RunSpec]) -> list[Observation] | None:
        """One observation a run the claim speaks of; None when the time left is too short for all."""
        claim = self.claim
        wanted = {spec.index: [claim.id] for spec in specs}
        work = batches(claim.experiment, specs, {claim.id: travelling(claim)}, wanted)
        out = []
        for batch in work:
            if self.left <= 0 or batch.cost * self.pace > self.left:
                self.pace *= 0.5  # one slow batch must not end the search: ask again later
                self.short_of = max(self.short_of, len(specs))
                return None
            started = time.monotonic()
            measurements = measured(batch, isolated=self.isolated, claim_seconds=self.claim_seconds)
            self.pace = (time.monotonic() - started) / batch.cost
            self.spent += time.monotonic() - started
            self.made += len(batch.specs)
            made = {m.spec.index: m for m in measurements}
            seen = observe(claim, batch.specs, made)
            out += [o for o in seen if o.not_judged is None]
        return sorted(out, key=lambda o: o.index)


def warm_up(trials: Trials, setting: AbstractSetting) -> None:
    """One short run, not counted: engines load and compile on first use, which says nothing of their pace."""
    claim = trials.claim
    spec = RunSpec(claim.experiment.id, 0, 0, setting, 0, trials.engine, {})
    clock = None if claim.experiment.clock is None else 2 * setting.clock_step
    experiment = replace(claim.experiment, clock=clock, max_steps=2, snapshots=())
    (batch,) = batches(experiment, [spec], {claim.id: lambda run: 0.0}, {0: [claim.id]})
    measured(batch, isolated=trials.isolated, claim_seconds=trials.claim_seconds)


class _BreaksError(AssertionError):
    """Raised inside hypothesis where the probe runs break the claim, so that it shrinks the setting."""


def explore(
    trials: Trials,
    places: Sequence[Place],
    seed: int,
    score: Score,
    breaks: Callable[[Sequence[Observation]], bool],
) -> list[tuple[AbstractSetting, int]]:
    """One round of hypothesis: the smallest setting whose probe runs break the claim, and the worst one.

    Shrinking takes at most `_SHRINKS` settings and two fifths of the time left, so that
    there is time to judge.
    """
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity, strategies
    from hypothesis.errors import Flaky

    rule = trials.claim.rule
    count = probe_size(trials.claim)
    broken: list[tuple[AbstractSetting, int]] = []
    worst: list[tuple[float, AbstractSetting, int]] = []
    shrinking_ends, made_at_most = [math.inf], [math.inf]

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate, Phase.target, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategies.one_of([settings_at(place, rule) for place in places]), seeds())
    def attempt(setting: AbstractSetting, run_seed: int) -> None:
        known = (setting, run_seed, count) in trials.cache
        if not known and (time.monotonic() > shrinking_ends[0] or trials.made >= made_at_most[0]):
            return
        seen = trials.at(setting, run_seed, count)
        if seen is None:
            return
        value = score(seen)
        worst.append((value, setting, run_seed))
        hypothesis.target(value)
        if breaks(seen):
            if not broken:
                shrinking_ends[0] = time.monotonic() + 0.4 * trials.left
                made_at_most[0] = trials.made + _SHRINKS * count
            broken.append((setting, run_seed))
            raise _BreaksError

    with contextlib.suppress(_BreaksError, Flaky):
        attempt()
    found = [min(broken, key=lambda case: case[0].size())] if broken else []
    if worst:
        found.append(max(worst, key=lambda item: item[0])[1:])
    return list(dict.fromkeys(found))
