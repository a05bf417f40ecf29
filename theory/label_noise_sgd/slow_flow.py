r"""The slow curve on the set of interpolating networks: flow, first integrals, fixed point, stability,
alignment.

On `{W^T a = theta*}` the noise makes the network follow the gradient flow of
`R = tr(W Sigma W^T) + tr(Sigma) |a|^2` in the slow clock tau. With Sigma = I, `|theta*| = T`:

    M_perp' = -M_perp,   u' = -u + (1+d) T^2/(u+s),   s' = -d s + (1+d) T^2/(u+s).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.label_noise_sgd.symbols import T, d, s, u

__all__ = [
    "constraint_defect",
    "fixed_point",
    "flow",
    "general_fixed_point",
    "implicit_defect",
    "implicit_u",
    "mean_cosine",
    "rates_at_fixed_point",
]

Floats = NDArray[np.float64]


def flow() -> tuple[sp.Expr, sp.Expr]:
    """`(u', s')` in tau."""
    pull = (1 + d) * T**2 / (u + s)
    return -u + pull, -d * s + pull


@cache
def constraint_defect() -> sp.Expr:
    """`(u s)' + (d+1)(u s - T^2)` along the flow: zero, so `u s` forgets its start at rate d + 1.

    >>> constraint_defect()
    0
    """
    du, ds = flow()
    return sp.simplify(du * s + u * ds + (d + 1) * (u * s - T**2))


@cache
def implicit_defect() -> sp.Expr:
    r"""tau-derivative of `((d+1)/d) ln|u^2 - d T^2| - (2/d) ln u + 2 tau` on `u s = T^2`: zero.

    >>> implicit_defect()
    0
    """
    du = flow()[0].subs(s, T**2 / u)
    law = (d + 1) / d * sp.log(u**2 - d * T**2) - 2 / d * sp.log(u)
    return sp.simplify(sp.diff(law, u) * du + 2)


@cache
def fixed_point() -> tuple[sp.Expr, sp.Expr]:
    """`(u, s)` at which the flow rests: `sqrt(d) T` and `T/sqrt(d)`, solved for.

    >>> fixed_point()
    (T*sqrt(d), T/sqrt(d))
    """
    du, ds = flow()
    solutions = sp.solve([sp.numer(sp.together(du)), sp.numer(sp.together(ds))], [u, s], dict=True)
    good = [x for x in solutions if x.get(u) is not None and x[u].is_positive and x[s].is_positive]
    assert len(good) == 1, solutions
    return sp.simplify(good[0][u]), sp.simplify(good[0][s])


@cache
def rates_at_fixed_point() -> tuple[sp.Expr, ...]:
    """Eigenvalues of the linearised flow (u, s) there; M_perp has its own, -1.

    >>> sorted(map(str, rates_at_fixed_point()))
    ['-2*d/(d + 1)', '-d - 1']
    """
    du, ds = flow()
    matrix = sp.Matrix([[sp.diff(f, x) for x in (u, s)] for f in (du, ds)])
    point = fixed_point()
    values = matrix.subs({u: point[0], s: point[1]}).eigenvals()
    out = []
    for value, count in values.items():
        out += [sp.factor(sp.simplify(value))] * count
    # The square root of a perfect square is taken for d >= 1.
    e = sp.Symbol("e", nonnegative=True)
    out = [sp.simplify(sp.factor(sp.refine(sp.sqrtdenest(sp.simplify(x.subs(d, 1 + e)))))) for x in out]
    return tuple(sp.simplify(sp.factor(x.subs(e, d - 1))) for x in out)


def implicit_u(clock: Any, u_0: float, d: float, target: float) -> Floats:
    r"""u(tau) from `|u^2 - d T^2|^((d+1)/d) u^(-2/d) = (same at 0) e^(-2 tau)`, by root finding.

    >>> float(implicit_u(0.0, 10.0, 5, 1.0)), round(float(implicit_u(50.0, 10.0, 5, 1.0)), 6)
    (10.0, 2.236068)
    """
    from scipy.optimize import brentq

    rest = np.sqrt(d) * target

    def law(value: float) -> float:
        return float((d + 1) / d * np.log(abs(value**2 - rest**2)) - 2 / d * np.log(value))

    def one(at: float) -> float:
        if at <= 0 or u_0 == rest:
            return float(u_0)
        goal = law(u_0) - 2 * at
        near = rest * (1 + np.copysign(1e-15, u_0 - rest))
        if law(near) >= goal:
            return float(rest)
        low, high = sorted((near, float(u_0)))
        return float(brentq(lambda x: law(x) - goal, low, high, xtol=1e-14 * rest, rtol=1e-14))

    return np.asarray(np.vectorize(one, otypes=[float])(np.asarray(clock, dtype=float)))


def mean_cosine(along: float, across: float, d: int) -> float:
    r"""Mean over neurons of `|cos(w_i, theta*)|` when rows are Gaussian with these second moments.

    `E |z_1| sqrt(u)/sqrt(u z_1^2 + M_perp |z_2..d|^2)`, z ~ N(0, I_d): with `x = z_1^2/|z|^2` ~
    Beta(1/2, (d-1)/2).

    >>> round(mean_cosine(1.0, 1.0, 3), 6)
    0.5
    """
    from scipy.integrate import quad
    from scipy.special import gammaln

    if d == 1:
        return 1.0
    half = (d - 1) / 2
    # x = 1 - (1 - y)^(1/half) takes the other factor out of the weight; what is left is smooth but for a
    # layer of width across/along near 0.
    constant = float(np.exp(gammaln(d / 2) - gammaln(0.5) - gammaln(half)) / half)

    def integrand(y: float) -> float:
        x = -np.expm1(np.log1p(-y) / half)
        return float(np.sqrt(along / (along * x + across * (1 - x))))

    layer = min(0.5, half * across / (along + across))
    points = sorted({0.0, min(layer, 0.5), min(10 * layer, 0.75), 1.0})
    total = sum(quad(integrand, a, b, limit=200)[0] for a, b in pairwise(points))
    return float(constant * total)


# -- any covariance of the inputs -------------------------------------------------------------------------


def general_fixed_point(spectrum: Floats, target: Floats) -> tuple[Floats, float]:
    """`(M, s)`: `s = sqrt(theta*.Sigma theta*/tr Sigma)`, `M = theta* theta*^T/s`."""
    s_end = float(np.sqrt(target @ (spectrum * target) / spectrum.sum()))
    return np.outer(target, target) / s_end, s_end
