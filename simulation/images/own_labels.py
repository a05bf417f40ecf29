"""A user's own labels, right or wrong unknown: probes, two trainings, an audit, the list of suspects."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np

from simulation.audit.answer import Audit
from simulation.audit.judging import audit
from simulation.audit.planning import plan
from simulation.images.audited import record_of
from simulation.images.request import Request
from simulation.images.task import Task, scaled_images
from simulation.images.train import train_tasks
from theory.rng import derive_seed

__all__ = ["audit_images", "audit_request"]

_RUNS = 2
#: Checkpoints at this ratio: Stage I may last a dozen steps.
_RATIO = 1.15


def audit_images(request: Request) -> Audit:
    """The audit of all images with the labels that they have, by two trainings of the request's network."""
    images = request.images
    x = scaled_images(images.x)
    labels = images.labels
    made = plan(labels, runs=_RUNS, rate=request.probe_rate, seed=request.first_seed)
    nothing = x[:0]
    tasks = [
        Task(
            x, made.labels[r], labels, nothing, labels[:0], nothing, labels[:0], images.k, np.arange(images.n)
        )
        for r in range(_RUNS)
    ]
    seeds = [derive_seed(request.first_seed, "images.own_labels", r) for r in range(_RUNS)]
    runs = train_tasks(tasks, replace(request.recipe, ratio=_RATIO), seeds, device=request.device)
    failed = next((run.failed for run in runs if run.failed), "")
    if failed:
        raise ValueError(f"{failed}: lower --lr")
    return audit(
        [record_of(run, made, r) for r, run in enumerate(runs)], classes=np.array(images.class_names)
    )


def audit_request(request: Request) -> int:
    """Audit, print the answer, write it with `suspects.csv`; 0 whatever the verdict."""
    answer = audit_images(request)
    folder = request.out
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text(answer.to_json() + "\n", encoding="utf-8")
    (folder / "audit.md").write_text(f"# Audit\n\n```\n{answer.text()}```\n", encoding="utf-8")
    with (folder / "suspects.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = request.images.class_names
        writer.writerow(("rank", "index", "label", "predicted", "suspicion"))
        for rank, i in enumerate(answer.suspects.tolist(), start=1):
            guess = "" if answer.predicted is None else names[answer.predicted[i]]
            writer.writerow((rank, i, names[answer.observed[i]], guess, f"{answer.suspicion[i]:.6g}"))
    from simulation.images.figures import pictures_figure

    shown = answer.suspects[:32].tolist()
    if shown:
        titles = [f"#{i} {request.images.class_names[answer.observed[i]]}?" for i in shown]
        (folder / "figures").mkdir(exist_ok=True)
        pictures_figure(request.images, shown, titles).savefig(folder / "figures" / "suspects.png", dpi=110)
    print(answer.text(), end="")
    print(f"Written to {folder}: audit.md, suspects.csv.")
    return 0
