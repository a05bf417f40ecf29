"""One network on a CPU or a GPU: deep networks, and a user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.nets.build import build_net, network_seeded
from simulation.images.recorder import EvaluationRecord
from simulation.images.run import ImageRun
from simulation.images.schedule import evaluation_steps
from simulation.images.task import Recipe, Task, batch_indices

__all__ = ["evaluate", "train_alone"]

_CHUNK = 512


def evaluate(net: Any, x: Any, chunk: int = _CHUNK) -> NDArray[np.float32]:
    """Outputs (n, k) in evaluation mode, without gradients; the network's mode is put back."""
    import torch

    training = net.training
    net.eval()
    try:
        with torch.no_grad():
            parts = [net(x[i : i + chunk]).float().cpu() for i in range(0, len(x), chunk)]
    finally:
        net.train(training)
    out: NDArray[np.float32] = torch.cat(parts).numpy()
    return out


def _descent(recipe: Recipe, parameters: list[Any]) -> Callable[[], None]:
    """Moves the parameters by their gradients, once a call."""
    import torch
    from torch.optim.sgd import sgd

    if recipe.optimizer == "adam":
        adam = torch.optim.Adam(parameters, lr=recipe.lr)
        return lambda: adam.step(None)
    held: list[Any] = [None] * len(parameters)

    def step() -> None:
        """As `torch.optim.SGD`, whose constructor loads torch's compiler: a second in every process."""
        moved = [k for k, p in enumerate(parameters) if p.grad is not None]
        momenta = [held[k] for k in moved]
        with torch.no_grad():
            sgd(
                [parameters[k] for k in moved],
                [parameters[k].grad for k in moved],
                momenta,
                weight_decay=0.0,
                momentum=recipe.momentum,
                lr=recipe.lr,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )
        for k, momentum in zip(moved, momenta, strict=True):
            held[k] = momentum

    return step


def train_alone(
    task: Task,
    recipe: Recipe,
    seed: int,
    *,
    device: str = "cpu",
    steps: NDArray[np.int64] | None = None,
    on_evaluation: Callable[[int], None] | None = None,
    keep: Callable[[int, Callable[[int], Any]], None] | None = None,
) -> ImageRun:
    """One run; dropout and batch norm are in training mode between evaluations and in evaluation mode at
    them."""
    import torch

    net = build_net(recipe.model, task.shape, task.k, seed).to(device)
    descend = _descent(recipe, list(net.parameters()))
    x = torch.from_numpy(task.x).to(device)
    labels = torch.from_numpy(task.labels).to(device)
    everything = torch.from_numpy(np.concatenate([task.x, task.x_val, task.x_test])).to(device)
    flow = batch_indices(len(task.labels), recipe.batch, recipe.steps, seed)
    grid = evaluation_steps(recipe.steps, recipe.ratio) if steps is None else steps
    record = EvaluationRecord(task, grid, recipe, seed)
    step = 0
    net.train()
    with network_seeded(seed, "images.dropout"):
        for at, target in enumerate(grid):
            while step < target and not record.failed:
                chosen = torch.from_numpy(np.array(flow[step])).to(device)
                loss = torch.nn.functional.cross_entropy(net(x[chosen]), labels[chosen])
                net.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                descend()
                step += 1
            if record.failed:
                break
            record.add(at, evaluate(net, everything))
            if keep is not None:
                keep(int(target), lambda _: net)
            if on_evaluation is not None:
                on_evaluation(int(target))
    return record.run()
