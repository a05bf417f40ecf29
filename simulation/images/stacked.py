"""Small networks by torch, their weights stacked.

A step of all of them is one set of batched kernels (`side_by_side` of the network), which saves the overhead
of small ones. A network on its own is trained beside a copy of itself, because kernels for one differ from
those for several in the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.images.nets.build import build_net
from simulation.images.task import Recipe, Task

__all__ = ["TorchStack"]

#: Images evaluated at a time.
_CHUNK = 512


class TorchStack:
    """A `Stack` of `SIDE_BY_SIDE` networks."""

    def __init__(self, tasks: Sequence[Task], recipe: Recipe, seeds: Sequence[int]) -> None:
        self._tasks, self._recipe, self._seeds = tasks, recipe, seeds
        #: Of every network in the stack its task.
        self._of = list(range(len(tasks))) if len(tasks) > 1 else [0, 0]
        nets: list[Any] = [self._built(r) for r in self._of]
        self._outputs_of = nets[0].side_by_side
        self._stacked = {
            name: torch.stack([net.state_dict()[name] for net in nets]).requires_grad_()
            for name in nets[0].state_dict()
        }
        self._weights = list(self._stacked.values())
        self._optimizer = _optimizer(self._weights, recipe)
        self._x = torch.from_numpy(np.stack([tasks[r].x for r in self._of]))
        self._labels = torch.from_numpy(np.stack([tasks[r].labels for r in self._of]))
        self._everything = _padded_images([tasks[r] for r in self._of])
        self._rows = torch.arange(len(self._of))[:, None]

    def step(self, chosen: NDArray[np.int64]) -> None:
        """See `Stack`."""
        of = torch.from_numpy(chosen[self._of])
        out = self._outputs_of(self._stacked, self._x[self._rows, of])
        loss = torch.nn.functional.cross_entropy(
            out.flatten(0, 1), self._labels[self._rows, of].flatten(), reduction="sum"
        )
        # The sum over networks of each one's mean loss: no network's gradient touches another's weights.
        gradients = torch.autograd.grad(loss / of.shape[1], self._weights)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        self._optimizer.step()

    def outputs(self) -> Sequence[NDArray[np.float32]]:
        """See `Stack`."""
        x = self._everything
        with torch.no_grad():
            parts = [
                self._outputs_of(self._stacked, x[:, i : i + _CHUNK]) for i in range(0, x.shape[1], _CHUNK)
            ]
        logits = torch.cat(parts, 1).numpy()
        return [
            logits[r, : len(t.labels) + len(t.labels_val) + len(t.y_test)] for r, t in enumerate(self._tasks)
        ]

    def module(self, r: int) -> torch.nn.Module:
        """See `Stack`."""
        net = self._built(r)
        net.load_state_dict({name: w[r].detach().clone() for name, w in self._stacked.items()})
        return net.eval()

    def _built(self, r: int) -> torch.nn.Module:
        return build_net(self._recipe.model, self._tasks[r].shape, self._tasks[r].k, self._seeds[r])


def _padded_images(tasks: Sequence[Task]) -> torch.Tensor:
    """Training, validation and test images of every task, filled up with blanks to equal numbers."""
    parts = [np.concatenate([t.x, t.x_val, t.x_test]) for t in tasks]
    longest = max(len(p) for p in parts)
    out = np.zeros((len(parts), longest, *parts[0].shape[1:]), dtype=np.float32)
    for r, part in enumerate(parts):
        out[r, : len(part)] = part
    return torch.from_numpy(out)


def _optimizer(weights: list[Any], recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimizer == "adam":
        return torch.optim.Adam(weights, lr=recipe.lr)
    return torch.optim.SGD(weights, lr=recipe.lr, momentum=recipe.momentum)
