"""The section of false engines: each must refute a claim that the true engine supports."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simulation.models import FalseEngine, flawed_engines
from theory.claim import Claim
from theory.experiment import Experiment
from theory.run import NotApplicable, Run
from verify.outcome import Verdict
from verify.pipeline import verify_claims
from verify.runs.plan import engine_names, job_of, plan_runs
from verify.soundness.section import Section, Table

__all__ = ["EngineOutcome", "chosen_claims", "section", "try_engine"]

#: Runs of an experiment that a false engine makes (replicates of each setting of a sweep or grid).
RUNS, REPLICATES = 20, 4


@dataclass(frozen=True)
class EngineOutcome:
    """`caught_by` are the claims that the true engine supports and this one refutes."""

    name: str
    what: str
    caught_by: tuple[str, ...]
    tried: int
    runs: int

    @property
    def detected(self) -> bool:
        """Whether any claim noticed: `verify run` would have ended with status 1."""
        return bool(self.caught_by)


class _Tolerant:
    """A measurement that is out of its depth on a nonsensical run does not judge it."""

    def __init__(self, measure: Callable[[Run], Any]) -> None:
        self.measure = measure

    def __call__(self, run: Run) -> Any:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return self.measure(run)
            except (ArithmeticError, ValueError, IndexError, np.linalg.LinAlgError) as error:
                return NotApplicable(f"not measurable: {type(error).__name__}")


def _shortened(experiment: Experiment, profile: str) -> Experiment:
    most = REPLICATES if len(experiment.place.settings) > 1 else RUNS
    return replace(experiment, runs={profile: min(experiment.runs.get(profile, 0), most)})


def _cost(experiment: Experiment, profile: str, engine: FalseEngine) -> float:
    specs = plan_runs(experiment, profile, 0)
    return sum(engine.work(job_of(experiment, s.setting, s.seed, engine)) for s in specs)


def chosen_claims(
    claims: Sequence[Claim], verdicts: Mapping[str, Verdict], profile: str, engine: FalseEngine
) -> list[Claim]:
    """The claims that a false engine is tried on: supported ones, judged on engines in whose place it can
    stand, their experiments shortened.

    A symbolic proof has nothing to do with an engine and is left out.
    """
    shortened: dict[str, Experiment | None] = {}
    out = []
    for claim in claims:
        experiment = claim.experiment
        if verdicts.get(claim.id) != "supported" or claim.role != "claim":
            continue
        if not all(engine.stands_for(name, experiment.options) for name in engine_names(experiment)):
            continue
        if experiment.id not in shortened:
            short = _shortened(experiment, profile)
            fits = 0 < _cost(short, profile, engine) <= engine.most_work
            shortened[experiment.id] = short if fits else None
        short_one = shortened[experiment.id]
        if short_one is not None:
            measure = _Tolerant(claim.measure)
            out.append(replace(claim, measure=measure, experiment=short_one, proof=None))
    return out


def _all_flawed(claims: Sequence[Claim]) -> dict[tuple[str, str], FalseEngine]:
    """The false engines of the claims' models, by model and name."""
    models = {c.experiment.of_model.name: c.experiment.of_model for c in claims}
    return {(m.name, name): engine for m in models.values() for name, engine in flawed_engines(m).items()}


def try_engine(
    name: str,
    engine: FalseEngine,
    claims: Sequence[Claim],
    *,
    profile: str,
    seed: int,
    jobs: int,
    progress: bool = False,
) -> EngineOutcome:
    """Judge the claims on runs of a false engine, through the whole pipeline."""
    verification = verify_claims(
        claims,
        profile=profile,
        seed=seed,
        jobs=jobs,
        progress=progress,
        counterexamples=False,
        engine=engine,
    )
    caught = tuple(j.claim.id for j in verification.judgements if j.fails_verification)
    return EngineOutcome(name, engine.what, caught, len(claims), int(verification.run_info["runs"]))


def section(
    claims: Sequence[Claim],
    verdicts: Mapping[str, Verdict],
    *,
    profile: str,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
    engines: Mapping[str, FalseEngine] | None = None,
    all_must_be_noticed: bool = True,
) -> Section:
    """Every false engine of the claims' models on the claims of its model; passed when each of them is
    noticed.

    Without a supported claim on an engine in whose place it can stand there is nothing to notice it with: it
    is not tried. `engines` replaces those of every model.
    A selection of claims need not notice every flaw: then `all_must_be_noticed` is False.
    """
    found_engines = _all_flawed(claims)
    if engines is not None:
        models = dict.fromkeys(model for model, _ in found_engines)
        found_engines = {(model, name): engine for model in models for name, engine in engines.items()}
    outcomes: list[EngineOutcome] = []
    tried: dict[str, None] = {}
    for (model, name), engine in found_engines.items():
        mine = [c for c in claims if c.experiment.of_model.name == model]
        chosen = chosen_claims(mine, verdicts, profile, engine)
        tried |= dict.fromkeys(c.id for c in chosen)
        if chosen:
            outcomes.append(
                try_engine(name, engine, chosen, profile=profile, seed=seed, jobs=jobs, progress=progress)
            )
    found = sum(o.detected for o in outcomes)
    passed = found == len(outcomes) or not all_must_be_noticed
    record = {
        "tried": len(outcomes),
        "detected": found,
        "passed": passed,
        "claims": list(tried),
        "engines": [
            {
                "name": o.name,
                "flaw": o.what,
                "detected": o.detected,
                "caught_by": list(o.caught_by),
                "claims": o.tried,
                "runs": o.runs,
            }
            for o in outcomes
        ],
    }
    table = Table(
        "False engines",
        ("engine", "what is wrong", "noticed", "by claims", "of", "such as"),
        [
            [
                o.name,
                o.what,
                "yes" if o.detected else "NO",
                str(len(o.caught_by)),
                str(o.tried),
                ", ".join(o.caught_by[:4]),
            ]
            for o in outcomes
        ],
    )
    lines = (
        [
            f"{found} of {len(outcomes)} false engines noticed",
            *(
                f"  {o.name}: refutes {len(o.caught_by)} of {o.tried} claims"
                + (f", such as {', '.join(o.caught_by[:3])}" if o.caught_by else " -- NOT NOTICED")
                for o in outcomes
            ),
        ]
        if outcomes
        else ["false engines: no supported claim is judged on an engine that has a false one"]
    )
    runs = sum(o.runs for o in outcomes)
    return Section(
        "engines",
        "False engines",
        record,
        [table],
        lines,
        passed,
        runs,
        f"{found} of {len(outcomes)} noticed, all asked",
    )
