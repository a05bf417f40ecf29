r"""Phase I: how label noise shrinks the first layer, derived from the stationary residual.

With `theta - theta*` fluctuating about zero with covariance `V I`, one step of SGD on Gaussian inputs keeps V
when `2 eta V = eta^2 mu (sigma^2/B + V (1 + (d+1)/B))`, mu = M_perp + s. The first
layer then loses `2 eta V` a step in every direction. Valid while M_perp >> s and c_B mu < 1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.label_noise_sgd.symbols import B, M, d, eta, sigma, t

__all__ = [
    "amplification",
    "chi",
    "crossover_steps",
    "decay_clock",
    "decay_law",
    "direction_rates",
    "escape_steps",
    "floor",
    "forced_factor",
    "forced_signal",
    "kappa",
    "persistent_rate",
    "residual_variance",
    "residual_variance_expression",
]

Floats = NDArray[np.float64]
_V = sp.Symbol("V", positive=True)
_M0 = sp.Symbol("M_0", positive=True)


@cache
def residual_variance_expression() -> sp.Expr:
    """V solved from the stationarity of one step; the mean square of a gradient's entry is derived, not
    given.

    >>> sp.simplify(residual_variance_expression().subs({B: 1, d: 1}) - eta*M*sigma**2/(2 - 3*eta*M))
    0
    """
    # E g_k^2 for x ~ N(0, I), residual r = x.delta - eps, Cov(delta) = V I: the batch's own fluctuation is
    # (sigma^2 + (d + 2) V)/B, its mean contributes (1 - 1/B) V.
    per_entry = (sigma**2 + (d + 2) * _V) / B + (1 - 1 / B) * _V
    step = _V - 2 * eta * M * _V + eta**2 * M**2 * per_entry
    return sp.simplify(sp.solve(sp.Eq(step, _V), _V)[0])


@cache
def decay_law() -> sp.Expr:
    """`ln(M_0/M) - c_B (M_0 - M) - kappa t`, zero along Phase I: the integral of `dM/dt = -2 eta V`."""
    rate = sp.simplify(2 * eta * residual_variance_expression() / M)
    x = sp.Symbol("x", positive=True)
    time = sp.integrate(sp.expand(sp.simplify(1 / (x * rate.subs(M, x)))), (x, M, _M0))
    k = eta**2 * sigma**2 / B
    return sp.expand(sp.expand_log(k * time) - k * t)


def kappa(eta: float, sigma: float, batch: float = 1) -> float:
    """`eta^2 sigma^2/B`: the slow rate a step."""
    return eta**2 * sigma**2 / batch


def amplification(eta: float, d: float, batch: float = 1) -> float:
    """`c_B = (eta/2)(1 + (d+1)/B)`: the decay at M is `kappa/(1 - c_B M)`."""
    return 0.5 * eta * (1 + (d + 1) / batch)


def chi(eta: float, sigma: float, d: float, target: float, batch: float = 1) -> float:
    """`eta sigma^2 d^(3/2)/(2 B |theta*|)`: how far from adiabatic the slow motion is."""
    return float(eta * sigma**2 * d**1.5 / (2 * batch * target))


def floor(eta: float, sigma: float, batch: float = 1) -> float:
    """`eta sigma^2/(2 B)`: where M_perp stops while the noise is on."""
    return eta * sigma**2 / (2 * batch)


def residual_variance(mu: Any, eta: float, sigma: float, d: float, batch: float = 1) -> Any:
    """V of one entry of theta in Phase I.

    >>> round(residual_variance(50.0, 1e-3, 4.0, 20), 6)
    0.888889
    """
    return _variance()(mu, eta, sigma, d, batch)


@cache
def _variance() -> Any:
    return sp.lambdify((M, eta, sigma, d, B), residual_variance_expression(), modules="numpy")


def decay_clock(steps: Any, m_0: float, eta: float, sigma: float, d: float, batch: float = 1) -> Any:
    r"""`L(t)`, the root of `L - c_B M_0 (1 - e^-L) = kappa t`, so that `M_perp = M_0 e^-L` in Phase I.

    In closed form `L = x + W_0(-c e^-x)`, `x = kappa t + c`, `c = c_B M_0 < 1`.

    Raises:
        ValueError: when `c_B M_0 >= 1`: no stationary residual exists.

    >>> bool(abs(decay_clock(0.0, 50.0, 1e-3, 4.0, 20)) < 1e-12)
    True
    """
    from scipy.special import lambertw

    c = amplification(eta, d, batch) * m_0
    if not c < 1:
        raise ValueError(f"c_B M_0 must be below 1 for a stationary residual, was {c:g}")
    x = kappa(eta, sigma, batch) * np.asarray(steps, dtype=float) + c
    return x + np.real(lambertw(-c * np.exp(-x)))


def crossover_steps(m_0: float, eta: float, sigma: float, d: float, target: float, batch: float = 1) -> float:
    """`T_x`: steps until M_perp has come down to `sqrt(d) |theta*|`."""
    end = np.sqrt(d) * target
    c = amplification(eta, d, batch)
    return float((np.log(m_0 / end) - c * (m_0 - end)) / kappa(eta, sigma, batch))


def escape_steps(m_0: float, drop: float, eta: float, sigma: float, d: float, batch: float = 1) -> float:
    """`T_1`: steps until M_perp has lost the share `drop`."""
    c = amplification(eta, d, batch)
    return float((-np.log1p(-drop) - c * m_0 * drop) / kappa(eta, sigma, batch))


def direction_rates(spectrum: Floats, m_0: Floats, eta: float, sigma: float, batch: float = 1) -> Floats:
    r"""Instantaneous log-decay of `M_kk` a step for inputs with covariance diag(spectrum), (d,).

    `2 eta lambda_k V_k/M_kk`, `V_k = (eta M_kk/2B) S/(1 - (eta/2) M_kk lambda_k (1 + 1/B))`,
    `S = sigma^2 + sum_j lambda_j V_j`, linear in S.

    Raises:
        ValueError: when no stationary residual exists.
    """
    own = 1 - 0.5 * eta * m_0 * spectrum * (1 + 1 / batch)
    per_s = (eta * m_0 / (2 * batch)) / np.where(own > 0, own, np.nan)
    share = float(spectrum @ per_s)
    if not share < 1:
        raise ValueError("eta tr(Sigma M)/2 must be below 1 for a stationary residual")
    return np.asarray(2 * eta * spectrum * per_s / m_0 * sigma**2 / (1 - share))


def forced_factor(eta: float, v: float, m: float, q: float) -> float:
    """Per-step factor of E M_perp when a is imposed, i.i.d. in neuron and step: exact.

    `1 - 2 eta v + eta^2 v ((m-1) v + q)`, v = E a^2, q = E a^4/v.
    """
    return 1 - 2 * eta * v + eta**2 * v * ((m - 1) * v + q)


def forced_signal(eta: float, v: float, m: float, q: float, target: float) -> float:
    """Stationary M along theta* of the same: `eta m |theta*|^2/(2 - eta ((m-1) v + q))`."""
    return eta * m * target**2 / (2 - eta * ((m - 1) * v + q))


def persistent_rate(eta: float, v: float, m: float, p: float) -> float:
    """Heuristic decay a step of M_perp when each a_i is redrawn with chance 1 - p only.

    `2 eta v/(1 + eta m v (1+p)/(2 (1-p)))`.
    """
    return 2 * eta * v / (1 + eta * m * v * (1 + p) / (2 * (1 - p)))


#: For the text of claims: the letters of the amplified decay.
RATE = eta**2 * sigma**2 / B / (1 - eta / 2 * (1 + (d + 1) / B) * M)
