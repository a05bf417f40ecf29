"""Small networks on images: the written-out gradient against torch's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.rows import Row
from benchmarks.timing import Spread, alternate, ratio
from simulation.images.stacked import TorchStack
from simulation.images.task import Recipe, Task, batch_indices
from simulation.images.together import Stack
from simulation.images.written import WrittenStack

__all__ = ["rows"]

_NETWORKS, _STEPS = 8, 60


def rows(rounds: int) -> list[Row]:
    """Steps and evaluations of small networks on images of the size of digits: torch's seconds over those of
    the written-out gradient."""
    tasks, recipe = [_task(seed) for seed in range(_NETWORKS)], Recipe("cnn", steps=_STEPS)
    seeds = list(range(_NETWORKS))
    stacks: list[Stack] = [TorchStack(tasks, recipe, seeds), WrittenStack(tasks, recipe, seeds)]
    n = len(tasks[0].labels)
    flow = np.stack([batch_indices(n, recipe.batch, _STEPS, seed) for seed in seeds], axis=1)

    def steps(stack: Stack) -> Callable[[], None]:
        def work() -> None:
            for chosen in flow:
                stack.step(chosen)

        return work

    out = []
    works = (("a step on 32 images", steps, _STEPS), ("an evaluation of 357 images", lambda s: s.outputs, 1))
    for what, work, times in works:
        torch_s, written_s = alternate([work(stack) for stack in stacks], rounds)
        out.append(
            Row(
                f"{_NETWORKS} networks on images of 8x8, {what}: torch against the written-out gradient",
                1.2,
                "at least",
                "x",
                ratio(torch_s, written_s),
                details={
                    f"{name}_ms_a_network": Spread.of(s).median * 1e3 / times / _NETWORKS
                    for name, s in (("torch", torch_s), ("written", written_s))
                },
            )
        )
    return out


def _task(seed: int) -> Task:
    rng = np.random.default_rng(seed)

    def images(count: int) -> np.ndarray:
        return rng.standard_normal((count, 1, 8, 8)).astype(np.float32)

    def labels(count: int) -> np.ndarray:
        return rng.integers(0, 2, count)

    y, y_val = labels(214), labels(54)
    return Task(images(214), y, y, images(54), y_val, y_val, images(89), labels(89), 2, np.arange(214))
