r"""All that gradient descent sees of data and weights: Gram matrix, initial products, labels.

With `V = [mu, xi_1..xi_n]`, `K = V^T V` and `A^(0) = W^(0) V`, every step of gradient descent is a function
of `(K, A^(0), y, y~)`: `A^(t) = A^(0) + C^(t) D^-1 K`. Test errors need two things more, because a fresh
patch leaves span(V): the triangular factor `R` of `V = Q R` and the Gram factor of the part of `W^(0)`
orthogonal to span(V).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.problem import Problem, patch_gram, sample_labels
from theory.rng import generator
from theory.two_stage.setting import Setting

__all__ = ["Geometry", "WeightFactor", "draw_geometry", "geometry_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WeightFactor:
    """What fixes the law of `W xi` for a fresh Gaussian patch.

    `R` (n+1, n+1) upper triangular with `K = R^T R`; `B0 = W^(0) Q` (2m, n+1), so `A^(0) = B0 R`;
    `L_perp` (2m, k) with `L_perp L_perp^T` the Gram matrix of the rows of `W^(0)` off span(V).
    """

    R: Floats
    B0: Floats
    L_perp: Floats


@dataclass(frozen=True, eq=False)
class Geometry:
    """`gram` K (n+1, n+1); `products` A^(0) (2m, n+1), rows j = +1 first; labels (n,).

    `make_factor` gives the weight factor, formed on first use: only test errors need it. `problem` holds the
    arrays; None when the geometry was drawn in law.
    """

    gram: Floats
    products: Floats
    y: Floats
    y_observed: Floats
    make_factor: Callable[[], WeightFactor]
    problem: Problem | None = None

    @cached_property
    def factor(self) -> WeightFactor:
        """What fixes the law of `W xi` for a fresh patch."""
        return self.make_factor()

    @property
    def m(self) -> int:
        """Filters a side."""
        return int(self.products.shape[0]) // 2

    @property
    def n(self) -> int:
        """Samples."""
        return int(self.gram.shape[0]) - 1


def geometry_of(problem: Problem) -> Geometry:
    """The geometry of a concrete problem, without a copy of its patches."""
    W0 = problem.w0.reshape(-1, problem.d)
    return Geometry(
        gram=patch_gram(problem.mu, problem.xi),
        products=np.concatenate([(W0 @ problem.mu)[:, None], W0 @ problem.xi.T], axis=1),
        y=problem.y,
        y_observed=problem.y_observed,
        make_factor=lambda: _factor_of(np.concatenate([problem.mu[None], problem.xi]).T, W0),
        problem=problem,
    )


def _factor_of(V: Floats, W0: Floats) -> WeightFactor:
    """By Householder QR of the patches, then of the part of the weights off their span."""
    Q, R = np.linalg.qr(V)
    sign = np.where(np.diag(R) < 0, -1.0, 1.0)
    Q, R = Q * sign, R * sign[:, None]
    B0 = W0 @ Q
    perp = W0 - B0 @ Q.T
    width = min(perp.shape[0], V.shape[0] - V.shape[1])
    triangle: Floats = np.linalg.qr(perp.T, mode="r")  # type: ignore[assignment]  # numpy stub
    return WeightFactor(R, B0, np.ascontiguousarray(triangle.T[:, : max(width, 0)]))


def draw_geometry(setting: Setting, seed: int = 0) -> Geometry:
    r"""Draw (K, A^(0)) exactly in law without forming a d-vector, at a cost free of d.

    `V = Q R`: the first row of R is `(|mu|, sigma_xi N(0,1), ...)`, the rest the Bartlett factor of a
    (d-1)-dimensional Gaussian sample (above the diagonal `sigma_xi N(0,1)`, on it
    `sigma_xi chi_{d-1-k}`, k = 0..n-1). `W^(0) Q` has entries `N(0, sigma_0^2)`; the part of `W^(0)` off
    span(V) is a Wishart with `d - n - 1` degrees of freedom, drawn by its triangular factor when
    `2m <= d - n - 1` and as a Gaussian factor otherwise.

    Source: derived here (`docs/engines.md`); two_stage claim `two_stage.law`.

    Raises:
        ValueError: when `d < n + 1`.
    """
    n, d, m = setting.n, setting.d, setting.m
    if d < n + 1:
        raise ValueError(f"d must be at least n + 1 = {n + 1}, was {d}")
    R = np.zeros((n + 1, n + 1))
    R[0, 0] = setting.signal_norm
    R[0, 1:] = setting.sigma_xi * generator(seed, "noise along mu").standard_normal(n)
    # Full square draws: the k-th row's entries are the same whatever d is, which pairs runs across d.
    np.copyto(R[1:, 1:], generator(seed, "noise factor").standard_normal((n, n)), where=_above(n))
    R.reshape(-1)[n + 2 :: n + 2] = _chi(d - 1 - np.arange(n), generator(seed, "noise radii"))
    R[1:, 1:] *= setting.sigma_xi
    B0 = setting.sigma_0 * generator(seed, "weights in span").standard_normal((2 * m, n + 1))
    y, y_observed = sample_labels(setting, seed)
    return Geometry(
        gram=R.T @ R,
        products=B0 @ R,
        y=y,
        y_observed=y_observed,
        make_factor=lambda: WeightFactor(R, B0, setting.sigma_0 * _off_span(2 * m, d - n - 1, seed)),
    )


@lru_cache(maxsize=1)
def _above(size: int) -> NDArray[np.bool_]:
    """Where a square matrix lies above its diagonal; kept: small draws of one size come by the ten
    thousand."""
    return np.triu(np.ones((size, size), dtype=bool), 1)


def _off_span(rows: int, freedom: int, seed: int) -> Floats:
    """A factor of a standard Wishart matrix."""
    rng = generator(seed, "weights off span")
    if rows > freedom:
        return rng.standard_normal((rows, freedom))
    triangle = np.tril(rng.standard_normal((rows, rows)), -1)
    triangle[np.diag_indices(rows)] = _chi(freedom - np.arange(rows), rng)
    return triangle


def _chi(freedom: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Chi variables by inversion of uniforms, so that equal seeds are paired across dimensions."""
    from scipy.special import gammaincinv

    radii: Floats = np.sqrt(2.0 * gammaincinv(freedom / 2.0, rng.random(len(freedom))))
    return radii
