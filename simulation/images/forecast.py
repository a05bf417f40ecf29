"""What can be said before any training: the kernel flow's forecast, and how many validation images are
needed."""

from __future__ import annotations

import math

import numpy as np

from simulation.images.flow import kernel_flow
from simulation.images.request import Request
from simulation.images.task import task_of
from theory.images.measures import clean_fit, memorised, t_clean, t_half
from theory.images.validation import validation_needed

__all__ = ["forecast", "plan_text"]

#: Images the flow is run on at most: a step costs their square.
_MOST = 400
_STEPS = 4000
_CLOCK_STEP = 2.0


def forecast(request: Request) -> list[str]:
    """Sentences of the kernel flow on two classes, with the request's flips; other labels cannot be
    followed."""
    if request.images.k != 2:
        return ["No forecast: the kernel flow is written for two classes."]
    if not request.flipped:
        return [
            "No forecast: without known flips nothing tells memorisation apart; `--probe-flip .05` gives "
            "some."
        ]
    task = task_of(request.labelled(0), validation=request.validation, seed=0)
    chosen = np.arange(len(task.labels))[:_MOST]
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
    first, half = t_clean(run), t_half(run)
    best = int(run.test_accuracy.argmax())
    lines = [
        f"Kernel flow on {len(chosen)} of your images (two layers, large initial weights; its own clock):"
    ]
    if not math.isfinite(first):
        lines.append(
            f"  it never fits 95 % of the right labels ({100 * clean_fit(run).max():.0f} % at most): no "
            "Stage I is "
            "forecast."
        )
    elif not math.isfinite(half):
        lines.append(
            f"  95 % of the right labels are fit at clock {first * _CLOCK_STEP:.0f}, half of the wrong ones "
            "never"
        )
        lines.append(f"  (at the end {100 * memorised(run)[-1]:.0f} %): a long Stage I is forecast.")
    else:
        word = "a Stage I is forecast" if first < half else "no Stage I is forecast"
        lines.append(
            f"  95 % of the right labels are fit at clock {first * _CLOCK_STEP:.0f}, half of the wrong ones "
            "at "
            f"{half * _CLOCK_STEP:.0f}: {word}."
        )
    lines.append(
        f"  Test accuracy {run.test_accuracy[best]:.3f} at its best (clock "
        f"{run.steps[best] * _CLOCK_STEP:.0f}), "
        f"{run.test_accuracy[-1]:.3f} at the end."
    )
    return lines


def plan_text(request: Request) -> str:
    """What `--plan` prints."""
    images = request.images
    own_test = images.x_test is not None
    train = round(images.n * (1.0 if own_test else 0.75) * (1 - request.validation))
    held = round(images.n * (1.0 if own_test else 0.75)) - train
    rate = float(np.mean(request.rates)) if not request.real else float(images.noisy.mean())
    lines = [
        f"{images.source}: classes {', '.join(images.class_names)}; {train} training, {held} validation "
        "images."
    ]
    if rate > 0:
        needed = validation_needed(rate, images.k)
        word = "enough" if held >= needed else "too few"
        lines.append(
            f"Validation on observed labels at flip rate {rate:.2f}: to see a drop of .1 in accuracy at two "
            "standard "
            f"errors takes {needed} images; {held} are {word}."
        )
    lines += forecast(request)
    passes = request.seeds * request.recipe.steps * (request.recipe.batch or train)
    lines.append(
        f"Training: {request.seeds} runs of {request.recipe.steps} steps, {passes / 1e6:.1f} million images."
    )
    return "\n".join(lines) + "\n"
