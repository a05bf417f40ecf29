r"""The test error on fresh noise, from three numbers a side of a trained network.

A fresh patch gives filter (j, r) the pre-activation `s_j + q_j N_r`: a side sum s_j common to the filters of
a
side, and a part of their own. With Sigma = sigma_xi^2 W W^T, in blocks by side,

    var s_j = mean of the block Sigma_jj          cov(s_+, s_-) = mean of the block Sigma_+-
    q_j^2 = mean of the diagonal of Sigma_jj - var s_j

To leading order in n/d and for small iota these are, in coefficients,

    var s_j = (n/d)(gamma_j^2/a + A_j)            A_j = (1/n) sum_i (E_r rho_{j,r,i})^2
    cov = -(n/d) gamma_+ gamma_-/a                q_j^2 = (n/d)(1/n) sum_i var_r rho_{j,r,i} + iota^2

With `Psi_q(s) = E relu(s + q N)` and `v_q(s) = var relu(s + q N)` the output for the true label y is

    y f = S_y + Psi_{q_y}(s_y) - Psi_{q_-y}(s_-y) + Normal(0, (v_y + v_-y)/m),

S_y the output on the signal patch alone, gamma_y to leading order. The error is the probability that this is
negative: a Gaussian integral over the plane, taken in logarithms around its largest point.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.activation_law import normal_excess
from theory.two_stage.run import Run

__all__ = ["SideSums", "iid_log_error", "relu_moments", "side_sums"]

Floats = NDArray[np.float64]

_COARSE, _FINE = 121, 161
_REACH, _WINDOW = 45.0, 7.0


@dataclass(frozen=True)
class SideSums:
    """What the law reads of a network; index 0 of a pair is the side j = +1.

    `signal` S_j; `covariance` of (s_+, s_-), as (var_+, var_-, cov); `own` q_j; `m` filters a side.
    """

    signal: tuple[float, float]
    covariance: tuple[float, float, float]
    own: tuple[float, float]
    m: int


def side_sums(run: Run, clock: float) -> SideSums:
    """The sums at the first snapshot whose clock is at least this.

    Source: derived here.
    """
    k = run.snapshot_at(clock)
    row = int(np.searchsorted(run.steps, run.snapshot_steps[k]))
    s, m = run.setting, run.setting.m
    side = np.array([1.0, -1.0])[:, None, None]
    coefficients = np.concatenate([side * run.gamma[row][..., None], run.rho[k]], axis=2).reshape(2 * m, -1)
    scaled = coefficients / np.diag(run.gram)
    initial = run.initial_products.reshape(2 * m, -1)
    cross = scaled @ initial.T
    # W = W_0 + C D^-1 V^T; the rows of W_0 are orthogonal up to 1/sqrt(d).
    sigma = s.sigma_xi**2 * (scaled @ run.gram @ scaled.T + cross + cross.T) + s.iota**2 * np.eye(2 * m)
    blocks = sigma.reshape(2, m, 2, m)
    means = blocks.mean(axis=(1, 3))
    own = [math.sqrt(max(float(np.diag(blocks[j, :, j]).mean() - means[j, j]), 1e-300)) for j in (0, 1)]
    # What the network makes of +-mu: gamma, plus what the noise coefficients add along mu.
    along = run.products[k][..., 0]
    output = [
        float(np.maximum(y * along[j], 0.0).mean() - np.maximum(y * along[1 - j], 0.0).mean())
        for j, y in ((0, 1.0), (1, -1.0))
    ]
    return SideSums(
        signal=(output[0], output[1]),
        covariance=(float(means[0, 0]), float(means[1, 1]), float(means[0, 1])),
        own=(own[0], own[1]),
        m=m,
    )


def relu_moments(s: Floats, q: float) -> tuple[Floats, Floats]:
    """Mean and variance of relu(s + q N)."""
    from scipy.special import ndtr

    mean = q * normal_excess(-s / q)
    second = (s**2 + q**2) * ndtr(s / q) + s * q * np.exp(-0.5 * (s / q) ** 2) / math.sqrt(2 * math.pi)
    return mean, np.maximum(second - mean**2, 0.0)


def iid_log_error(sums: SideSums) -> float:
    """`ln P(error)` under fresh noise, the mean over both true labels.

    Quadrature on two grids: a coarse one finds the largest point of the integrand, a fine one around it
    integrates; the spacing 0.0875 standard deviations leaves an error of the order of 1 % in the probability.

    Source: derived here.
    """
    logs = [_log_error_of(sums, own, other) for own, other in ((0, 1), (1, 0))]
    return float(np.logaddexp(logs[0], logs[1])) - math.log(2.0)


def _log_error_of(sums: SideSums, own: int, other: int) -> float:
    var = sums.covariance[:2]
    first = math.sqrt(var[own])
    cross = sums.covariance[2] / first
    rest = math.sqrt(max(var[other] - cross**2, 0.0))

    def log_density(u: Floats, v: Floats) -> Floats:
        from scipy.special import log_ndtr

        mean_own, var_own = relu_moments(first * u, sums.own[own])
        mean_other, var_other = relu_moments(cross * u + rest * v, sums.own[other])
        margin = sums.signal[own] + mean_own - mean_other
        spread = np.sqrt(np.maximum((var_own + var_other) / sums.m, 1e-300))
        out: Floats = -0.5 * (u**2 + v**2) + log_ndtr(-margin / spread)
        return out

    # log_ndtr is about -margin^2/(2 spread^2): the largest point is where failing is most probable.
    axis = np.linspace(-_REACH, _REACH, _COARSE)
    u, v = np.meshgrid(axis, axis, indexing="ij")
    coarse = log_density(u, v)
    centre = np.unravel_index(int(np.argmax(coarse)), coarse.shape)
    window = np.linspace(-_WINDOW, _WINDOW, _FINE)
    fine = log_density(*np.meshgrid(axis[centre[0]] + window, axis[centre[1]] + window, indexing="ij"))
    peak = float(fine.max())
    cell = float(window[1] - window[0])
    return peak + math.log(float(np.exp(fine - peak).sum()) * cell**2 / (2 * math.pi))
