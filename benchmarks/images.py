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
    """Steps of small networks on images of the size of digits: torch's seconds over those of the written-out
    gradient. Evaluations, which are products of matrices alone, stand beside them."""
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

    by_torch, written = alternate([steps(stack) for stack in stacks], rounds)
    looks = alternate([stack.outputs for stack in stacks], rounds)
    details = {
        f"{what}_ms_a_network": Spread.of(seconds).median * 1e3 / times / _NETWORKS
        for what, seconds, times in (
            ("torch_step", by_torch, _STEPS),
            ("written_step", written, _STEPS),
            ("torch_evaluation", looks[0], 1),
            ("written_evaluation", looks[1], 1),
        )
    }
    return [
        Row(
            f"{_NETWORKS} networks on images of 8x8, a step on 32: torch against the written-out gradient",
            1.2,
            "at least",
            "x",
            ratio(by_torch, written),
            details=details,
        )
    ]


def _task(seed: int) -> Task:
    rng = np.random.default_rng(seed)

    def images(count: int) -> np.ndarray:
        return rng.standard_normal((count, 1, 8, 8)).astype(np.float32)

    def labels(count: int) -> np.ndarray:
        return rng.integers(0, 2, count)

    y, y_val = labels(214), labels(54)
    return Task(images(214), y, y, images(54), y_val, y_val, images(89), labels(89), 2, np.arange(214))
