"""`python -m verify images` (several runs and a report) and `python -m simulation images` (one run)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from simulation.images.answer import Check, Judge, checks_of, sentences
from simulation.images.errors import DataError
from simulation.images.kept import KeptRuns, run_key
from simulation.images.request import Request, request_of
from simulation.images.run import ImageRun
from simulation.images.task import Task, task_of
from simulation.images.train import train_tasks

__all__ = ["answer", "make_runs", "run_one"]

_TOGETHER = 8


def answer(argv: Sequence[str], judge: Judge) -> int:
    """`python -m verify images`: 0, or 1 when a claim is refuted on these images, by `judge`.

    Raises:
        DataError: wrong input, in one line that names the option.
    """
    request = request_of(argv)
    if request.plan:
        from simulation.images.forecast import plan_text

        print(plan_text(request), end="")
        return 0
    _check_writable(request.out)
    if request.audit:
        from simulation.images.own_labels import audit_request

        return audit_request(request)
    runs = make_runs(request)
    kind = "observed" if request.real else request.kind
    lines = sentences(runs, kind, validated=request.validation > 0)
    checks = _checks(request, runs, judge)
    from simulation.images.figures import figures_of
    from simulation.images.report import write_report

    fine = [run for run in runs if not run.failed]
    figures = figures_of(request.images, fine) if fine else {}
    if request.attribution != "none" and fine:
        from simulation.images.illustration import maps_of

        figures["maps"], line = maps_of(request)
        lines.append(line)
    write_report(
        request.out, f"Label noise on {request.images.source}", lines, runs, request.images, checks, figures
    )
    print("\n".join(lines))
    for check in checks:
        print(f"  {check.claim.id:28s} {check.word:13s} fails in {check.violated} of {check.of}")
    print(f"Written to {request.out}: report.html, curves.csv, samples.csv, stops.csv, selected_indices.txt.")
    return int(any(check.word == "refuted" and check.claim.role == "claim" for check in checks))


def run_one(argv: Sequence[str]) -> int:
    """`python -m simulation images`: one run, in words, with a picture if asked for.

    Raises:
        DataError: wrong input, in one line that names the option.
    """
    request = request_of(argv, "simulation")
    if request.audit:
        raise DataError("--probe-flip is an option of `python -m verify images`")
    runs = make_runs(request)
    print(
        "\n".join(
            sentences(runs, "observed" if request.real else request.kind, validated=request.validation > 0)
        )
    )
    if request.plot is not None and not runs[0].failed:
        from simulation.images.figures import curves_figure

        curves_figure(runs).savefig(request.plot, dpi=130)
        print(f"Picture: {request.plot}")
    return 0


def _task(request: Request, seed: int) -> Task:
    return task_of(request.labelled(seed), validation=request.validation, seed=seed)


def make_runs(request: Request) -> list[ImageRun]:
    """The runs of a request, kept ones reused, others made side by side and kept at once."""
    kept = KeptRuns(request.resume)
    seeds = [request.first_seed + i for i in range(request.seeds)]
    keys = {
        s: run_key(request.labelled(s), request.recipe, request.validation, request.device, s)
        if request.resume
        else ""
        for s in seeds
    }
    done: dict[int, ImageRun] = {s: found for s in seeds if (found := kept.load(keys[s])) is not None}
    left = [s for s in seeds if s not in done]
    with _progress(len(left) * request.recipe.steps) as advance:
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            before = [0]

            def tick(step: int, before: list[int] = before, width: int = len(part)) -> None:
                if step < before[0]:  # the next network of several made one after the other
                    before[0] = 0
                advance(
                    (step - before[0]) * (width if request.recipe.model in ("cnn", "mlp", "paper") else 1)
                )
                before[0] = step

            made = train_tasks(
                [_task(request, s) for s in part],
                request.recipe,
                part,
                device=request.device,
                on_evaluation=tick,
            )
            for seed, run in zip(part, made, strict=True):
                kept.save(keys[seed], run)
                done[seed] = run
    return [done[s] for s in seeds]


def _checks(request: Request, runs: Sequence[ImageRun], judge: Judge) -> list[Check]:
    """The claims on pairs of digits, on these images; those about flips only where there are flips."""
    from theory.images.experiments import NO_NOISE_RUNS, RUNS
    from theory.images.paper import CLAIMS

    wanted = RUNS if request.flipped else NO_NOISE_RUNS
    rate = (
        float(np.mean(request.rates))
        if max(request.rates) > 0
        else float(np.mean([r.noisy.mean() for r in runs]))
    )
    claims = []
    for claim in CLAIMS:
        names = {condition.name for condition in claim.conditions}
        outside = ("strong noise" in names and rate < 0.2) or ("low noise" in names and rate > 0.2)
        needs_validation = claim.id == "images.stop_val" and not runs[0].v
        if claim.experiment.id == wanted.id and not outside and not needs_validation:
            claims.append(claim)
    return checks_of(claims, [replace(run, setting=None) for run in runs if not run.failed], judge)


def _check_writable(folder: Path) -> None:
    place = folder
    while not place.exists():
        place = place.parent
    if (folder.exists() and not folder.is_dir()) or not place.is_dir() or not os.access(place, os.W_OK):
        raise DataError(f"--out must be a folder that can be written, was {folder}")


class _progress:
    """A bar with the time left, where standard error is a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Any = None

    def __enter__(self) -> Any:
        if not sys.stderr.isatty() or not self._total:
            return lambda _: None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.start()
        task = self._bar.add_task("", total=self._total)
        return lambda steps: self._bar.advance(task, steps)

    def __exit__(self, *raised: object) -> None:
        if self._bar is not None:
            self._bar.stop()
