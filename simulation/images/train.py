"""Training on labelled images: the public entrance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from simulation.images.alone import train_alone
from simulation.images.images import Images
from simulation.images.run import ImageRun
from simulation.images.task import Recipe, Task, task_of
from simulation.images.together import SIDE_BY_SIDE, train_together

if TYPE_CHECKING:
    from torch import nn

__all__ = ["train_images", "train_tasks"]

#: Networks trained side by side at a time.
_TOGETHER = 16


def train_images(
    images: Images,
    model: str | Callable[[int, int, int, int], nn.Module] = "cnn",
    *,
    seed: int = 0,
    n: int = 0,
    validation: float = 0.2,
    optimizer: str = "sgd",
    lr: float = 0.05,
    momentum: float = 0.9,
    batch: int = 32,
    steps: int = 1000,
    ratio: float = 1.08,
    device: str = "cpu",
) -> ImageRun:
    """Train on the observed labels and evaluate at geometrically spaced steps.

    Training, validation and test parts, initial weights and batches each have a stream of their own, all from
    `seed`. Test accuracy is measured on true labels, validation accuracy on observed ones.

    Args:
        images: with `y_observed` set (see `flip`), or as they are.
        model: "cnn", "mlp", "paper", "vgg11", "resnet18", or `build(channels, height, width, classes)`.
        seed, n, validation: of the split; see `split`. The rest: see `Recipe`.
        device: "cpu" or "cuda".

    Raises:
        DataError: naming the argument.
    """
    recipe = Recipe(model, optimizer, lr, momentum, batch, steps, ratio)
    return train_tasks(
        [task_of(images, n=n, validation=validation, seed=seed)], recipe, [seed], device=device
    )[0]


def train_tasks(
    tasks: Sequence[Task], recipe: Recipe, seeds: Sequence[int], *, device: str = "cpu", **hooks: Any
) -> list[ImageRun]:
    """One run a task, in order: side by side on a CPU where the network allows it, else one after the other.

    `hooks` go on to `train_together` or `train_alone`.
    """
    if recipe.model in SIDE_BY_SIDE and device == "cpu":
        shapes: dict[Any, list[int]] = {}
        for i, task in enumerate(tasks):
            shapes.setdefault((task.x.shape, task.k), []).append(i)
        runs: dict[int, ImageRun] = {}
        for members in shapes.values():
            for start in range(0, len(members), _TOGETHER):
                part = members[start : start + _TOGETHER]
                made = train_together([tasks[i] for i in part], recipe, [seeds[i] for i in part], **hooks)
                runs.update(zip(part, made, strict=True))
        return [runs[i] for i in range(len(tasks))]
    return [train_alone(t, recipe, s, device=device, **hooks) for t, s in zip(tasks, seeds, strict=True)]
