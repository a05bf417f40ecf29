"""What one training works on: the three parts with their labels, pixels standardised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError
from simulation.images.images import Images
from simulation.images.split import split
from theory.rng import generator

if TYPE_CHECKING:
    from torch import nn

__all__ = ["OPTIMIZERS", "Recipe", "Task", "batch_indices", "scaled_images", "task_of"]

Pixels = NDArray[np.float32]
Ints = NDArray[np.int64]

OPTIMIZERS = ("sgd", "adam")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Args:
        model: a name of `NETS`, or a function `build(channels, height, width, classes) -> nn.Module`.
        optimizer: "sgd" or "adam". lr, momentum: its rate and (sgd) momentum.
        batch: images a step; 0: all of them.
        steps: number of steps. ratio: of two evaluation steps that follow each other.

    Raises:
        DataError: naming the argument.
    """

    model: str | Callable[[int, int, int, int], nn.Module] = "cnn"
    optimizer: str = "sgd"
    lr: float = 0.05
    momentum: float = 0.9
    batch: int = 32
    steps: int = 1000
    ratio: float = 1.08

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise DataError(f"--optimizer must be one of {', '.join(OPTIMIZERS)}, was {self.optimizer!r}")
        if not 0 < self.lr < float("inf"):
            raise DataError(f"--lr must be > 0, was {self.lr}")
        if not 0 <= self.momentum < 1:
            raise DataError(f"--momentum must lie in [0, 1), was {self.momentum}")
        if self.batch < 0:
            raise DataError(f"--batch must be at least 1 (or full), was {self.batch}")
        if self.steps < 1:
            raise DataError(f"--steps must be at least 1, was {self.steps}")
        if not 1 < self.ratio <= 2:
            raise DataError(f"ratio must lie in (1, 2], was {self.ratio}")


@dataclass(frozen=True, eq=False)
class Task:
    """Images and labels of one training; n training, v validation and u test images.

    `labels` and `labels_val` are observed, `y`, `y_val` and `y_test` true; networks see `x`, `labels` and
    nothing else.
    """

    x: Pixels
    labels: Ints
    y: Ints
    x_val: Pixels
    labels_val: Ints
    y_val: Ints
    x_test: Pixels
    y_test: Ints
    k: int
    index: Ints

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        c, h, w = self.x.shape[1:]
        return c, h, w


def task_of(images: Images, *, n: int = 0, validation: float = 0.2, seed: int = 0) -> Task:
    """The parts of a seed, every channel shifted and scaled to mean 0 and variance 1 on the training part.

    Raises:
        DataError: too few images for the parts.
    """
    parts = split(images, n=n, validation=validation, seed=seed)
    train = images.x[parts.train]

    def scaled(x: Pixels) -> Pixels:
        return scaled_images(x, train)

    if parts.test is None:
        assert images.x_test is not None
        assert images.y_test is not None
        x_test, y_test = images.x_test, images.y_test
    else:
        x_test, y_test = images.x[parts.test], images.y[parts.test]
    labels = images.labels
    return Task(
        scaled(train), labels[parts.train], images.y[parts.train], scaled(images.x[parts.validation]),
        labels[parts.validation], images.y[parts.validation], scaled(x_test), y_test, images.k, parts.train,
    )  # fmt: skip


def scaled_images(x: Pixels, of: Pixels | None = None) -> Pixels:
    """Pixels with every channel shifted and scaled to mean 0 and variance 1 on the images `of` (default: x
    itself).

    Raises:
        DataError: a channel is constant.
    """
    base = x if of is None else of
    mean = base.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    sd = base.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    if not (sd > 0).all():
        raise DataError("a channel is the same in every pixel of the training images")
    return np.asarray((x - mean) / sd, dtype=np.float32)


def batch_indices(n: int, batch: int, steps: int, seed: int) -> NDArray[Any]:
    """Images of every step, (steps, batch): random orders of all n one after the other, cut into batches.

    Every image is seen once before any is seen again, and every batch is full. `batch` 0 or >= n: all, in
    order.
    """
    if batch == 0 or batch >= n:
        return np.broadcast_to(np.arange(n), (steps, n))
    rng = generator(seed, "images.batches")
    orders = -(-steps * batch // n)
    flow = np.concatenate([rng.permutation(n) for _ in range(orders)])
    return flow[: steps * batch].reshape(steps, batch)
