"""The paper's own network on image patches: full-batch gradient descent in float64, as the theory has it.

f(x) = (1/m) sum_r relu(<w_+r, x>) - (1/m) sum_r relu(<w_-r, x>), loss the mean of log(1 + exp(-y~ f)); the
second layer stays fixed. One step is two matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.images.flow import patch_vectors, run_of_margins
from simulation.images.run import ImageRun
from simulation.images.schedule import evaluation_steps
from simulation.images.task import Task
from theory.rng import generator

__all__ = ["train_patches"]


def train_patches(
    task: Task,
    *,
    eta: float,
    m: int,
    sigma_0: float,
    steps: int,
    seed: int,
    paired: bool = False,
    ratio: float = 1.08,
    patches: Sequence[NDArray[np.float64]] = (),
) -> ImageRun:
    """One run on a two-class task.

    Args:
        eta, m, sigma_0: step size, filters on each side, standard deviation of an initial weight.
        paired: both sides start at the same weights, so that f starts at 0 everywhere.
        patches: patches of the training images to take instead of the images, (n, d) each; filters see all
            of them and the activations add. Test images are then left out.

    Raises:
        ValueError: not two classes.
    """
    if task.k != 2:
        raise ValueError(f"the paper's network has two classes, the task has {task.k}")
    y_test = task.y_test[:0] if patches else task.y_test
    if patches:
        seen, tested = list(patches), patches[0][:0]
    else:
        x, tested = patch_vectors(task.x, task.x_test)
        seen = [x]
    sign = 2.0 * task.labels - 1
    rng = generator(seed, "images.weights")
    w = sigma_0 * rng.standard_normal((2, m, seen[0].shape[1]))
    if paired:
        w[0] = w[1]
    side = np.array([-1.0, 1.0])
    n = len(sign)
    grid = evaluation_steps(steps, ratio)
    kept, outputs = [], []
    step = 0

    def activations(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return w.reshape(2 * m, -1) @ points.T

    def value(active: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        both = sum(np.maximum(a, 0.0).reshape(2, m, -1).mean(axis=1) for a in active)
        return np.asarray(side @ both)

    pre = [activations(p) for p in seen]
    for target in grid:
        while step < target:
            pull = sign * np.exp(-np.logaddexp(0.0, sign * value(pre))) * (eta / (n * m))
            change = sum((a > 0) * pull @ p for a, p in zip(pre, seen, strict=True))
            w += side[:, None, None] * np.asarray(change).reshape(2, m, -1)
            pre = [activations(p) for p in seen]
            step += 1
        kept.append(sign * value(pre))
        outputs.append(value([activations(tested)]))
    return run_of_margins(
        grid, np.stack(kept), np.stack(outputs), task.labels, task.y, y_test, seed, "patches"
    )
