r"""The D_test error with its fresh noise: the memorisation count, smoothed.

A D_test point repeats the patch of a training sample I with fresh noise zeta of its own. Filter (j, r) sees
`A_{j,r,I} + s_j + q_j N_r`: the trained pre-activation, a side sum s_j common to the filters of a side, and a
part of its own, as for fresh noise alone (`iid_law`). Given s the output for the true label y is normal,

    y f = S_y + (1/m) sum_r Psi_q(A_{y,r,I} + s_y) - (1/m) sum_r Psi_q(A_{-y,r,I} + s_{-y}) + Normal(0, v/m),

and the error is the mean over I, y and the bivariate normal s of `P(y f < 0)`. For d/n -> infinity s and q
vanish and it counts the samples whose noise outweighs the signal, `sample_law.memorisation_error`; at d/n of
100 to 1000 many samples lie within sqrt(n/d) of that threshold, most of all while they are being memorised.

Source: derived here (`docs/derivations/test_errors.md`).
"""

from __future__ import annotations

import numpy as np

from theory.two_stage.mean_field.iid_law import relu_moments, side_sums
from theory.two_stage.run import Run

__all__ = ["dtest_error"]

#: Nodes a side of the quadrature over the two side sums; 7 and 11 give the same error to 1e-3.
_NODES = 7


def dtest_error(run: Run, clock: float, spread: float = 1.0) -> float:
    """The D_test error at the first snapshot whose clock is at least this.

    `spread` scales the fresh noise: 0 is the memorisation count but for the sign of the signal.

    Source: derived here.
    """
    from scipy.special import ndtr

    sums = side_sums(run, clock)
    products = run.products[run.snapshot_at(clock)][..., 1:]
    x, w = np.polynomial.hermite_e.hermegauss(_NODES)
    u, v = (grid.ravel() for grid in np.meshgrid(x, x, indexing="ij"))
    weight = np.outer(w, w).ravel() / w.sum() ** 2
    first, cross, rest = sums.root()
    means, variances = [], []
    # The first side sees each node of u once for all of v.
    for side, common, times in ((0, first * x, _NODES), (1, cross * u + rest * v, 1)):
        own = max(spread * sums.own[side], 1e-12)
        mean, variance = relu_moments(products[side] + spread * common[:, None, None], own)
        means.append(np.repeat(mean.mean(axis=1), times, axis=0))
        variances.append(np.repeat(variance.mean(axis=1) / sums.m, times, axis=0))
    deviation = np.sqrt(variances[0] + variances[1] + 1e-24)
    errors = [
        weight @ ndtr(-(sums.signal[k] + means[k] - means[1 - k]) / deviation).mean(axis=1) for k in (0, 1)
    ]
    return float(0.5 * (errors[0] + errors[1]))
