"""ReLU networks, deep networks' balance, and the released notebook's control."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import lambertw

from theory.label_noise_sgd import decay
from theory.label_noise_sgd.run import LinearRun

__all__ = [
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


def relu_drop(run: LinearRun) -> Pair:
    """ln-decay of tr M - d s (of `sum D_i`) in Phase I, and its law with kappa/2 and c_B/2."""
    s = run.setting
    trace, size = _sizes(run)
    steps = run.steps
    c = 0.5 * decay.amplification(s.eta, s.d, s.batch) * trace[0] / s.d
    x = 0.5 * s.kappa * float(steps[-1]) + c
    expected = x + float(np.real(lambertw(-c * np.exp(-x))))
    return float(np.log((trace[0] - size[0]) / (trace[-1] - size[-1]))), expected


def relu_drop_unamplified(run: LinearRun) -> Pair:
    """The same, and kappa t/2."""
    return relu_drop(run)[0], 0.5 * run.setting.kappa * float(run.steps[-1])


def relu_ratio(run: LinearRun) -> Pair:
    """tr M/s, mean over the last tenth of the records, and d."""
    trace, size = _sizes(run)
    part = slice(-max(1, len(run.steps) // 10), None)
    return float(np.mean(trace[part]) / np.mean(size[part])), float(run.setting.d)
