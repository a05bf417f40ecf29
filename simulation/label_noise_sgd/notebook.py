r"""The network of the released real-world notebook, on synthetic inputs: relabelling against its own mean.

Dense(width)-Erf-Dense(classes), weights N(0, 1/fan-in), biases N(0, 1), full-batch gradient descent on
`1/2 mean (f - label)^2`. The first layer moves inside the span of the n inputs, so its pre-activations (n,
width) and the inputs' Gram matrix carry the whole run: exact, and independent of the number of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from theory.rng import generator

__all__ = ["NotebookRun", "run_notebook"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NotebookRun:
    """Outputs (n, classes) averaged over the last tenth of the run, for three kinds of labels.

    `noisy`: every label replaced with chance p by a uniform class, anew at every step; `shifted`: the mean
    of those labels, `(1-p) y + p/classes`; `clean`. `norms` (2,): mean first-layer norm before and after the
    noisy run. `labels` (n, classes), one-hot.
    """

    noisy: Floats
    shifted: Floats
    clean: Floats
    norms: Floats
    labels: Floats

    def loss(self, outputs: Floats) -> float:
        """`1/2 mean (f - y)^2` against the clean labels."""
        return float(0.5 * np.mean((outputs - self.labels) ** 2))


def run_notebook(
    *, n: int, inputs: int, width: int, classes: int, p: float, eta: float, steps: int, seed: int = 0
) -> NotebookRun:
    """Train from one start with noisy, mean-shifted and clean labels.

    Inputs are Gaussian clusters, one a class: coordinate = (mean + noise)/sqrt 2, both standard normal.
    """
    rng = generator(seed, "label_noise_sgd.notebook")
    which = rng.integers(0, classes, n)
    labels = np.eye(classes)[which]
    x = (rng.standard_normal((classes, inputs))[which] + rng.standard_normal((n, inputs))) / np.sqrt(2)
    w_1 = rng.standard_normal((width, inputs)) / np.sqrt(inputs)
    start = x @ w_1.T
    bias_1 = rng.standard_normal(width)
    w_2 = rng.standard_normal((classes, width)) / np.sqrt(width)
    bias_2 = rng.standard_normal(classes)
    norms_0 = np.sum(w_1**2, axis=1)
    del w_1
    gram = x @ x.T
    first = steps - max(1, steps // 10)
    outputs: dict[str, Floats] = {}
    norms = np.zeros(2)
    for kind in ("noisy", "shifted", "clean"):
        draws = generator(seed, "label_noise_sgd.relabel")
        c, b_1, v, b_2 = np.zeros((n, width)), bias_1.copy(), w_2.copy(), bias_2.copy()
        mean = np.zeros((n, classes))
        target = labels if kind == "clean" else (1 - p) * labels + p / classes
        for step in range(steps):
            if kind == "noisy":
                other = np.eye(classes)[draws.integers(0, classes, n)]
                target = np.where(draws.random(n)[:, None] < p, other, labels)
            pre = start + gram @ c + b_1
            hidden = erf(pre)
            out = hidden @ v.T + b_2
            if step >= first:
                mean += out / (steps - first)
            back = eta * (out - target) / out.size
            inner = (back @ v) * (2 / np.sqrt(np.pi)) * np.exp(-(pre**2))
            v -= back.T @ hidden
            b_2 -= back.sum(axis=0)
            c -= inner
            b_1 -= inner.sum(axis=0)
        outputs[kind] = mean
        if kind == "noisy":
            after = norms_0 + 2 * np.sum(c * start, axis=0) + np.sum(c * (gram @ c), axis=0)
            norms = np.array([np.sqrt(norms_0).mean(), np.sqrt(after).mean()])
    return NotebookRun(outputs["noisy"], outputs["shifted"], outputs["clean"], norms, labels)
