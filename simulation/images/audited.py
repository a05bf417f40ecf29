"""Audits of trainings whose true labels are known: what the audit says beside what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.audit.answer import Audit
from simulation.audit.judging import audit
from simulation.audit.margins import LIMIT
from simulation.audit.planning import Plan, plan
from simulation.audit.record import Record
from simulation.images.run import ImageRun
from simulation.images.task import Recipe, Task
from simulation.images.train import train_tasks
from theory.rng import derive_seed

__all__ = ["AuditOutcome", "audit_tasks", "record_of"]


@dataclass(frozen=True, eq=False)
class AuditOutcome:
    """An audit and the truth.

    Args:
        answer: of the uniform probes. second: of both rounds, where a matched round was asked for and made.
        rate: realised share of wrong labels. precision, recall: of the suspects (nan without any, or without
            flips).
        cost: best test accuracy of the runs less that at the stop (at the end where no stop is advised).
        best, last: best and last test accuracy, means over the runs.
    """

    answer: Audit
    second: Audit | None
    rate: float
    precision: float
    recall: float
    cost: float
    best: float
    last: float


def record_of(run: ImageRun, made: Plan, r: int) -> Record:
    """A training as the audit's record of run r; step 0 says nothing and is left out."""
    return Record(
        made.observed, made.labels[r], made.probes[r], run.steps[1:],
        np.clip(run.margins[1:], -LIMIT, LIMIT).astype(np.float32), made.k,
        run.predictions[1:].astype(np.int16), made.spoiled,
    )  # fmt: skip


def audit_tasks(
    tasks: Sequence[Task], recipe: Recipe, seeds: Sequence[int], runs: int, *, second_round: bool = False
) -> list[tuple[ImageRun, AuditOutcome]]:
    """Every task audited by `runs` trainings with probes: the first training, and what the audit says.

    With `second_round`, tasks whose audit ends `unlike` are trained as often again with matched probes.
    """
    plans = [
        plan(t.labels, runs=runs, seed=derive_seed(s, "images.audit"))
        for t, s in zip(tasks, seeds, strict=True)
    ]
    trained = _trained(tasks, plans, recipe, seeds, 0)
    out = []
    for task, made, done, seed in zip(tasks, plans, trained, seeds, strict=True):
        records = [record_of(run, made, r) for r, run in enumerate(done)]
        answer = audit(records)
        second = None
        if second_round and answer.verdict == "unlike":
            again = answer.second_plan(runs, seed=derive_seed(seed, "images.audit", 1))
            more = _trained([task], [again], recipe, [seed], 1)[0]
            second = audit([*records, *(record_of(run, again, r) for r, run in enumerate(more))])
        out.append((done[0], _outcome(answer, second, task, done)))
    return out


def _trained(
    tasks: Sequence[Task], plans: Sequence[Plan], recipe: Recipe, seeds: Sequence[int], round_: int
) -> list[list[ImageRun]]:
    from dataclasses import replace

    wide, own = [], []
    for task, made, seed in zip(tasks, plans, seeds, strict=True):
        for r in range(made.runs):
            wide.append(replace(task, labels=made.labels[r]))
            own.append(derive_seed(seed, f"images.audit.round {round_}", r))
    runs = train_tasks(wide, recipe, own)
    out, at = [], 0
    for made in plans:
        out.append(runs[at : at + made.runs])
        at += made.runs
    return out


def _outcome(answer: Audit, second: Audit | None, task: Task, runs: Sequence[ImageRun]) -> AuditOutcome:
    noisy: NDArray[np.bool_] = np.asarray(task.labels != task.y)
    hits = int(noisy[answer.suspects].sum())
    steps = runs[0].steps
    at = len(steps) - 1 if answer.stop_step is None else int(np.searchsorted(steps, answer.stop_step))
    nan = float("nan")
    return AuditOutcome(
        answer=answer, second=second, rate=float(noisy.mean()),
        precision=hits / len(answer.suspects) if len(answer.suspects) else nan,
        recall=hits / int(noisy.sum()) if noisy.any() else nan,
        cost=float(np.mean([r.test_accuracy.max() - r.test_accuracy[at] for r in runs])),
        best=float(np.mean([r.test_accuracy.max() for r in runs])),
        last=float(np.mean([r.test_accuracy[-1] for r in runs])),
    )  # fmt: skip
