"""One training on images, told in full."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.exhibit import Exhibit, Panel, Series
from theory.images.experiments import EPOCHS
from theory.images.measures import LOG2, clean_fit, memorised, stop_acc, stop_val, t_clean, t_half, true_share
from theory.images.options import ImageOptions
from theory.images.setting import ImageSetting

__all__ = ["EXHIBITS", "panels"]


def panels(run: Any) -> tuple[Panel, ...]:
    """Fits and accuracy against the step, and losses at the stop and at the end."""
    steps = np.maximum(run.steps, 0.7)  # step 0 has no place on a logarithmic axis
    at = stop_acc(run)
    noisy = run.labels != run.y
    marks = {"t_c": t_clean(run), "t_1/2": t_half(run), "stop acc": float(run.steps[at])}
    if run.v:
        marks["stop val"] = float(run.steps[stop_val(run)])
    fits = Panel(
        "Which training images are predicted as labelled?", "step", "share",
        (
            Series("clean, as labelled", "clean", steps, clean_fit(run)),
            Series("noisy, as labelled (memorised)", "noisy", steps, memorised(run)),
            Series("noisy, as their true label", "noisy", steps, true_share(run), dashed=True),
        ),
        marks=marks, log="x", y_range=(0.0, 1.02),
    )  # fmt: skip
    accuracy = Panel(
        "What does training on cost?", "step", "accuracy",
        (
            Series("test (true labels)", "measured", steps, run.test_accuracy),
            Series("validation (observed labels)", "other", steps, run.val_accuracy),
        ),
        marks=marks, log="x", y_range=(0.0, 1.02),
    )  # fmt: skip

    def losses(title: str, index: int) -> Panel:
        shown = np.clip(run.losses[index], 1e-4, None)
        return Panel(
            title, "log10 of the loss on the observed label", "images",
            (
                Series("clean", "clean", np.log10(shown[~noisy]), kind="histogram"),
                Series("noisy", "noisy", np.log10(shown[noisy]), kind="histogram"),
            ),
            marks={"log 2": float(np.log10(LOG2))},
        )  # fmt: skip

    return fits, accuracy, losses(f"Losses at step {run.steps[at]}", at), losses("Losses at the end", -1)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="images.digits",
        title="A small convolutional network on digits 3 and 8, two labels in ten flipped",
        setting=ImageSetting(),
        clock=EPOCHS,
        panels=panels,
        options=ImageOptions(),
        caption="Clean images are fit within a dozen steps; flipped ones are first predicted as their true "
        "label, "
        "and as their wrong one a hundred steps later, while the test accuracy falls.",
    ),
)
