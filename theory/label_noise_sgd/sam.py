"""Sharpness-aware minimisation on the two-layer linear network: decay laws, with and without label noise."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.label_noise_sgd.symbols import t

__all__ = [
    "mean_norm",
    "normalised_rate",
    "normalised_root",
    "normalised_root_expression",
    "normalised_root_long",
    "plain_rate",
    "root_defect",
]

Floats = NDArray[np.float64]


def mean_norm(d: float) -> float:
    """`E|x|` of x ~ N(0, I_d): `sqrt(2) Gamma((d+1)/2)/Gamma(d/2)`.

    >>> round(mean_norm(1) ** 2 * np.pi / 2, 12)
    1.0
    """
    from scipy.special import gammaln

    return float(np.sqrt(2) * np.exp(gammaln((d + 1) / 2) - gammaln(d / 2)))


def normalised_rate(eta: float, rho: float, d: float, mu: float) -> float:
    """Decay of M_perp a step under 1-SAM without label noise: `2 eta rho^2 (1 + (d + 5/2) eta mu)`."""
    return 2 * eta * rho**2 * (1 + (d + 2.5) * eta * mu)


@cache
def normalised_root_expression() -> sp.Expr:
    """`sqrt(M_perp)(t)` under normalised SAM with label noise, `A`, `C` its two rates.

    `d ln M/dt = -(A + C/sqrt(M))` is linear in sqrt(M).
    """
    A, C, root_0 = sp.symbols("A C R_0", positive=True)
    return (root_0 + C / A) * sp.exp(-A * t / 2) - C / A


@cache
def root_defect() -> sp.Expr:
    """`d ln M/dt + A + C/sqrt(M)` of that form: zero.

    >>> root_defect()
    0
    """
    A, C = sp.symbols("A C", positive=True)
    root = normalised_root_expression()
    return sp.simplify(2 * sp.diff(root, t) + A * root + C)


def normalised_root(steps: Floats, m_0: float, eta: float, rho: float, sigma: float, d: int) -> Floats:
    """`sqrt(M_perp)`: short form, for `eta mu_0 (d+1) <= .03` and +-sigma label noise."""
    A = 2 * eta * rho**2 + eta**2 * sigma**2
    C = 2 * eta * rho * sigma * mean_norm(d) / d
    return np.asarray((np.sqrt(m_0) + C / A) * np.exp(-A * np.asarray(steps) / 2) - C / A)


def normalised_root_long(steps: Floats, m_0: float, eta: float, rho: float, sigma: float, d: int) -> Floats:
    r"""`sqrt(M_perp)`: long form, to `eta mu_0 (d+1) = .13`.

    eta^2 sigma^2 becomes `eta^2 [sigma^2 + 2 sigma rho sqrt(M) E|x| (d+1)/d + rho^2 M (d+2)]`: the step's
    square is taken at the perturbed residual.
    """
    from scipy.integrate import solve_ivp

    size = mean_norm(d)

    def right(_: float, y: Floats) -> Floats:
        root = y[0]
        squares = sigma**2 + 2 * sigma * rho * root * size * (d + 1) / d + rho**2 * root**2 * (d + 2)
        rate = 2 * eta * rho**2 + eta**2 * squares
        return np.array([-0.5 * (rate * root + 2 * eta * rho * sigma * size / d)])

    at = np.atleast_1d(np.asarray(steps, dtype=float))
    done = solve_ivp(right, (0.0, float(at[-1])), [np.sqrt(m_0)], t_eval=at, rtol=1e-10, atol=1e-12)
    return np.asarray(done.y[0])


def plain_rate(eta: float, rho: float, sigma: float) -> float:
    """Decay a step under unnormalised SAM with label noise: `sigma^2 (eta^2 + 2 eta rho)`."""
    return sigma**2 * (eta**2 + 2 * eta * rho)
