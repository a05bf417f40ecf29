r"""Weight decay in the limit dynamics of one class: its end state, and thresholds of lambda in closed form.

`rho_c' = g(M_c) - lambda rho_c`, `rho_n' = g(M_n) - lambda rho_n`, margins as in
`theory.two_stage.limits.dynamics`. Derivation in words: `docs/derivations/weight_decay.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import sympy as sp

from theory.two_stage.limits.dynamics import a, coordinates

__all__ = [
    "EndState",
    "end_state",
    "memorised_share",
    "share_spread",
    "strong_signal_threshold",
    "sufficient_decay",
    "threshold",
    "threshold_formula",
]


@cache
def threshold_formula() -> sp.Expr:
    r"""`lambda*(p) = Delta/(2 kappa ln(2 kappa/delta - 1))`, by solving for an end state with `M_n = 0`.

    There `rho_n = 1/(2 lambda)`, `rho_c = (delta/kappa) rho_n`, so `g(M_c) = lambda rho_c = delta/(2 kappa)`.

    Source: derived here (`docs/derivations/weight_decay.md`, The threshold).
    """
    c = coordinates()
    rate = sp.Symbol("lambda", positive=True)
    rho_n = 1 / (2 * rate)
    rho_c = c.delta * rho_n / c.kappa
    level = sp.simplify(rate * rho_c)
    margin = sp.simplify(c.alpha * rho_c - c.beta * rho_n)
    (found,) = sp.solve(margin - sp.log(1 / level - 1), rate)
    return sp.simplify(found)


@cache
def strong_signal_threshold() -> sp.Expr:
    r"""`lim lambda*(p)` for a -> infinity: `p/(2(1-tau) ln((2-3tau)/tau))`; independent of the signal.

    Source: derived here.
    """
    return sp.simplify(sp.limit(threshold_formula(), a, sp.oo))


def threshold(strength: float, rate: float, share: float) -> float:
    """`lambda*(p)` in clock units; inf where Stage I does not exist (`a (1 - 2 tau) <= 2 p`): no decay keeps
    flipped labels out there, and towards that border it grows without bound.

    Args:
        strength: a of the class.
        rate: its flip rate, in (0, 1/2).
        share: p.

    >>> round(threshold(6.0, 0.1, 0.5), 3), round(threshold(6.0, 0.1, 1.0), 3), threshold(1.0, 0.1, 0.5)
    (0.185, 0.645, inf)
    """
    kappa, delta = strength * (1 - rate) / 2, share + strength * rate / 2
    if kappa <= delta * (1 + 1e-12):
        return math.inf
    return share * (share + strength / 2) / (2 * kappa * math.log1p(2 * (kappa - delta) / delta))


@dataclass(frozen=True)
class EndState:
    """Where the flow with decay ends: coefficients of active filters, signal, both margins."""

    rho_c: float
    rho_n: float
    gamma: float
    clean: float
    noisy: float


def _g(z: float) -> float:
    return 1.0 / (1.0 + math.exp(z)) if z < 700 else 0.0


def _coefficient(offset: float, share: float, rate: float) -> float:
    """The root of `lambda rho = g(offset + p rho)`: the right side falls, so there is one."""
    from scipy.optimize import brentq

    top = _g(offset) / rate

    def excess(rho: float) -> float:
        return rate * rho - _g(offset + share * rho)

    # Where the slope is 0 or 1 to rounding, the root is its end.
    return float(brentq(excess, 0.0, top, xtol=1e-300, rtol=1e-14)) if excess(top) > 0 else top


@lru_cache(maxsize=4096)
def end_state(strength: float, rate: float, decay: float, share: float) -> EndState:
    """The fixed point at `lambda = decay > 0`: unique, since at its own signal `gamma` the coefficient of
    clean samples falls in gamma and that of noisy ones rises, so `(a/2)[(1-tau) rho_c - tau rho_n] - gamma`
    falls strictly.

    Raises:
        ValueError: for decay <= 0.

    >>> state = end_state(6.0, 0.1, threshold(6.0, 0.1, 0.5), 0.5)
    >>> abs(state.noisy) < 1e-12
    True
    """
    from scipy.optimize import brentq

    if not decay > 0:
        raise ValueError(f"decay must be > 0, was {decay!r}")

    def excess(gamma: float) -> float:
        return (
            strength
            / 2
            * ((1 - rate) * _coefficient(gamma, share, decay) - rate * _coefficient(-gamma, share, decay))
            - gamma
        )

    bound = strength / (2 * decay) + 1.0
    gamma = float(brentq(excess, -bound, bound, xtol=1e-14))
    clean, noisy = _coefficient(gamma, share, decay), _coefficient(-gamma, share, decay)
    return EndState(clean, noisy, gamma, gamma + share * clean, share * noisy - gamma)


def memorised_share(strength: float, rate: float, decay: float, width: int) -> float:
    r"""`P(Bin(m, 1/2)/m > 2 lambda gamma)`: share of flipped labels that are memorised in the end at p = 1/2.

    A sample with active share `p_i` has `lambda rho_i = g(p_i rho_i - gamma)`; its margin is positive iff
    `p_i > 2 lambda gamma`, where gamma is that of the class.

    >>> [round(memorised_share(6.0, 0.1, r * threshold(6.0, 0.1, 0.5), 50), 2) for r in (0.7, 1.0, 1.3)]
    [0.94, 0.44, 0.1]
    """
    from scipy.stats import binom

    level = 2 * decay * end_state(strength, rate, decay, 0.5).gamma
    return float(binom.sf(math.floor(width * level + 1e-9), width, 0.5))


def share_spread(strength: float, rate: float, decay: float, share: float) -> float:
    r"""`c = d ln(lambda gamma)/d ln lambda` at an end state: the memorised share of m filters falls over a
    range of lambda as `Phi(-c (p/sd_p) ln(lambda/lambda*))`, `sd_p = sqrt(p(1-p)/m)`.

    Closed form at `lambda*`, where `M_n = 0`: `c = (a/p)(tau r/4 - (1-tau) w_c) D`,
    `r = kappa w_c/(lambda + delta/4)`, `D = -lambda M_c/(lambda + alpha w_c - beta r/4)`,
    `w_c = g(M_c)(1 - g(M_c))`.

    >>> round(share_spread(6.0, 0.1, threshold(6.0, 0.1, 0.5), 0.5), 2)
    0.68
    """
    state = end_state(strength, rate, decay, share)
    kappa, beta = strength * (1 - rate) / 2, strength * rate / 2
    alpha, delta = kappa + share, share + beta
    g_c, g_n = _g(state.clean), _g(state.noisy)
    w_c, w_n = g_c * (1 - g_c), g_n * (1 - g_n)
    # lambda rho = g(M): derivatives by ln lambda of M_c and M_n, at any end state.
    # lambda M_n = delta g_n - kappa g_c and lambda M_c = alpha g_c - beta g_n.
    u, v = decay + alpha * w_c, decay + delta * w_n
    det = u * v - beta * kappa * w_n * w_c
    d_clean = -decay * (v * state.clean + beta * w_n * state.noisy) / det
    d_noisy = -decay * (kappa * w_c * state.clean + u * state.noisy) / det
    slope = strength / 2 * (-(1 - rate) * w_c * d_clean + rate * w_n * d_noisy)
    return slope / (decay * state.gamma)


def sufficient_decay(strength: float, rate: float) -> float:
    """A lambda from which no flipped label is memorised in the end, whatever each sample's active share in
    [0, 1]: root of `g((g_c + 1/2)/lambda) = g_c`, `g_c = (1/a + tau g(-1/(2 lambda)))/(1 - tau)`.

    The signal of an end state is least when p = 1 on clean and 0 on noisy samples, and a noisy sample asks
    for `2 lambda gamma < 1` at most. inf where no lambda does it (`a (1 - 2 tau) <= 2`).

    >>> round(sufficient_decay(6.0, 0.1), 3), round(sufficient_decay(12.0, 0.2), 3)
    (0.723, 0.767)
    """
    from scipy.optimize import brentq

    def excess(decay: float) -> float:
        level = (1 / strength + rate * _g(-1 / (2 * decay))) / (1 - rate)
        return _g((level + 0.5) / decay) - level

    if strength * (1 - 2 * rate) <= 2:
        return math.inf
    high = 1.0
    while excess(high) < 0:
        high *= 2
    low = high
    while excess(low) >= 0:
        low /= 2
    return float(brentq(excess, low, 2 * low, xtol=1e-14))
