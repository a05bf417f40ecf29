r"""The field that all filters of a side feel alike: cross-talk with the filters' mean coefficients.

    F_ji = n^{-1/2} sum_{k != i} P_jk X_ki + n^{-1/2} P_ji 1[y~_i = j] zeta_j,   P_jk = mean_r C_jrk

over ALL samples k, with X and zeta standard normal. X is not symmetric: a filter that is off on i has no
coefficient there, so its field on i holds no echo of i. The symmetry of `<xi_k, xi_i>` leaves
`Cov(F_i, F_k) = P_i P_k/n` between two samples of a side, which the term with zeta has.

Source: derived here (`docs/derivations/cavity.md`, No reaction term).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.cavity.causal import CausalProcess
from theory.two_stage.cavity.nodes import Nodes

__all__ = ["LimitField", "SampleField", "SharedField"]

Singles = NDArray[np.float32]


class SharedField(Protocol):
    """From the mean coefficients (2, n, R), which may be overwritten, the field F (2, n, R)."""

    def __call__(self, means: Singles) -> Singles: ...


class SampleField:
    """The field of n samples in R replicates: n^2 normals each."""

    def __init__(self, nodes: Nodes, replicates: int, rng: np.random.Generator, *, symmetric: bool = True):
        n = nodes.n
        self._products = rng.standard_normal((replicates, n, n), dtype=np.float32)
        self._products[:, np.arange(n), np.arange(n)] = 0
        self._products *= np.float32(n**-0.5)
        zeta = rng.standard_normal((2, 1, replicates), dtype=np.float32) * np.float32(n**-0.5 * symmetric)
        self._trace = nodes.labelled * zeta

    def __call__(self, means: Singles) -> Singles:
        of_samples = np.matmul(means.transpose(2, 0, 1), self._products).transpose(1, 2, 0)
        return np.asarray(of_samples + means * self._trace)


class LimitField:
    """The field for n -> infinity: a Gaussian process, independent from node to node, with covariance
    `sum_k weight_k P_jk(s) P_j'k(s')`. Nodes 2 k and 2 k + 1 get opposite fields."""

    def __init__(self, nodes: Nodes, replicates: int, rng: np.random.Generator):
        self._scale = 1 / replicates
        self._root = np.sqrt(nodes.weight)[:, None].astype(np.float32)
        self._process = CausalProcess((nodes.n, replicates), rng, antithetic=True, longest=12)

    def __call__(self, means: Singles) -> Singles:
        out = np.zeros_like(means)
        for j in (0, 1):
            drawn = self._process.draw(means[j] * self._root, self._scale)
            if drawn is not None:
                out[j] = drawn
        return out
