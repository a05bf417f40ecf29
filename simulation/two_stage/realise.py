r"""A geometry drawn in law, as concrete arrays: what the law engine trained, for engines that need data.

With the factor `(R, B0, L_perp)` of a `Geometry`, put `mu, xi_1..xi_n` in the columns of R, on the first
n + 1 axes, and the part of the weights off span(V) on axes of its own. Then `V^T V = R^T R = K` and
`W^(0) V = B0 R = A^(0)`: gradient descent on these arrays is the law engine's run, in real numbers exactly.
"""

from __future__ import annotations

import numpy as np

from simulation.two_stage.geometry import Geometry
from simulation.two_stage.problem import Problem

__all__ = ["realise"]


def realise(geometry: Geometry, *, off_span: bool = True) -> Problem:
    """The problem in `n + 1 + rank` dimensions with this Gram matrix, initial products and labels.

    The part of the weights off span(V) never moves and meets no training patch; without `off_span` it is
    left out, and the dimension is n + 1.

    Source: derived here (`docs/engines.md`, Exactness in law).
    """
    factor = geometry.factor
    n, m = geometry.n, geometry.m
    outside = factor.L_perp if off_span else factor.L_perp[:, :0]
    patches = np.concatenate([factor.R, np.zeros((outside.shape[1], n + 1))]).T
    weights = np.concatenate([factor.B0, outside], axis=1).reshape(2, m, len(patches.T))
    return Problem(patches[0], patches[1:], geometry.y, geometry.y_observed, weights)
