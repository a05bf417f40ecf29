"""Collects evaluations of a training and makes the run of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.images.run import ImageRun, margins_and_losses
from simulation.images.task import Recipe, Task

__all__ = ["EvaluationRecord"]


class EvaluationRecord:
    """Outputs on all images of a task, evaluation by evaluation."""

    def __init__(self, task: Task, steps: NDArray[np.int64], recipe: Recipe, seed: int) -> None:
        self.task, self.steps, self.recipe, self.seed = task, steps, recipe, seed
        count = len(steps)
        self._losses = np.full((count, len(task.labels)), np.nan)
        self._margins = np.full_like(self._losses, np.nan)
        self._predictions = np.full(self._losses.shape, -1, dtype=np.int64)
        self._test = np.full(count, np.nan)
        self._val = np.full(count, np.nan)
        self.failed = ""

    def add(self, at: int, logits: NDArray[np.float32]) -> None:
        """Outputs (n + v + u, k) of training, validation and test images at evaluation number `at`."""
        if self.failed:
            return
        if not np.isfinite(logits).all():
            self.failed = f"loss is not finite at step {int(self.steps[at])} (lr {self.recipe.lr:g})"
            return
        task = self.task
        n, v = len(task.labels), len(task.labels_val)
        margin, loss, predicted = margins_and_losses(logits[:n], task.labels)
        self._margins[at], self._losses[at], self._predictions[at] = margin, loss, predicted
        guess = logits.argmax(axis=1)
        if v:
            self._val[at] = float(np.mean(guess[n : n + v] == task.labels_val))
        if len(task.y_test):
            self._test[at] = float(np.mean(guess[n + v : n + v + len(task.y_test)] == task.y_test))

    def run(self) -> ImageRun:
        """The run, with its clock in epochs."""
        task = self.task
        batch = self.recipe.batch or len(task.labels)
        share = min(batch, len(task.labels)) / len(task.labels)
        return ImageRun(
            steps=self.steps, losses=self._losses, margins=self._margins, predictions=self._predictions,
            test_accuracy=self._test, val_accuracy=self._val, y=task.y, labels=task.labels, index=task.index,
            k=task.k, v=len(task.labels_val), u=len(task.y_test), seed=self.seed,
            clock=np.asarray(self.steps * share, dtype=np.float64), failed=self.failed,
            val_flip_share=float(np.mean(task.labels_val != task.y_val)) if len(task.y_val) else np.nan,
        )  # fmt: skip
