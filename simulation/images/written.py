"""Small convolution networks on small images, one after the other at a step, their gradient written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.images.nets.build import build_net
from simulation.images.nets.written_out import WrittenCNN, bordered
from simulation.images.task import Recipe, Task

if TYPE_CHECKING:
    from torch import nn

__all__ = ["WrittenStack"]


class WrittenStack:
    """A `Stack` of networks `cnn` on images of at most 16x16 pixels, trained by SGD."""

    def __init__(self, tasks: Sequence[Task], recipe: Recipe, seeds: Sequence[int]) -> None:
        self._tasks, self._recipe, self._seeds = tasks, recipe, seeds
        self._nets = [
            WrittenCNN({name: w.numpy() for name, w in self._built(r).state_dict().items()}, task.shape)
            for r, task in enumerate(tasks)
        ]
        #: Training images first.
        self._images = [bordered(np.concatenate([t.x, t.x_val, t.x_test])) for t in tasks]

    def step(self, chosen: NDArray[np.int64]) -> None:
        """See `Stack`."""
        rate, momentum = self._recipe.lr, self._recipe.momentum
        for net, images, task, of in zip(self._nets, self._images, self._tasks, chosen, strict=True):
            net.step(images[of], task.labels[of], rate, momentum)

    def outputs(self) -> Sequence[NDArray[np.float32]]:
        """See `Stack`."""
        return [net.outputs(images) for net, images in zip(self._nets, self._images, strict=True)]

    def module(self, r: int) -> nn.Module:
        """See `Stack`."""
        import torch

        net = self._built(r)
        net.load_state_dict({name: torch.from_numpy(w) for name, w in self._nets[r].state().items()})
        return net.eval()

    def _built(self, r: int) -> nn.Module:
        return build_net(self._recipe.model, self._tasks[r].shape, self._tasks[r].k, self._seeds[r])
