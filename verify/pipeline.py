"""The whole verification: plan, run, measure, judge, look for counterexamples."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theory.claim import Claim
from theory.experiment import Exhibit, Experiment
from theory.question import Question
from verify.curves import measured_curves
from verify.judge import admitted, judge, note_parents, observe
from verify.outcome import Judgement, Showcase, Verification
from verify.runs.make import Batch, Keeper, Measurement, batches, execute
from verify.runs.plan import RunSpec, plan_runs
from verify.statistics.error_budget import ERROR_BUDGET, budget_use, within_budget

if TYPE_CHECKING:
    from simulation.two_stage.trajectory import Trajectory

__all__ = ["builtin_exhibits", "builtin_questions", "verify_claims"]

_VERSIONS = ("torch", "numpy", "scipy", "sympy", "hypothesis", "pandas", "matplotlib")


def builtin_exhibits() -> list[Exhibit]:
    """The runs that the built-in papers want shown in the report."""
    from theory.ledger import PAPERS

    return [e for name in PAPERS for e in getattr(import_module(name), "EXHIBITS", ())]


def builtin_questions() -> list[Question]:
    """The readers' questions that the built-in papers answer."""
    from theory.ledger import PAPERS

    return [q for name in PAPERS for q in getattr(import_module(name), "QUESTIONS", ())]


def verify_claims(
    claims: Sequence[Claim],
    *,
    profile: str,
    seed: int = 0,
    jobs: int = 1,
    device: str = "cpu",
    exhibits: Sequence[Exhibit] = (),
    questions: Sequence[Question] = (),
    progress: bool = False,
    counterexamples: bool = True,
    keeper: Keeper | None = None,
    error_budget: float = ERROR_BUDGET,
    trainer: Callable[[Batch], Sequence[Trajectory]] | None = None,
) -> Verification:
    """Judge claims on fresh runs.

    Claims that name the same experiment share its runs. Verdicts depend on (claims, profile, seed)
    only, not on the number of workers. A `keeper` keeps finished runs and gives them back in a later call
    (`verify.store.KeptBatches`). `error_budget` bounds the probability that any of the claims is refuted
    though it holds (`verify.statistics.error_budget`). A `trainer` makes the runs in place of the engines;
    such runs are
    never kept.

    Raises:
        ValueError: when the budget lies outside (0, 1), two experiments share an id, or a keeper and a
            trainer are given together.
    """
    if not 0.0 < error_budget < 1.0:
        raise ValueError(f"error_budget must lie in (0, 1), was {error_budget!r}")
    if keeper is not None and trainer is not None:
        raise ValueError("runs of a trainer must not be kept: keeper and trainer exclude each other")
    started = time.perf_counter()
    experiments = _experiments(claims)
    curves = [curve for question in questions for curve in question.curves]
    shared = {claim.id for claim in claims} & {curve.id for curve in curves}
    if shared:
        raise ValueError(f"questions: a curve has the id of a claim: {sorted(shared)[0]!r}")
    plans: dict[str, list[RunSpec]] = {}
    work: list[Batch] = []
    for experiment in experiments:
        specs = plan_runs(experiment, profile, seed)
        plans[experiment.id] = specs
        mine = [c for c in claims if c.experiment.id == experiment.id]
        wanted = {spec.index: [c.id for c in mine if admitted(c, spec)[1] is None] for spec in specs}
        shown = [c for c in curves if c.experiment.id == experiment.id]
        measures = {c.id: c.measure for c in mine} | {c.id: c.measure for c in shown}
        wanted = {index: ids + [c.id for c in shown] if ids else [] for index, ids in wanted.items()}
        work += batches(experiment, specs, measures, wanted)

    if trainer is not None:
        work = [replace(batch, trainer=trainer) for batch in work]
    made: dict[str, dict[int, Measurement]] = {e.id: {} for e in experiments}
    for measurement in execute(work, jobs=jobs, device=device, progress=progress, keeper=keeper):
        made[measurement.spec.experiment][measurement.spec.index] = measurement

    judgements: list[Judgement] = []
    for claim in claims:
        proof = claim.proof() if claim.proof is not None else None
        observations = observe(claim, plans[claim.experiment.id], made[claim.experiment.id])
        judgements.append(judge(claim, observations, proof))
    judgements = within_budget(judgements, error_budget)
    if counterexamples:
        judgements = [_with_counterexample(j) for j in judgements]

    showcases = _showcases(exhibits, jobs)
    runs = sum(len(b.specs) for b in work)
    steps = sum(sum(b.steps) for b in work)
    return Verification(
        judgements=tuple(note_parents(judgements)),
        showcases=showcases,
        questions=tuple(questions),
        curves=measured_curves(curves, made),
        run_info={
            **_run_info(profile, seed, jobs, device, runs, steps, time.perf_counter() - started),
            "error_budget": budget_use(judgements, error_budget).as_dict(),
        },
    )


def _with_counterexample(judgement: Judgement) -> Judgement:
    if judgement.verdict != "refuted":
        return judgement
    from verify.search.shrink import find_counterexample

    return replace(judgement, counterexample=find_counterexample(judgement))


def _showcases(exhibits: Sequence[Exhibit], jobs: int) -> tuple[Showcase, ...]:
    from joblib import Parallel, delayed

    from verify.showcase import make_showcase

    if jobs == 1:
        return tuple(make_showcase(exhibit) for exhibit in exhibits)
    return tuple(Parallel(n_jobs=jobs)(delayed(make_showcase)(exhibit) for exhibit in exhibits))


def _experiments(claims: Sequence[Claim]) -> list[Experiment]:
    """Distinct experiments in ledger order.

    Raises:
        ValueError: when two different experiments share an id.
    """
    found: dict[str, Experiment] = {}
    for claim in claims:
        experiment = claim.experiment
        known = found.setdefault(experiment.id, experiment)
        if known != experiment:
            raise ValueError(
                f"claim {claim.id}: experiment id {experiment.id!r} is used by another experiment"
            )
    return list(found.values())


def _run_info(
    profile: str, seed: int, jobs: int, device: str, runs: int, steps: int, seconds: float
) -> dict[str, Any]:
    return {
        "profile": profile,
        "seed": seed,
        "jobs": jobs,
        "device": device,
        "device_name": _device_name(device),
        "runs": runs,
        "gradient_steps": steps,
        "wall_seconds": round(seconds, 1),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "versions": _versions(),
    }


@cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _VERSIONS}


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


@cache
def _git_commit() -> str | None:
    """The commit of the source tree, with "+changes" when it is not clean; None outside git."""
    root = Path(__file__).resolve().parent.parent
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+changes" if dirty else "")
