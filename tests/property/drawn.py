"""Settings and seeds drawn by hypothesis, and the run or the verdict that comes of them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import settings as hypothesis_settings

from theory.claim import Claim
from theory.experiment import Experiment
from theory.place import Box
from theory.rng import derive_seed
from theory.setting import AbstractSetting
from verify.judge import admitted, judge, observe
from verify.outcome import Judgement
from verify.rules.registry import violates
from verify.runs.batch import Measurement, batches
from verify.runs.plan import RunSpec, engine_names
from verify.runs.work import run_batch
from verify.search.shrink import replay_command
from verify.search.strategies import seeds, settings_in

__all__ = ["assert_holds", "drawn_specs", "judged", "measured", "refutation", "run_seed"]


def run_seed(setting: AbstractSetting, seed: int) -> int:
    """A run's seed from everything that was drawn.

    Hypothesis likes to reuse a value, and runs that share a seed share their draws: they would be one
    trial. Different settings get different seeds, so that every example is a trial of its own.
    """
    return derive_seed(seed, repr(setting))


def drawn_specs(experiment: Experiment) -> list[RunSpec]:
    """As many different runs of an experiment's box as the hypothesis profile has examples."""
    place = experiment.place
    assert isinstance(place, Box)
    cases: dict[tuple[AbstractSetting, int], None] = {}

    @hypothesis_settings()
    @given(settings_in(place), seeds())
    def collect(setting: AbstractSetting, seed: int) -> None:
        cases[setting, run_seed(setting, seed)] = None

    collect()
    (engine,) = engine_names(experiment)
    return [
        RunSpec(experiment.id, index, index, setting, seed, engine, {})
        for index, (setting, seed) in enumerate(cases)
    ]


def measured(claims: Sequence[Claim], specs: Sequence[RunSpec]) -> dict[int, Measurement]:
    """The runs of claims that share an experiment, each made once; by run index."""
    (experiment,) = {c.experiment for c in claims}
    wanted = {spec.index: [c.id for c in claims if admitted(c, spec)[1] is None] for spec in specs}
    work = batches(experiment, specs, {c.id: c.measure for c in claims}, wanted)
    return {m.spec.index: m for batch in work for m in run_batch(batch, "cpu").measurements}


def judged(claims: Sequence[Claim], specs: Sequence[RunSpec]) -> list[Judgement]:
    """The claims' own rules on drawn runs."""
    made = measured(claims, specs)
    return [judge(claim, observe(claim, specs, made), None) for claim in claims]


def refutation(judgement: Judgement) -> str | None:
    """Why a claim is refuted, with the command that replays its smallest violating run; None if it is not."""
    if judgement.verdict != "refuted":
        return None
    claim = judgement.claim
    broken = [o for o in judgement.judged if violates(claim, o, judgement.decision)]
    smallest = min(broken, key=lambda o: o.setting.size())
    command = replay_command(claim, smallest.setting, smallest.seed, smallest.engine)
    return f"{claim.id}: {judgement.decision.reason} Replay: {command}"


def assert_holds(claims: Sequence[Claim], setting: AbstractSetting, seed: int) -> None:
    """Every claim on one run; a failure tells the command that replays it.

    For claims that hold surely: identities, bounds without exceptional events.
    """
    (engine,) = engine_names(claims[0].experiment)
    spec = RunSpec("", 0, 0, setting, seed, engine, {})
    (made,) = measured(claims, [spec]).values()
    for claim in claims:
        if claim.id in made.not_applicable:
            continue
        (seen,) = observe(claim, [spec], {0: made})
        assert seen.not_judged is None
        assert violates(claim, seen) is False, (
            f"{claim.id}: value {seen.value} breaks it. "
            f"Replay: {replay_command(claim, setting, seed, engine)}"
        )
