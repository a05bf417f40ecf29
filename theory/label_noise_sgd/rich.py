"""The rich state: its noise floor, the shrinkage of the mean, exponents of the transport, the noiseless
tail.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd.decay import chi, kappa

__all__ = [
    "escape_from_small_start",
    "first_order_exponents",
    "logistic",
    "pooled_floor",
    "shrinkage",
]

Floats = NDArray[np.float64]


def pooled_floor(eta: float, sigma: float, d: float, target: float, batch: float = 1) -> float:
    """Pooled tan^2 at which alignment stops with the noise on: `(d-1) eta sigma^2/(2 B sqrt(d) |theta*|)`."""
    return float((d - 1) * eta * sigma**2 / (2 * batch * np.sqrt(d) * target))


def shrinkage(eta: float, sigma: float, d: float, batch: float = 1) -> float:
    """`|theta*| - |mean of theta| = eta sigma^2 sqrt(d)/(2 B)` in the rich state (first order in eta)."""
    return float(eta * sigma**2 * np.sqrt(d) / (2 * batch))


def first_order_exponents(eta: float, sigma: float, d: int, target: float, batch: int = 1) -> Floats:
    r"""`2 lambda` a step of the transport in the rich state, (d+1,), largest first.

    `{0, -(1 - chi) kappa_c x (d-1), -[(d+1) + (d-1) chi] kappa_c}`,
    `kappa_c = kappa (1 + eta sqrt(d) |theta*| (d+1+B)/(d B))`.

    >>> first_order_exponents(0.01, 1.0, 3, 1.0).shape
    (4,)
    """
    x = chi(eta, sigma, d, target, batch)
    rate = kappa(eta, sigma, batch) * (1 + eta * np.sqrt(d) * target * (d + 1 + batch) / (d * batch))
    return np.array([0.0, *[-(1 - x) * rate] * (d - 1), -((d + 1) + (d - 1) * x) * rate])


def logistic(steps: Any, q_0: float, eta: float, target: float) -> Any:
    """theta along theta* from a small start: `T/(1 + (T/q_0 - 1) e^(-2 eta T t))`."""
    return target / (1 + (target / q_0 - 1) * np.exp(-2 * eta * target * np.asarray(steps, dtype=float)))


def escape_from_small_start(q_0: float, eta: float, target: float) -> float:
    """Steps to half of theta*: `ln(T/q_0 - 1)/(2 eta T)`."""
    return float(np.log(target / q_0 - 1) / (2 * eta * target))
