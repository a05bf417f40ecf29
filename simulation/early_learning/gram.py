r"""What gradient descent sees of the data: n numbers and an n x n matrix, for any dimension.

With `e_i x_i = h_i v + sigma z_i` (z orthogonal to v) and `theta = theta_0 + (1/n) sum_i c_i e_i x_i`,
margins are `f = f_0 + K c` with `K = h h^T / n + N`, `N = sigma^2 Z Z^T / n`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.early_learning.problem import MixtureProblem, draw_signs
from theory.early_learning.setting import MixtureSetting
from theory.rng import generator

__all__ = ["Gram", "draw_gram", "gram_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gram:
    """The data of a run in n dimensions.

    Args:
        h: components of `e_i x_i` along v, (n,).
        noise: `sigma^2 Z Z^T / n` for the parts orthogonal to v, (n, n).
        s: +1 for a right label, -1 for a wrong one, (n,).
        start_noise: `e_i theta_0 . x_i` from the part of theta_0 orthogonal to v, (n,).
        start_signal: `theta_0 . v`.
        start_norm2: `|theta_0|^2` without the part along v.
        sigma: noise of a coordinate, where it is known.
    """

    h: Floats
    noise: Floats
    s: Floats
    start_noise: Floats
    start_signal: float
    start_norm2: float
    sigma: float | None

    @property
    def kernel(self) -> Floats:
        """`K = (1/n) (e_i x_i . e_k x_k)`, (n, n)."""
        return np.outer(self.h, self.h) / len(self.h) + self.noise

    @property
    def start(self) -> Floats:
        """Margins of theta_0, (n,)."""
        return np.asarray(self.h * self.start_signal + self.start_noise)

    def signal(self, c: Floats) -> Floats:
        """`theta . v` for coefficients c (..., n)."""
        return np.asarray(self.start_signal + c @ self.h / len(self.h))

    def noise_norm2(self, c: Floats) -> Floats:
        """Squared length of theta orthogonal to v, for coefficients c (..., n)."""
        n = len(self.h)
        own = np.sum((c @ self.noise) * c, axis=-1) / n
        cross = 2.0 * np.asarray(c @ self.start_noise) / n
        return np.asarray(np.maximum(self.start_norm2 + cross + own, 0.0))


def gram_of(problem: MixtureProblem, theta_0: Floats | None = None) -> Gram:
    """The Gram form of given arrays: exact, one product of (n, p) with its transpose."""
    q = problem.x * problem.e[:, None]
    n = len(q)
    h = q @ problem.v
    q -= np.outer(h, problem.v)
    along, across, length2 = 0.0, np.zeros(n), 0.0
    if theta_0 is not None:
        along = float(theta_0 @ problem.v)
        rest = theta_0 - along * problem.v
        across, length2 = q @ rest, float(rest @ rest)
    return Gram(h, q @ q.T / n, problem.s, across, along, length2, problem.sigma)


def _wishart(n: int, freedom: int, seed: int) -> Floats:
    """`Z Z^T` for Z (n, freedom) standard normal: by Bartlett's triangular factor when freedom >= n."""
    draws = generator(seed, "mixture.wishart")
    if freedom < n:
        z = draws.standard_normal((n, freedom))
        return z @ z.T
    lower = np.tril(draws.standard_normal((n, n)), -1)
    lower[np.diag_indices(n)] = np.sqrt(draws.chisquare(freedom - np.arange(n)))
    return lower @ lower.T


def draw_gram(setting: MixtureSetting, seed: int) -> Gram:
    """The Gram form of a setting, drawn from its exact law without p-dimensional arrays.

    The noise orthogonal to v is a Wishart matrix with p - 1 degrees of freedom; a start of length r0 keeps
    one column of it explicit, the one along theta_0.
    """
    n = setting.n
    _, s = draw_signs(setting, seed)
    h = 1.0 + setting.sigma * generator(seed, "mixture.along").standard_normal(n)
    variance = setting.sigma**2 / n
    if setting.start == 0.0:
        noise = variance * _wishart(n, setting.p - 1, seed)
        return Gram(h, noise, s, np.zeros(n), 0.0, 0.0, setting.sigma)
    column = generator(seed, "mixture.start_column").standard_normal(n)
    noise = variance * (_wishart(n, setting.p - 2, seed) + np.outer(column, column))
    across = setting.sigma * setting.start * column
    return Gram(h, noise, s, across, 0.0, setting.start**2, setting.sigma)
