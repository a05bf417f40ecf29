r"""Gradient descent in interval arithmetic for the few steps until all filters point along the signal.

The state is `A = A^(0) + C D^-1 K`; coefficients and pre-activations are kept as midpoint and radius. A
filter whose pre-activation's interval touches 0 has an undecided gate: then there is no state to start from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.certified.rounding import dot_up, logistic_down, logistic_up, up

__all__ = ["State", "aligned_state"]

Floats = NDArray[np.float64]

_U = 2.0**-53


@dataclass(frozen=True, eq=False)
class State:
    """Pre-activations at `step`: `low <= W V <= high`, (2, m, n+1)."""

    step: int
    low: Floats
    high: Floats


def aligned_state(
    gram: Floats, products: Floats, y: Floats, y_observed: Floats, rate: float, within: int
) -> State | str:
    """The first step at which every `j <w_{j,r}, mu>` is certainly positive, or why there is none."""
    m, n = products.shape[1], len(y)
    A0 = products.reshape(2 * m, n + 1)
    side = np.repeat([1.0, -1.0], m)[:, None]
    norms = np.diag(gram)
    N, N_size = gram / norms[:, None], np.abs(gram / norms[:, None])
    C, C_radius = np.zeros_like(A0), np.zeros_like(A0)
    # Push of every slope on a coefficient, where its gate is open.
    to_noise = rate * norms[1:] * y_observed * side
    to_signal = rate * norms[0] * y * y_observed * side
    for step in range(within + 1):
        A = A0 + C @ N
        # Rounding of N, of the product and of the sum, with room for their own rounding.
        error = 4.0 * (n + 4) * _U * (np.abs(A0) + np.abs(C) @ N_size) + 5e-324
        A_radius = up(dot_up(C_radius, N_size * (1 + 4 * _U)) + error)
        low, high = np.nextafter(A - A_radius, -np.inf), up(A + A_radius)
        if np.all(np.where(side[:, 0] > 0, low[:, 0] > 0, high[:, 0] < 0)):
            return State(step, low.reshape(2, m, n + 1), high.reshape(2, m, n + 1))
        if np.any((low <= 0) & (high >= 0)):
            return f"the sign of a pre-activation is not decided at step {step}"
        slope, slope_radius = _slopes(A, A_radius, side, y, y_observed, m)
        active = A[:, 1:] > 0
        along = (A[:, :1] > 0) == (y > 0)
        signal = np.where(along, to_signal, 0.0)
        for columns, push in (
            (slice(1, None), np.where(active, to_noise * slope, 0.0)),
            (slice(0, 1), (signal @ slope)[:, None]),
        ):
            size = np.abs(push) if columns.start else (np.abs(signal) @ slope)[:, None]
            spread = (
                np.where(active, np.abs(to_noise) * slope_radius, 0.0)
                if columns.start
                else (np.abs(signal) @ slope_radius)[:, None]
            )
            C[:, columns] += push
            C_radius[:, columns] += (spread + 4.0 * (n + 4) * _U * (size + np.abs(C[:, columns]))) * (
                1 + 1e-12
            )
    return f"not every filter points along the signal within {within} steps"


def _slopes(
    A: Floats, A_radius: Floats, side: Floats, y: Floats, y_observed: Floats, m: int
) -> tuple[Floats, Floats]:
    """`g(M_i)` as midpoint and radius, (n,)."""
    signal = np.maximum(A[:, :1] * y, 0.0)
    noise = np.maximum(A[:, 1:], 0.0)
    margins = y_observed * (side * (signal + noise)).sum(axis=0) / m
    rounding = 4.0 * (len(A) + 4) * _U * (signal + noise).sum(axis=0) / m
    # relu is 1-Lipschitz, so a margin moves by at most the mean of the radii.
    radius = ((A_radius[:, :1] + A_radius[:, 1:]).sum(axis=0) / m + rounding) * (1 + 1e-12) + 5e-324
    low, high = logistic_down(up(margins + radius)), logistic_up(np.nextafter(margins - radius, -np.inf))
    middle = 0.5 * (low + high)
    return middle, up(up(high - low))
