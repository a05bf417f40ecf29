r"""When noisy labels of the mixture are linearly separable, and the finite minimiser below that threshold.

Gaussian comparison (not proved here): `gamma_c(w, sigma) = min_c E[(Z - c s h)_+^2]`, with Z ~ N(0,1),
h = 1 + sigma N, s = +-1. Separable with probability -> 1 for p/n > gamma_c.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Minimiser", "counting_bound", "finite_minimiser", "separability_threshold"]

Floats = NDArray[np.float64]


@cache
def _nodes(size: int) -> tuple[Floats, Floats]:
    x, weight = np.polynomial.hermite_e.hermegauss(size)
    return x, weight / weight.sum()


def _square(c: float, sigma: float) -> tuple[float, float]:
    """`E (Z - c h)_+^2 = (c^2 + v) Phi(-c/sqrt v) - c sqrt v phi(c/sqrt v)`, `v = 1 + c^2 sigma^2`, and its
    slope in c: Z - c h is normal."""
    v = 1 + (c * sigma) ** 2
    z = c / math.sqrt(v)
    tail = math.erfc(z / math.sqrt(2)) / 2
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return (c * c + v) * tail - c * math.sqrt(v) * density, 2 * (
        c * (1 + sigma**2) * tail - math.sqrt(v) * density
    )


@cache
def separability_threshold(w: float, sigma: float) -> float:
    """`gamma_c(w, sigma) <= 1/2`.

    >>> [round(separability_threshold(x, .3), 3) for x in (.05, .2, .4)]
    [0.184, 0.384, 0.488]
    """
    from scipy.optimize import brentq

    def slope(c: float) -> float:
        return (1 - w) * _square(c, sigma)[1] - w * _square(-c, sigma)[1]

    # A convex function of c: its slope has one root, if any before the tails vanish.
    end = 20.0
    best = brentq(slope, 0.0, end, xtol=1e-12) if slope(end) > 0 else end
    return (1 - w) * _square(best, sigma)[0] + w * _square(-best, sigma)[0]


def counting_bound(n: int, p: int, w: float, factor: float = 1.0) -> float:
    """`P(not separable) <= factor * P(Bin(n, w) <= n - p)`; the paper has factor 2, 1 is enough.

    >>> counting_bound(10, 10, .2) < .2
    True
    """
    from scipy.stats import binom

    return float(min(1.0, factor * binom.cdf(n - p, n, w)))


@dataclass(frozen=True)
class Minimiser:
    """What gradient descent converges to below the threshold."""

    memorised: float
    a: float
    noise_norm: float
    test_accuracy: float


@cache
def finite_minimiser(w: float, gamma: float, sigma: float) -> Minimiser | None:
    """The fixed point in (a, V, l) below the threshold, None when it is not found.

    With `q = h a + sqrt(V) Z` and `f = q + l F(f)`: `E[h F] = 0`, `V = E[(f - q)^2]/gamma`,
    `1 - gamma = E[1/(1 + l sg'(f))]`. Memorised: `E Phi((l/2 - h a)/sqrt V)`; noise norm `sqrt(V)/sigma`.

    >>> round(finite_minimiser(.2, .1, .3).memorised, 3)
    0.139
    """
    from scipy.optimize import root
    from scipy.special import ndtr

    if gamma >= separability_threshold(w, sigma):
        return None
    # The solution is followed from few dimensions, where it is close to the Bayes direction.
    guess = np.array([math.log((1 - w) / w), math.log(0.2), math.log(0.1)])
    now, step = 0.0, min(0.05, gamma)
    while now < gamma:
        aim = min(gamma, now + step)
        found = root(_residual, guess, args=(w, aim, sigma))
        if found.success:
            guess, now, step = found.x, aim, 1.5 * step
        elif step < 1e-4:
            return None
        else:
            step /= 2
    a, spread, scale = float(guess[0]), math.exp(guess[1]), math.exp(guess[2])
    x, weight = _nodes(24)
    memorised = float(weight @ ndtr((scale / 2 - (1 + sigma * x) * a) / spread))
    noise = spread / sigma
    return Minimiser(memorised, a, noise, float(ndtr(a / (sigma * math.hypot(a, noise)))))


def _residual(values: Floats, w: float, gamma: float, sigma: float) -> list[float]:
    """The three equations at (a, log sqrt V, log l).

    One integral over f, of which `q = f - l F(f)` is a growing function with the Gaussian law of q; so no f
    has to be solved for. `E[h | q]` is linear in q.
    """
    from scipy.special import expit

    a, spread, scale = float(values[0]), math.exp(values[1]), math.exp(values[2])
    deviation = math.hypot(sigma * a, spread)
    balance, square, stiff = 0.0, 0.0, 0.0
    for s, share in ((1, 1 - w), (-1, w)):
        ends = a - 9 * deviation - (s < 0) * scale, a + 9 * deviation + (s > 0) * scale
        f = np.linspace(*ends, 2001)
        force, bend = s * expit(-s * f), expit(f) * expit(-f)
        q = f - scale * force
        weight = np.exp(-(((q - a) / deviation) ** 2) / 2) * (1 + scale * bend)
        weight /= weight.sum()
        h = 1 + sigma**2 * a * (q - a) / deviation**2
        balance += share * float(weight @ (h * force))
        square += share * float(weight @ (scale * force) ** 2)
        stiff += share * float(weight @ (1 / (1 + scale * bend)))
    return [balance, math.log(square / gamma) - 2 * float(values[1]), stiff - (1 - gamma)]
