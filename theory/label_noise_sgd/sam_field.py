r"""Where SAM with label noise kills the network: the mean field of one neuron as eta -> 0.

For a neuron (w, a) along theta* = T: `h = w z`, `X = z^2 + q`, `q ~ chi^2_{d-1}`, `r = (w a - T) z - eps`,
`c = rho sign(r)/sqrt(h^2 + a^2 X)`, `h' = h + c a X`, `a' = a + c h`, `r' = r + h' a' - a h`,

    w' = -E[r' a' z],   a' = -E[r' h'].

The network survives when these have a rest point with w a > 0. Source: derived here
(docs/derivations/label_noise_sgd.md).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.special import roots_genlaguerre, roots_legendre

__all__ = ["collapse_radius", "field", "rest_point"]

Floats = NDArray[np.float64]

_Z_NODES, _Q_NODES = 48, 40
#: Normal tails beyond are below 1e-17.
_FAR = 8.5


@lru_cache(maxsize=32)
def _chi_square(d: int) -> tuple[Floats, Floats]:
    """Nodes and weights of chi^2 with d - 1 degrees of freedom."""
    if d == 1:
        return np.zeros(1), np.ones(1)
    x, weight = roots_genlaguerre(_Q_NODES, (d - 1) / 2 - 1)
    return 2 * x, weight / weight.sum()


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    return roots_legendre(_Z_NODES)  # type: ignore[no-any-return]


def field(w: float, a: float, rho: float, sigma: float, d: int, target: float) -> tuple[float, float]:
    """`(dw/dt, da/dt)` in units of eta; label noise +sigma (by symmetry -sigma gives the same).

    The sign of r jumps at `z = sigma/(w a - T)`; the integral over z is cut there and at 0.
    """
    slope = w * a - target
    cuts = {-_FAR, 0.0, _FAR}
    if slope and abs(sigma / slope) < _FAR:
        cuts.add(sigma / slope)
    x, weight = _legendre()
    edges = sorted(cuts)
    z = np.concatenate([(b - a_) / 2 * x + (a_ + b) / 2 for a_, b in zip(edges, edges[1:], strict=False)])
    p = np.concatenate([(b - a_) / 2 * weight for a_, b in zip(edges, edges[1:], strict=False)])
    p = p * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    q, share = _chi_square(d)
    zz, size = z[:, None], z[:, None] ** 2 + q[None, :]
    h = w * zz
    r = slope * zz - sigma
    c = rho * np.sign(r) / np.sqrt(h**2 + a**2 * size)
    h_far, a_far = h + c * a * size, a + c * h
    r_far = r + h_far * a_far - a * h
    return (
        -float(p @ (r_far * a_far * zz) @ share),
        -float(p @ (r_far * h_far) @ share),
    )


def rest_point(rho: float, sigma: float, d: int, target: float) -> tuple[float, float] | None:
    """The rest point (w, a) reached from the rich state, or None when the network collapses.

    >>> w, a = rest_point(0.1, 1.0, 5, 1.0)
    >>> round(w * a, 2)
    0.86
    """
    start = (np.sqrt(np.sqrt(d) * target), np.sqrt(target / np.sqrt(d)))

    def right(_: float, y: Floats) -> tuple[float, float]:
        return field(float(y[0]), float(y[1]), rho, sigma, d, target)

    def gone(_: float, y: Floats) -> float:
        return float(y[0] * y[1] - 0.02 * target)

    def still(_: float, y: Floats) -> float:
        # Near the fold a rest point's ghost is slow, not still: the bound is far below its speed.
        return float(np.hypot(*field(float(y[0]), float(y[1]), rho, sigma, d, target)) - 1e-7)

    gone.terminal = still.terminal = True  # type: ignore[attr-defined]
    done = solve_ivp(right, (0.0, 1e5), start, method="LSODA", rtol=1e-8, atol=1e-10, events=(gone, still))
    w, a = map(float, done.y[:, -1])
    return None if len(done.t_events[0]) else (w, a)


@lru_cache(maxsize=256)
def collapse_radius(sigma: float, d: int, target: float, accuracy: float = 1e-3) -> float:
    """The radius beyond which no rest point with w a > 0 is reached, by bisection.

    Source: the mean field above; measured within 10 % for eta in [2e-4, 4e-3].
    """
    low, high = 0.0, 0.05 * target
    while rest_point(high, sigma, d, target) is not None:
        low, high = high, 2 * high
    while high - low > accuracy * high:
        middle = (low + high) / 2
        if rest_point(middle, sigma, d, target) is None:
            high = middle
        else:
            low = middle
    return (low + high) / 2
