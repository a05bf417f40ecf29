"""The kernel flow: what the paper's network does on given images when its initial weights are large.

With both layers' activation patterns frozen at random, the first-layer tangent kernel of the two-layer ReLU
network is (2/m) H, H_ik = sum over patches p, q of <x_ip, x_kq> (pi - angle(x_ip, x_kq))/(2 pi). Margins
then follow

    M_i += (2 eta/(n m)) sum_k y~_i y~_k H_ik / (1 + exp(M_k)),

and a test point has f(x) = sum_k y~_k H(x, x_k) G_k with G_k the running sum of (2 eta/(n m))/(1 + exp(M_k)).
Images and observed labels are all it needs: O(n^2) a step, no network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError
from simulation.images.run import ImageRun
from simulation.images.schedule import evaluation_steps

__all__ = ["arc_kernel", "kernel_flow", "patch_vectors", "run_of_margins"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def patch_vectors(x: NDArray[np.floating], *others: NDArray[np.floating]) -> list[Floats]:
    """Images as vectors less the mean of `x`, scaled so that the mean of |x|^2 over `x` is 1; (n, d) each."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    scale = np.sqrt(np.mean(np.sum((flat - mean) ** 2, axis=1)))
    if not scale > 0:
        raise DataError("x: all images are the same")
    return [(o.reshape(len(o), flat.shape[1]).astype(np.float64) - mean) / scale for o in (x, *others)]


def arc_kernel(a: Floats, b: Floats) -> Floats:
    """H of vectors a (n, d) and b (k, d), one patch each: <a, b> (pi - angle)/(2 pi), (n, k).

    >>> arc_kernel(np.eye(2), np.eye(2)).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    inner = a @ b.T
    norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    cosine = np.divide(inner, norms, out=np.zeros_like(inner), where=norms > 0)
    return np.asarray(inner * (np.pi - np.arccos(np.clip(cosine, -1.0, 1.0))) / (2 * np.pi))


def kernel_flow(
    x: NDArray[np.floating],
    y_observed: Ints,
    steps: int,
    *,
    eta: float = 1.0,
    m: int = 50,
    y: Ints | None = None,
    x_test: NDArray[np.floating] | None = None,
    y_test: Ints | None = None,
    ratio: float = 1.08,
    seed: int = 0,
) -> ImageRun:
    """The flow on two-class images, as a run.

    Args:
        x: training images (n, ...), taken as one patch each (`patch_vectors`).
        y_observed: observed labels 0 or 1, (n,). y: true ones, where known (they only mark the noisy images).
        steps: gradient steps. eta, m: step size and filters of the network that it stands for: eta/m sets
            the clock.
        x_test, y_test: images to predict on the way, with true labels.

    Raises:
        DataError: labels that are not 0 and 1.
    """
    labels = np.asarray(y_observed, dtype=np.int64)
    if set(np.unique(labels)) != {0, 1} or len(labels) != len(x):
        raise DataError("y_observed must hold the labels 0 and 1, one an image")
    test = x[:0] if x_test is None else x_test
    vectors, tested = patch_vectors(x, test)
    sign = 2.0 * labels - 1
    rate = 2 * eta / (len(x) * m)
    kernel = rate * sign[:, None] * arc_kernel(vectors, vectors) * sign
    towards = rate * arc_kernel(tested, vectors) * sign
    grid = evaluation_steps(steps, ratio)
    margins = np.zeros(len(x))
    mass = np.zeros(len(x))
    kept, outputs = [], []
    step = 0
    for target in grid:
        while step < target:
            pull = np.exp(-np.logaddexp(0.0, margins))  # 1/(1 + exp(M))
            margins = margins + kernel @ pull
            mass += pull
            step += 1
        kept.append(margins)
        outputs.append(towards @ mass)
    return run_of_margins(
        grid, np.stack(kept), np.stack(outputs), labels, labels if y is None else y,
        np.empty(0, dtype=np.int64) if y_test is None else y_test, seed, "kernel_flow",
    )  # fmt: skip


def run_of_margins(
    grid: Ints,
    margins: Floats,
    test_outputs: Floats,
    labels: Ints,
    y: Ints,
    y_test: Ints,
    seed: int,
    engine: str,
) -> ImageRun:
    """A two-class full-batch run from margins (T, n) and outputs f on test images (T, u)."""
    predictions = np.where(margins > 0, labels, 1 - labels)
    accuracy = np.full(len(grid), np.nan)
    if len(y_test):
        accuracy = ((test_outputs > 0) == (y_test == 1)).mean(axis=1)
    return ImageRun(
        steps=grid,
        losses=np.logaddexp(0.0, -margins),
        margins=margins,
        predictions=predictions,
        test_accuracy=np.asarray(accuracy),
        val_accuracy=np.full(len(grid), np.nan),
        y=np.asarray(y),
        labels=labels,
        index=np.arange(len(labels)),
        k=2,
        v=0,
        u=len(y_test),
        seed=seed,
        clock=grid.astype(np.float64),
        engine=engine,
        dtype="float64",
    )
