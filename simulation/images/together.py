"""Many small networks trained side by side, their weights stacked.

Every network has its own images, labels, batches and weights; a step of all of them is one set of batched
kernels (`side_by_side` of the network), which saves the overhead of small ones. Networks do not see each
other, and a network's numbers are the same to the last bit whatever its neighbours are: a network on its own
is trained beside a copy of itself, because kernels for one differ from those for several in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.nets.build import build_net
from simulation.images.recorder import EvaluationRecord
from simulation.images.run import ImageRun
from simulation.images.schedule import evaluation_steps
from simulation.images.task import Recipe, Task, batch_indices

__all__ = ["SIDE_BY_SIDE", "train_together"]

#: Networks without batch norm or dropout: nothing in them depends on the mode or draws random numbers.
SIDE_BY_SIDE = ("cnn", "mlp", "paper")

#: Images evaluated at a time.
_CHUNK = 512


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
    import torch

    first = tasks[0]
    if any(t.x.shape != first.x.shape or t.k != first.k for t in tasks):
        raise ValueError("tasks must have the same number and shape of images and classes")
    count = len(tasks)
    padded = list(range(count)) if count > 1 else [0, 0]
    nets: list[Any] = [build_net(recipe.model, tasks[r].shape, first.k, seeds[r]) for r in padded]
    stacked = {
        name: torch.stack([net.state_dict()[name] for net in nets]).requires_grad_()
        for name in nets[0].state_dict()
    }
    weights = list(stacked.values())

    def outputs(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = nets[0].side_by_side(stacked, x)
        return out

    x = torch.from_numpy(np.stack([tasks[r].x for r in padded]))
    labels = torch.from_numpy(np.stack([tasks[r].labels for r in padded]))
    flow = np.stack(
        [batch_indices(len(first.labels), recipe.batch, recipe.steps, seeds[r]) for r in padded], axis=1
    )
    everything = _padded_images([tasks[r] for r in padded])
    optimizer = _optimizer(weights, recipe)
    grid = evaluation_steps(recipe.steps, recipe.ratio) if steps is None else steps
    records = [EvaluationRecord(t, grid, recipe, s) for t, s in zip(tasks, seeds, strict=True)]
    rows = torch.arange(len(padded))[:, None]

    def module(r: int) -> Any:
        net = build_net(recipe.model, tasks[r].shape, first.k, seeds[r])
        net.load_state_dict({name: w[r].detach().clone() for name, w in stacked.items()})
        return net.eval()

    step = 0
    for at, target in enumerate(grid):
        while step < target:
            chosen = torch.from_numpy(np.array(flow[step]))
            out = outputs(x[rows, chosen])
            loss = torch.nn.functional.cross_entropy(
                out.flatten(0, 1), labels[rows, chosen].flatten(), reduction="sum"
            )
            # The sum over networks of each one's mean loss: no network's gradient touches another's weights.
            for weight, gradient in zip(
                weights, torch.autograd.grad(loss / chosen.shape[1], weights), strict=True
            ):
                weight.grad = gradient
            optimizer.step()
            step += 1
        with torch.no_grad():
            logits = torch.cat(
                [outputs(everything[:, i : i + _CHUNK]) for i in range(0, everything.shape[1], _CHUNK)], 1
            )
        for r, record in enumerate(records):
            task = tasks[r]
            used = len(task.labels) + len(task.labels_val) + len(task.y_test)
            record.add(at, logits[r, :used].numpy())
        if keep is not None:
            keep(int(target), module)
        if on_evaluation is not None:
            on_evaluation(int(target))
    return [record.run() for record in records]


def _padded_images(tasks: Sequence[Task]) -> Any:
    """Training, validation and test images of every task, filled up with blanks to equal numbers."""
    import torch

    parts = [np.concatenate([t.x, t.x_val, t.x_test]) for t in tasks]
    longest = max(len(p) for p in parts)
    out = np.zeros((len(parts), longest, *parts[0].shape[1:]), dtype=np.float32)
    for r, part in enumerate(parts):
        out[r, : len(part)] = part
    return torch.from_numpy(out)


def _optimizer(weights: list[Any], recipe: Recipe) -> Any:
    import torch

    if recipe.optimizer == "adam":
        return torch.optim.Adam(weights, lr=recipe.lr)
    return torch.optim.SGD(weights, lr=recipe.lr, momentum=recipe.momentum)
