"""Many small networks trained at once, step by step beside each other.

Every network has its own images, labels, batches and weights. Networks do not see each other, and a network's
numbers are the same to the last bit whatever its neighbours are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from simulation.images.recorder import EvaluationRecord
from simulation.images.run import ImageRun
from simulation.images.schedule import evaluation_steps
from simulation.images.task import Recipe, Task, batch_indices

if TYPE_CHECKING:
    from torch import nn

__all__ = ["SIDE_BY_SIDE", "Stack", "train_together"]

#: Networks without batch norm or dropout: nothing in them depends on the mode or draws random numbers.
SIDE_BY_SIDE = ("cnn", "mlp", "paper")


class Stack(Protocol):
    """Networks with their images, one a task."""

    def step(self, chosen: NDArray[np.int64]) -> None:
        """One step of every network on its images `chosen` (R, B) of the training part."""

    def outputs(self) -> Sequence[NDArray[np.float32]]:
        """Of every network the outputs (n + v + u, k) on all of its images."""

    def module(self, r: int) -> nn.Module:
        """Network r as a module of its own."""


def train_together(
    tasks: Sequence[Task],
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    steps: NDArray[np.int64] | None = None,
    on_evaluation: Callable[[int], None] | None = None,
    keep: Callable[[int, Callable[[int], Any]], None] | None = None,
) -> list[ImageRun]:
    """One run a task, in order. All tasks have the same n, image shape and classes.

    Args:
        steps: evaluation steps instead of the recipe's, increasing, the first 0.
        on_evaluation: called with the step after each evaluation (progress).
        keep: called with the step and a function that gives network r as a module of its own, at evaluations.

    Raises:
        ValueError: tasks of different shapes.
    """
    first = tasks[0]
    if any(t.x.shape != first.x.shape or t.k != first.k for t in tasks):
        raise ValueError("tasks must have the same number and shape of images and classes")
    stack = _stack(tasks, recipe, seeds)
    flow = np.stack([batch_indices(len(first.labels), recipe.batch, recipe.steps, s) for s in seeds], axis=1)
    grid = evaluation_steps(recipe.steps, recipe.ratio) if steps is None else steps
    records = [EvaluationRecord(t, grid, recipe, s) for t, s in zip(tasks, seeds, strict=True)]
    step = 0
    # Products are too small for several threads. A network that diverges says so in its record.
    with threadpool_limits(1, user_api="blas"), np.errstate(all="ignore"):
        for at, target in enumerate(grid):
            while step < target:
                stack.step(flow[step])
                step += 1
            for record, logits in zip(records, stack.outputs(), strict=True):
                record.add(at, logits)
            if keep is not None:
                keep(int(target), stack.module)
            if on_evaluation is not None:
                on_evaluation(int(target))
    return [record.run() for record in records]


def _stack(tasks: Sequence[Task], recipe: Recipe, seeds: Sequence[int]) -> Stack:
    from simulation.images.nets.small import pooled

    if recipe.model == "cnn" and recipe.optimizer == "sgd" and pooled(*tasks[0].shape[1:]):
        from simulation.images.written import WrittenStack

        return WrittenStack(tasks, recipe, seeds)
    from simulation.images.stacked import TorchStack

    return TorchStack(tasks, recipe, seeds)
