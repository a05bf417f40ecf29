"""Small image sets and a made-up run, for tests that need no data set."""

from __future__ import annotations

import numpy as np

from simulation.images.images import Images
from simulation.images.run import ImageRun


def stripes(n: int = 120, side: int = 6, seed: int = 0, k: int = 2) -> Images:
    """Classes that a small network tells apart at once: class c lights up its own rows, with noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    x = 0.3 * rng.random((n, 1, side, side))
    for c in range(k):
        x[y == c, 0, c :: max(2, k)] += 0.7
    order = rng.permutation(n)
    return Images(x[order].astype(np.float32), y[order].astype(np.int64), "stripes", tuple("abcdefgh"[:k]))


def told_run(seed: int = 0) -> ImageRun:
    """A run of 100 clean and 25 noisy images whose stages are known: clean fit at step 4, memorised at 64."""
    steps = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128])
    noisy = np.arange(125) >= 100
    y = np.arange(125) % 2
    labels = np.where(noisy, 1 - y, y)
    fit = np.zeros((len(steps), 125), dtype=bool)
    fit[3:, ~noisy] = True
    fit[7:, noisy] = True
    fit[1, :50] = True
    margins = np.where(fit, 2.0, -2.0)
    predictions = np.where(fit, labels, 1 - labels)
    test = np.array([0.5, 0.6, 0.8, 0.98, 0.98, 0.97, 0.95, 0.85, 0.8])
    return ImageRun(
        steps=steps,
        losses=np.logaddexp(0, -margins),
        margins=margins,
        predictions=predictions,
        test_accuracy=test,
        val_accuracy=0.8 * test + 0.2 * (1 - test),
        y=y,
        labels=labels,
        index=np.arange(125),
        k=2,
        v=54,
        val_flip_share=0.2,
        u=90,
        seed=seed,
        clock=steps / 4.0,
    )
