"""A user's own labels, right or wrong unknown: probes, two trainings, an audit, the list of suspects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulation.audit.answer import Audit
from simulation.audit.judging import audit
from simulation.audit.planning import Plan, plan
from simulation.audit.record import Record
from simulation.images.audited import record_of
from simulation.images.request import Request
from simulation.images.task import Task, scaled_images
from simulation.images.train import train_tasks
from theory.rng import derive_seed

__all__ = ["audit_images", "audit_request", "audit_tasks_of", "seeds_of_round"]

_RUNS = 2
#: Most suspicious images that are pictured.
_SHOWN = 32
#: Checkpoints at this ratio: Stage I may last a dozen steps.
_RATIO = 1.15


def audit_tasks_of(request: Request) -> tuple[Plan, list[Task]]:
    """The probes, and one training a run on all images with the labels that they have."""
    made = plan(request.images.labels, runs=_RUNS, rate=request.probe_rate, seed=request.first_seed)
    return made, _tasks(request, made)


def _tasks(request: Request, made: Plan) -> list[Task]:
    images = request.images
    x, labels = scaled_images(images.x), images.labels
    nothing, everything = x[:0], np.arange(images.n)
    return [
        Task(x, own, labels, nothing, labels[:0], labels[:0], nothing, labels[:0], images.k, everything)
        for own in made.labels
    ]


def seeds_of_round(request: Request, round_: int) -> list[int]:
    """Seeds of the trainings of the first round (0) or of the matched one (1)."""
    return [derive_seed(request.first_seed, "images.own_labels", _RUNS * round_ + r) for r in range(_RUNS)]


def _trained(request: Request, made: Plan, round_: int) -> list[Record]:
    recipe, seeds = replace(request.recipe, ratio=_RATIO), seeds_of_round(request, round_)
    runs = train_tasks(_tasks(request, made), recipe, seeds, device=request.device)
    failed = next((run.failed for run in runs if run.failed), "")
    if failed:
        raise ValueError(f"{failed}: lower --lr")
    return [record_of(run, made, r) for r, run in enumerate(runs)]


def audit_images(request: Request) -> Audit:
    """The audit of all images with the labels that they have, by two trainings of the request's network.

    With `matched`, an answer `unlike` is followed by two more with probes that follow the suspects.
    """
    names = np.array(request.images.class_names)
    records = _trained(request, audit_tasks_of(request)[0], 0)
    answer = audit(records, classes=names)
    if request.matched and answer.verdict == "unlike" and len(answer.suspects):
        second = answer.second_plan(_RUNS, seed=derive_seed(request.first_seed, "images.own_labels.matched"))
        answer = audit([*records, *_trained(request, second, 1)], classes=names)
    return answer


def audit_request(request: Request) -> int:
    """Audit, print the answer, write page, suspects, curves and figures; 0 whatever the verdict."""
    from simulation.audit.report import write_audit
    from simulation.images.figures import pictures_figure

    answer = audit_images(request)
    images, folder = request.images, request.out
    shown = answer.suspects[:_SHOWN].tolist()
    titles = [f"{images.files[i][-24:] if images.files else f'#{i}'}\n{_doubt(answer, i)}" for i in shown]
    pictures = {"suspects": pictures_figure(images, shown, titles)} if shown else {}
    write_audit(answer, folder, files=images.files, pictures=pictures)
    print(answer.text(), end="")
    print(f"Written to {folder}: audit.html, suspects.csv, curves.csv, figures.")
    return 0


def _doubt(answer: Audit, i: int) -> str:
    label = answer.classes[answer.observed[i]]
    return f"{label}?" if answer.predicted is None else f"{label}, or {answer.classes[answer.predicted[i]]}?"
