r"""Where SAM with label noise kills the network: the mean field of one neuron as eta -> 0.

For a neuron (w, a) along theta* = T: `h = w z`, `X = z^2 + q`, `q ~ chi^2_{d-1}`, `r = (w a - T) z - eps`,
`c = rho sign(r)/sqrt(h^2 + a^2 X)`, `h' = h + c a X`, `a' = a + c h`, `r' = r + h' a' - a h`,

    w' = -E[r' a' z],   a' = -E[r' h'].

The network survives when these have a rest point with w a > 0. Source: derived here
(docs/derivations/label_noise_sgd.md).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["collapse_radius", "field", "rest_point"]

Floats = NDArray[np.float64]

_Z_NODES, _Q_NODES = 48, 40
#: Normal tails beyond are below 1e-17.
_FAR = 8.5


@lru_cache(maxsize=32)
def _chi_square(d: int) -> tuple[Floats, Floats]:
    """Nodes and weights of chi^2 with d - 1 degrees of freedom."""
    from scipy.special import roots_genlaguerre

    if d == 1:
        return np.zeros(1), np.ones(1)
    x, weight = roots_genlaguerre(_Q_NODES, (d - 1) / 2 - 1)
    return 2 * x, weight / weight.sum()


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    from scipy.special import roots_legendre

    return roots_legendre(_Z_NODES)  # type: ignore[no-any-return]


def field(w: float, a: float, rho: float, sigma: float, d: int, target: float) -> tuple[float, float]:
    """`(dw/dt, da/dt)` in units of eta; label noise +sigma (by symmetry -sigma gives the same).

    The sign of r jumps at `z = sigma/(w a - T)`; the integral over z is cut there and at 0.
    """
    from theory.label_noise_sgd.sam_loops import pull

    slope = w * a - target
    cuts = {-_FAR, 0.0, _FAR}
    if slope and abs(sigma / slope) < _FAR:
        cuts.add(sigma / slope)
    x, weight = _legendre()
    edges = sorted(cuts)
    z = np.concatenate([(b - a_) / 2 * x + (a_ + b) / 2 for a_, b in pairwise(edges)])
    p = np.concatenate([(b - a_) / 2 * weight for a_, b in pairwise(edges)])
    p = p * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    q, share = _chi_square(d)
    of_w, of_a = pull(w, a, rho, slope, sigma, z, p, q, share)
    return -of_w, -of_a


def _root(rho: float, near: Floats, sigma: float, d: int, target: float) -> Floats | None:
    """The rest point next to a neighbouring one, or None."""
    from scipy.optimize import root

    found = root(lambda y: field(float(y[0]), float(y[1]), rho, sigma, d, target), near, tol=1e-12)
    w, a = map(float, found.x)
    close = abs(w * a - near[0] * near[1]) < 0.25 * target and w * a > 0.02 * target and a > 0
    return np.array([w, a]) if found.success and close else None


def _follow(goal: float, sigma: float, d: int, target: float, accuracy: float) -> tuple[float, Floats]:
    """The branch of rest points from rho = 0 up to `goal` or its fold: (rho reached, rest point)."""
    at = 0.0
    point = np.array([np.sqrt(np.sqrt(d) * target), np.sqrt(target / np.sqrt(d))])
    step = 0.02 * np.sqrt(target)
    while at < goal and step > accuracy * max(at, step):
        trial = min(goal, at + step)
        found = _root(trial, point, sigma, d, target)
        if found is None:
            step /= 2
        else:
            at, point = trial, found
    return at, point


@lru_cache(maxsize=1024)
def rest_point(rho: float, sigma: float, d: int, target: float) -> tuple[float, float] | None:
    """The rest point (w, a) on the branch that begins at the rich state, or None beyond its fold.

    >>> w, a = rest_point(0.1, 1.0, 5, 1.0)
    >>> round(w * a, 2)
    0.86
    """
    at, point = _follow(rho, sigma, d, target, 1e-5)
    return (float(point[0]), float(point[1])) if at >= rho else None


@lru_cache(maxsize=1024)
def _unit_radius(noise: float, d: int, accuracy: float) -> float:
    return _follow(np.inf, noise, d, 1.0, accuracy)[0]


def collapse_radius(sigma: float, d: int, target: float, accuracy: float = 1e-4) -> float:
    """The radius of the fold beyond which no rest point with w a > 0 is left.

    With weights in units of sqrt(T) it is `sqrt(T) R(sigma/T, d)`.

    >>> round(collapse_radius(1.0, 5, 1.0), 3)
    0.307
    """
    return float(np.sqrt(target) * _unit_radius(sigma / target, d, accuracy))
