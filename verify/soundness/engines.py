"""The section of false engines: each must refute a claim that the true engine supports."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simulation.two_stage.flawed import FALSE_ENGINES, FalseTrainer, Flaw
from theory.claim import Claim
from theory.experiment import Experiment
from theory.run import NotApplicable
from theory.two_stage.box import Grid, Sweep
from theory.two_stage.run import Run
from theory.two_stage.variation import PLAIN
from verify.outcome import Verdict
from verify.pipeline import verify_claims
from verify.runs.plan import plan_runs, run_steps
from verify.soundness.section import Section, Table

__all__ = ["EngineOutcome", "chosen_claims", "section", "try_engine"]

#: Runs of an experiment that a false engine makes (replicates of each setting of a sweep or grid).
RUNS, REPLICATES = 20, 4

#: Experiments longer than this, in steps x filters x samples^2 over all their runs, are left out: they
#: would take
#: most of the time and every flaw shows sooner.
LARGEST_COST = 1.5e9


@dataclass(frozen=True)
class EngineOutcome:
    """`caught_by` are the claims that the true engine supports and this one refutes."""

    name: str
    flaw: Flaw
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
    most = REPLICATES if isinstance(experiment.place, (Sweep, Grid)) else RUNS
    return replace(experiment, runs={profile: min(experiment.runs.get(profile, 0), most)})


def _cost(experiment: Experiment, profile: str) -> float:
    specs = plan_runs(experiment, profile, 0)
    return sum(run_steps(experiment, s.setting) * s.setting.m * float(s.setting.n) ** 2 for s in specs)


def chosen_claims(claims: Sequence[Claim], verdicts: Mapping[str, Verdict], profile: str) -> list[Claim]:
    """The claims that a false engine is tried on: supported ones, judged on an engine of the closure under
    the paper's model, their experiments shortened.

    A symbolic proof has nothing to do with an engine and is left out.
    """
    shortened: dict[str, Experiment | None] = {}
    out = []
    for claim in claims:
        experiment = claim.experiment
        if verdicts.get(claim.id) != "supported" or claim.is_probe:
            continue
        if "cnn" in experiment.engines or experiment.variation != PLAIN:
            continue
        if experiment.id not in shortened:
            short = _shortened(experiment, profile)
            fits = 0 < _cost(short, profile) <= LARGEST_COST
            shortened[experiment.id] = short if fits else None
        short_one = shortened[experiment.id]
        if short_one is not None:
            measure = _Tolerant(claim.measure)
            out.append(replace(claim, measure=measure, experiment=short_one, proof=None))
    return out


def try_engine(
    name: str,
    flaw: Flaw,
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
        trainer=FalseTrainer(flaw),
    )
    caught = tuple(j.claim.id for j in verification.judgements if j.fails_verification)
    return EngineOutcome(name, flaw, caught, len(claims), int(verification.run_info["runs"]))


def section(
    claims: Sequence[Claim],
    verdicts: Mapping[str, Verdict],
    *,
    profile: str,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
    engines: Mapping[str, Flaw] = FALSE_ENGINES,
    all_must_be_noticed: bool = True,
) -> Section:
    """Every false engine on the chosen claims; passed when each of them is noticed.

    Without a supported claim on an engine of the closure there is nothing to notice it with: nothing is
    tried.
    A selection of claims need not notice every flaw: then `all_must_be_noticed` is False.
    """
    chosen = chosen_claims(claims, verdicts, profile)
    outcomes = (
        [
            try_engine(name, flaw, chosen, profile=profile, seed=seed, jobs=jobs, progress=progress)
            for name, flaw in engines.items()
        ]
        if chosen
        else []
    )
    found = sum(o.detected for o in outcomes)
    passed = found == len(outcomes) or not all_must_be_noticed
    record = {
        "tried": len(outcomes),
        "detected": found,
        "passed": passed,
        "claims": [c.id for c in chosen],
        "engines": [
            {
                "name": o.name,
                "flaw": o.flaw.what,
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
                o.flaw.what,
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
        else ["false engines: no supported claim is judged on an engine of the closure"]
    )
    runs = sum(o.runs for o in outcomes)
    return Section("engines", "False engines", record, [table], lines, passed, runs)
