r"""The test error on fresh noise, from three numbers a side of a trained network.

A fresh patch gives filter (j, r) the pre-activation `s_j + q_j N_r`: a side sum s_j common to the filters of
a side, and a part of their own, independent between filters. With Sigma = sigma_xi^2 W W^T, in blocks:

    var s_j = mean of the block Sigma_jj OFF its diagonal     cov(s_+, s_-) = mean of the block Sigma_+-
    q_j^2 = mean of the diagonal of Sigma_jj - var s_j

Two filters of a side share s_j alone, so what they have in common is what stands off the diagonal. (The
mean of the whole block is `var s_j + q_j^2/m`: adding the filters' own parts to it counts q_j^2/m twice.)

To leading order in n/d and for small iota these are, in coefficients,

    var s_j = (n/d)(gamma_j^2/a + A_j)            A_j = (1/n) sum_i (E_r rho_{j,r,i})^2
    cov = -(n/d) gamma_+ gamma_-/a                q_j^2 = (n/d)(1/n) sum_i var_r rho_{j,r,i} + iota^2

Given s the output for the true label y is

    y f = S_y + (1/m) sum_r relu(s_y + q_y N_r) - (1/m) sum_r relu(s_-y + q_-y N'_r),

S_y the output on the signal patch alone, gamma_y to leading order; its tail is taken by the saddlepoint
(`relu_tail`). The error is the probability that y f is negative: a Gaussian integral over the plane of the
two side sums, taken in logarithms around its largest point.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.activation_law import normal_excess
from theory.two_stage.mean_field.relu_tail import log_tail
from theory.two_stage.run import Run

__all__ = ["SideSums", "filter_covariance", "iid_log_error", "relu_moments", "side_sums", "signal_outputs"]

Floats = NDArray[np.float64]

_COARSE, _FINE = 121, 141
_REACH, _WINDOW = 45.0, 7.0
#: Every other point of the fine grid is enough where half of those, a checkerboard, give the same sum up to
#: this; what is then left is of the order of its square where the integrand is smooth.
_SAME_SUM = 0.003
#: How often the window may follow a peak that lies in its outer third.
_MOVES = 8
#: Least own part, against the largest size that enters: without own parts the tail is a step, and this width
#: changes it by less than the quadrature does.
_LEAST_OWN = 1e-3


@dataclass(frozen=True)
class SideSums:
    """What the law reads of a network; index 0 of a pair is the side j = +1.

    `signal` S_j; `covariance` of (s_+, s_-), as (var_+, var_-, cov), positive semidefinite; `own` q_j; `m`
    filters a side.
    """

    signal: tuple[float, float]
    covariance: tuple[float, float, float]
    own: tuple[float, float]
    m: int

    def root(self, first: int = 0) -> tuple[float, float, float]:
        """(b, c, e) with `s_first = b u`, `s_other = c u + e v` for independent standard normal u, v."""
        b = math.sqrt(self.covariance[first])
        c = self.covariance[2] / b if b > 0 else 0.0
        return b, c, math.sqrt(max(self.covariance[1 - first] - c**2, 0.0))


def filter_covariance(run: Run, clock: float) -> Floats:
    """`Sigma = sigma_xi^2 W W^T` at the first snapshot whose clock is at least this, (2, m, 2, m).

    The part of the initial weights off the span of the patches enters as it was drawn: taking its rows as
    orthogonal and of equal length, which they are up to `1/sqrt(d)`, is off by up to .4 in ln err at kappa_0
    of 1 to 5 and d/n of 10 to 25.
    """
    m = run.setting.m
    sigma: Floats = run.setting.sigma_xi**2 * run.weight_gram(clock)
    return sigma.reshape(2, m, 2, m)


def signal_outputs(run: Run, clock: float) -> tuple[float, float]:
    """What the network makes of +mu and of -mu, for the label that belongs to it: gamma, plus what the noise
    coefficients add along mu."""
    along = run.products[run.snapshot_at(clock)][..., 0]
    plus, minus = (
        float(np.maximum(y * along[j], 0.0).mean() - np.maximum(y * along[1 - j], 0.0).mean())
        for j, y in ((0, 1.0), (1, -1.0))
    )
    return plus, minus


def side_sums(run: Run, clock: float) -> SideSums:
    """The sums at the first snapshot whose clock is at least this.

    A covariance that scatter makes indefinite (off-diagonal means below 0, or too small for the cross one) is
    moved to the nearest possible one: it means that the filters share nothing, up to `1/sqrt(d)`. With m = 1
    there is no pair of filters, and a side's only pre-activation is its side sum.

    Source: derived here.
    """
    blocks = filter_covariance(run, clock)
    m = blocks.shape[1]
    shared, own = [], []
    for j in (0, 1):
        block = blocks[j, :, j]
        diagonal = float(np.trace(block)) / m
        common = diagonal if m == 1 else float(block.sum() - np.trace(block)) / (m * (m - 1))
        common = min(max(common, 0.0), diagonal)
        shared.append(common)
        own.append(math.sqrt(max(diagonal - common, 0.0)))
    most = math.sqrt(shared[0] * shared[1])
    cross = min(max(float(blocks[0, :, 1].mean()), -most), most)
    return SideSums(signal_outputs(run, clock), (shared[0], shared[1], cross), (own[0], own[1]), m)


def relu_moments(s: Floats, q: float) -> tuple[Floats, Floats]:
    """Mean and variance of relu(s + q N)."""
    from scipy.special import ndtr

    mean = q * normal_excess(-s / q)
    second = (s**2 + q**2) * ndtr(s / q) + s * q * np.exp(-0.5 * (s / q) ** 2) / math.sqrt(2 * math.pi)
    return mean, np.maximum(second - mean**2, 0.0)


@lru_cache(maxsize=256)
def iid_log_error(sums: SideSums) -> float:
    """`ln P(error)` under fresh noise, the mean over both true labels.

    Quadrature on two grids: a coarse one, with a normal tail, finds the largest point of the integrand; a
    fine one around it integrates, with the saddlepoint's tail. Its spacing is 0.2 standard deviations where
    that is seen to be enough, an error below 1e-3 in the probability, else 0.1: 15 % without own parts, where
    the tail is a step.

    Source: derived here.
    """
    logs = [_log_error_of(sums, own, other) for own, other in ((0, 1), (1, 0))]
    return float(np.logaddexp(logs[0], logs[1])) - math.log(2.0)


def _log_error_of(sums: SideSums, own: int, other: int) -> float:
    from scipy.special import log_ndtr

    first, cross, rest = sums.root(own)
    signal, m = sums.signal[own], sums.m
    size = max(abs(signal), math.sqrt(max(sums.covariance[:2])), *sums.own)
    q_own, q_other = (max(sums.own[k], _LEAST_OWN * size, 1e-300) for k in (own, other))

    def normal(u: Floats, v: Floats) -> Floats:
        mean_own, var_own = relu_moments(first * u, q_own)
        mean_other, var_other = relu_moments(cross * u + rest * v, q_other)
        spread = np.sqrt(np.maximum((var_own + var_other) / m, 1e-300))
        out: Floats = log_ndtr(-(signal + mean_own - mean_other) / spread) - 0.5 * (u**2 + v**2)
        return out

    def tail(u: Floats, v: Floats) -> Floats:
        logs = log_tail(signal, (first * u, q_own), (cross * u + rest * v, q_other), m)
        return np.asarray(logs - 0.5 * (u**2 + v**2))

    axis = np.linspace(-_REACH, _REACH, _COARSE)
    coarse = normal(*np.meshgrid(axis, axis, indexing="ij"))
    row, column = np.unravel_index(int(np.argmax(coarse)), coarse.shape)
    centre = (float(axis[row]), float(axis[column]))
    window = np.linspace(-_WINDOW, _WINDOW, _FINE)[::2]
    for _ in range(_MOVES):
        fine = tail(*np.meshgrid(centre[0] + window, centre[1] + window, indexing="ij"))
        row, column = np.unravel_index(int(np.argmax(fine)), fine.shape)
        if max(abs(window[row]), abs(window[column])) <= 2 * _WINDOW / 3:
            break
        centre = (centre[0] + float(window[row]), centre[1] + float(window[column]))
    total, half = _log_sums(fine, float(window[1] - window[0]))
    if abs(total - half) > _SAME_SUM:
        window = np.linspace(-_WINDOW, _WINDOW, _FINE)
        fine = tail(*np.meshgrid(centre[0] + window, centre[1] + window, indexing="ij"))
        total, _ = _log_sums(fine, float(window[1] - window[0]))
    return total - math.log(2 * math.pi)


def _log_sums(logs: Floats, spacing: float) -> tuple[float, float]:
    """Logarithm of an integral over a grid, from all of its points and from the checkerboard's."""
    peak = float(logs.max())
    values = np.exp(logs - peak)
    half = float(values[::2, ::2].sum() + values[1::2, 1::2].sum())
    cell = 2 * math.log(spacing) + peak
    return cell + math.log(float(values.sum())), cell + math.log(2 * half) if half else -math.inf
