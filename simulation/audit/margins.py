"""Margins of any classifier: log p(label) minus the largest other log p; above 0 where the label is
predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIMIT", "of_logits", "of_losses", "of_probabilities", "predicted"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Margins are cut at +-this (odds of 1 to 5e21): a probability that underflows to 0 stands for no more.
LIMIT = 50.0


def of_logits(logits: NDArray[Any], labels: Ints) -> Floats:
    """Margins of outputs (..., n, C) before the softmax, on labels (n,)."""
    z = np.array(logits, dtype=np.float64)
    where = np.broadcast_to(labels, z.shape[:-1])[..., None]
    own = np.take_along_axis(z, where, axis=-1)[..., 0]
    np.put_along_axis(z, where, -np.inf, axis=-1)
    return np.asarray(np.clip(own - z.max(axis=-1), -LIMIT, LIMIT))


def of_probabilities(probabilities: NDArray[Any], labels: Ints) -> Floats:
    """Margins of class probabilities (..., n, C) on labels (n,).

    Raises:
        ValueError: a number outside [0, 1] or rows that do not sum to 1.

    >>> of_probabilities(np.array([[0.75, 0.25]]), np.array([1])).round(3).tolist()
    [-1.099]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(p).all() or p.min(initial=0.0) < -1e-6 or p.max(initial=1.0) > 1 + 1e-6:
        raise ValueError("probs must lie in [0, 1], without NaN")
    if not np.allclose(p.sum(axis=-1), 1.0, atol=1e-3):
        raise ValueError("probs must sum to 1 over classes (give logits with logits=True)")
    return of_logits(np.log(np.clip(p, 1e-300, 1.0)), labels)


def of_losses(losses: NDArray[Any], classes: int) -> Floats:
    """Margins of cross-entropy losses (..., n), for two classes: loss = log(1 + exp(-margin)).

    Raises:
        ValueError: more than two classes, or a loss that is negative or NaN.

    >>> of_losses(np.log(np.array([2.0, 4.0])), 2).round(3).tolist()
    [-0.0, -1.099]
    """
    if classes != 2:
        raise ValueError("losses cannot tell which class; give probs or margins")
    loss = np.asarray(losses, dtype=np.float64)
    if not (loss >= 0).all():
        raise ValueError("losses must be >= 0, without NaN")
    # log(expm1(l)) = l + log(1 - exp(-l)), finite for large l; at l = 0 the margin is the limit.
    small = np.clip(loss, 1e-300, None)
    return np.clip(-(small + np.log(-np.expm1(-small))), -LIMIT, LIMIT)


def predicted(scores: NDArray[Any]) -> NDArray[np.int16]:
    """The class of the largest score, (..., n)."""
    return np.asarray(np.argmax(scores, axis=-1), dtype=np.int16)
