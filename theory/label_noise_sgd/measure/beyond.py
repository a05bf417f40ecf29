"""ReLU networks, deep networks' balance, and the released notebook's control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd import decay
from theory.label_noise_sgd.run import LinearRun, ValuesRun

__all__ = [
    "deep_balance",
    "deep_violates",
    "gap_ratio",
    "gap_ratio_half",
    "plateau",
    "relu_aligns",
    "relu_balance",
    "relu_drop",
    "relu_drop_unamplified",
    "relu_ratio",
]

Floats = NDArray[np.float64]
Pair = tuple[float, float]


def relu_balance(run: LinearRun) -> float:
    """The balance identity of every ReLU neuron, relative to the largest |z_i|^2."""
    w, a = run.values["w"], run.values["a"]
    D = np.sum(w**2, axis=2) - a**2
    error = np.abs(D[-1] - D[0] - (run.values["qv_w"] - run.values["qv_a"]))
    return float(np.max(error) / np.max(np.sum(w**2, axis=2) + a**2))


def _sizes(run: LinearRun) -> tuple[Floats, Floats]:
    return np.sum(run.values["w"] ** 2, axis=(1, 2)), np.sum(run.values["a"] ** 2, axis=1)


def _expected_drop(run: LinearRun, amplified: bool) -> float:
    s = run.setting
    trace, size = _sizes(run)
    c = 0.5 * decay.amplification(s.eta, s.d, s.batch) if amplified else 0.0
    rate = 0.5 * s.kappa / (1 - c * trace / s.d)
    return float(np.trapezoid(rate * (trace - s.d * size), run.steps.astype(float)))


def relu_drop(run: LinearRun) -> Pair:
    """Drop of `sum_i D_i`, and the integral of `(kappa/2)/(1 - c_B M_perp/2) (tr M - d s)` along the run.

    Half of the inputs switch a neuron on, so drift and amplification halve.
    """
    trace, size = _sizes(run)
    total = trace - size
    return float(total[0] - total[-1]), _expected_drop(run, True)


def relu_drop_unamplified(run: LinearRun) -> Pair:
    """The same, and the integral without amplification."""
    return relu_drop(run)[0], _expected_drop(run, False)


def relu_ratio(run: LinearRun) -> Pair:
    """tr M/s, mean over the last tenth of the records, and d."""
    trace, size = _sizes(run)
    part = slice(-max(1, len(run.steps) // 10), None)
    return float(np.mean(trace[part]) / np.mean(size[part])), float(run.setting.d)


def relu_aligns(run: LinearRun) -> bool:
    """Whether the mean |cosine| to theta* rises by at least .3."""
    w, unit = run.values["w"], run.path.unit
    cos = np.mean(np.abs(w @ unit) / np.linalg.norm(w, axis=2), axis=1)
    return bool(cos[-1] - cos[0] > 0.3)


# -- deep networks ----------------------------------------------------------------------------------------


def deep_balance(run: ValuesRun) -> float:
    """The balance of every hidden unit against its squared steps, relative to the sum of all squared
    steps + 1.
    """
    error = np.max(np.abs(run.values["change"] - run.values["squares"]))
    return float(error / (1.0 + run.values["total"]))


def deep_violates(run: ValuesRun) -> bool:
    """Whether it is off by more than 1e-3 of the sum of all squared steps."""
    return bool(np.max(np.abs(run.values["change"] - run.values["squares"])) > 1e-3 * run.values["total"])


# -- the released notebook --------------------------------------------------------------------------------


def _loss(run: ValuesRun, kind: str) -> float:
    return float(0.5 * np.mean((run.values[kind] - run.values["labels"]) ** 2))


def _gap(run: ValuesRun, one: str, two: str) -> float:
    return float(np.sqrt(np.mean((run.values[one] - run.values[two]) ** 2)))


def plateau(run: ValuesRun) -> Pair:
    """Train loss of the noisy run on clean labels, and `(p^2/2) mean (y - 1/10)^2`."""
    y = run.values["labels"]
    expected = run.setting.p**2 / 2 * float(np.mean((y - 1 / run.setting.classes) ** 2))
    return _loss(run, "noisy"), expected


def gap_ratio(run: ValuesRun) -> Pair:
    """rms gap of noisy and mean-shifted outputs over that of noisy and clean ones, and 0."""
    return _gap(run, "noisy", "shifted") / _gap(run, "noisy", "clean"), 0.0


def gap_ratio_half(run: ValuesRun) -> Pair:
    """The same, and 1: what it would be if the noise, not its mean, did what is different."""
    return _gap(run, "noisy", "shifted") / _gap(run, "noisy", "clean"), 1.0
