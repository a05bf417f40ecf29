"""How many validation images with observed labels it takes to see a drop in accuracy."""

from __future__ import annotations

import math

__all__ = ["observed_accuracy", "validation_needed"]


def observed_accuracy(accuracy: float, tau: float, k: int) -> float:
    """Expected accuracy on observed labels at true accuracy A: (1 - tau) A + tau (1 - A)/(k - 1), symmetric
    flips.

    >>> round(observed_accuracy(0.9, 0.2, 2), 2)
    0.74
    """
    return (1 - tau) * accuracy + tau * (1 - accuracy) / (k - 1)


def validation_needed(tau: float, k: int, drop: float = 0.1, accuracy: float = 0.9) -> int:
    """Validation images that resolve a drop D of true accuracy between two times at two standard errors.

    n_v >= 8 a (1 - a)/(D^2 (1 - tau k/(k-1))^2), a the observed accuracy at true accuracy `accuracy`: the
    difference of two shares has variance 2 a (1 - a)/n_v at most, when the two times are taken as
    independent.

    Raises:
        ValueError: a rate at which observed labels say nothing of true ones.

    >>> validation_needed(0.2, 2), validation_needed(0.4, 2)
    (428, 4872)
    """
    keep = 1 - tau * k / (k - 1)
    if not keep > 0:
        raise ValueError(f"tau must be below {(k - 1) / k:g} for {k} classes, was {tau}")
    seen = observed_accuracy(accuracy, tau, k)
    return math.ceil(8 * seen * (1 - seen) / (drop * keep) ** 2 - 1e-9)
