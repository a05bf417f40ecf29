"""What can be said before any training: the kernel flow's forecast, and how many validation images are
needed."""

from __future__ import annotations

import math

import numpy as np

from simulation.images.flow import kernel_flow
from simulation.images.own_labels import audit_tasks_of
from simulation.images.request import Request
from simulation.images.run import ImageRun
from simulation.images.task import Task, task_of
from theory.images.measures import clean_fit, memorised, t_clean, t_half
from theory.images.validation import validation_needed
from theory.rng import generator

__all__ = ["forecast", "plan_text"]

#: Images the flow is run on at most: a step costs their square.
_MOST = 400
_STEPS = 4000
_CLOCK_STEP = 2.0
#: Difference of fits from which an audit sees a Stage I.
_SEEN = 0.1


def forecast(request: Request) -> list[str]:
    """Sentences of the kernel flow on two classes, with the flips or probes of the request."""
    if request.images.k != 2:
        return ["No forecast: the kernel flow is written for two classes."]
    if not (request.audit or request.flipped):
        return [
            "No forecast: without known flips nothing tells memorisation apart; `--probe-flip` makes some."
        ]
    task = _task(request)
    chosen = generator(0, "images.forecast").permutation(len(task.labels))[:_MOST]
    run = kernel_flow(
        task.x[chosen],
        task.labels[chosen],
        _STEPS,
        eta=_CLOCK_STEP,
        m=1,
        y=task.y[chosen],
        x_test=task.x_test,
        y_test=task.y_test,
    )
    head = f"Kernel flow on {len(chosen)} of your images (two layers, large initial weights; its own clock):"
    return [head, *(_of_probes(run) if request.audit else _of_flips(run))]


def _of_flips(run: ImageRun) -> list[str]:
    first, half = t_clean(run), t_half(run)
    fit = f"  95 % of the right labels are fit at clock {first * _CLOCK_STEP:.0f}, half of the wrong ones"
    if not math.isfinite(first):
        most = 100 * clean_fit(run).max()
        lines = [f"  it never fits 95 % of the right labels ({most:.0f} % at most): no Stage I is forecast."]
    elif not math.isfinite(half):
        end = 100 * memorised(run)[-1]
        lines = [f"{fit} never", f"  (at the end {end:.0f} %): a long Stage I is forecast."]
    else:
        word = "a Stage I is forecast" if first < half else "no Stage I is forecast"
        lines = [f"{fit} at {half * _CLOCK_STEP:.0f}: {word}."]
    best = int(run.test_accuracy.argmax())
    return [
        *lines,
        f"  Test accuracy {run.test_accuracy[best]:.3f} at its best (clock "
        f"{run.steps[best] * _CLOCK_STEP:.0f}), {run.test_accuracy[-1]:.3f} at the end.",
    ]


def _of_probes(run: ImageRun) -> list[str]:
    """Of the labels as given some may be wrong and are fit late: fits are compared, as the audit does."""
    others, probes = clean_fit(run), memorised(run)
    at = int((others - probes).argmax())
    gap = others[at] - probes[at]
    word = "a Stage I is forecast" if gap >= _SEEN else "no Stage I is forecast"
    return [
        f"  at clock {run.steps[at] * _CLOCK_STEP:.0f} it fits {100 * others[at]:.0f} % of your labels and "
        f"{100 * probes[at]:.0f} % of the probes: {word}."
    ]


def _task(request: Request) -> Task:
    """What the flow is run on; in an audit the probes are the flips, and labels as given count as true."""
    if request.audit:
        return audit_tasks_of(request)[1][0]
    return task_of(request.labelled(0), validation=request.validation, seed=0)


def plan_text(request: Request) -> str:
    """What `--plan` prints."""
    images = request.images
    head = f"{images.source}: classes {', '.join(images.class_names)}; "
    if request.audit:
        made, tasks = audit_tasks_of(request)
        counts = ", ".join(str(len(p)) for p in made.probes)
        lines = [
            f"{head}{images.n} images, labels as they are.",
            f"Audit: {len(tasks)} trainings of {request.recipe.steps} steps; in each some labels are flipped "
            f"on purpose: {counts} probes.",
        ]
        return "\n".join(lines + forecast(request)) + "\n"
    own_test = images.x_test is not None
    train = round(images.n * (1.0 if own_test else 0.75) * (1 - request.validation))
    held = round(images.n * (1.0 if own_test else 0.75)) - train
    rate = float(np.mean(request.rates)) if not request.real else float(images.noisy.mean())
    lines = [f"{head}{train} training, {held} validation images."]
    if max(request.rates) > 0:
        lines.append(
            f"The labels are taken as right, and a share {rate:.2g} of them is flipped; are yours perhaps "
            "wrong? --probe-flip."
        )
    if rate > 0:
        needed = validation_needed(rate, images.k)
        word = "enough" if held >= needed else "too few"
        lines.append(
            f"Validation on observed labels at flip rate {rate:.2f}: to see a drop of .1 in accuracy at two "
            f"standard errors takes {needed} images; {held} are {word}."
        )
    lines += forecast(request)
    passes = request.seeds * request.recipe.steps * (request.recipe.batch or train)
    lines.append(
        f"Training: {request.seeds} runs of {request.recipe.steps} steps, {passes / 1e6:.1f} million images."
    )
    return "\n".join(lines) + "\n"
