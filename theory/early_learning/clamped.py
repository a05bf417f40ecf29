r"""Why the clamp makes lambda = 2 critical: pinned margins, and how long memorisation is delayed below.

Outside `[eps, 1-eps]` the regulariser has no gradient, so a right margin chatters at `f* = ln(1/eps - 1)`
with the mean force that keeps it there, and a wrong one follows
`f_W' = kappa (1+kappa)/(1-w+kappa) F_W`, `F_W = (-1 + (lambda-1) tanh(f_W/2))/2`.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.early_learning import symbols as sy
from theory.early_learning.symbols import function_of, kappa, lam, w
from theory.proof import checked, vanishes

__all__ = [
    "DELAY",
    "DELAY_AT_TWO",
    "TIME_AT_ONE",
    "critical_strength",
    "delay",
    "edge",
    "hit",
    "memorisation_time_clamped",
    "prove_delay",
]

_F0 = sp.Symbol("f_0", positive=True)
_EDGE = sp.Symbol("f^*", positive=True)
_RATE = kappa * (1 + kappa) / (1 - w + kappa)
_MU = lam - 1
#: Training time a wrong margin takes from f_0 to 0, for 1 < lambda < 2.
DELAY: sp.Expr = (
    2 / _RATE * (_F0 + 2 * _MU * sp.log(sp.cosh(_F0 / 2) - _MU * sp.sinh(_F0 / 2))) / (1 - _MU**2)
)
#: The same at lambda = 2.
DELAY_AT_TWO: sp.Expr = 2 / _RATE * (_F0 + sp.exp(_F0) - 1) / 2
#: tau_mem at lambda = 1, whole.
TIME_AT_ONE: sp.Expr = (
    2 * _EDGE / (1 - 2 * w + kappa) * (1 + (1 - 2 * w - kappa) * (1 - w + kappa) / (kappa * (1 + kappa)))
)


def edge(clamp: float) -> float:
    """`f* = ln(1/clamp - 1)`.

    >>> round(edge(1e-4), 2)
    9.21
    """
    return math.log(1 / clamp - 1)


def critical_strength(clamp: float) -> float:
    """`1 + 1/(1 - 2 clamp)`: above it wrong labels are never memorised.

    >>> round(critical_strength(1e-4), 4)
    2.0002
    """
    return 1 + 1 / (1 - 2 * clamp)


def delay(f0: float, lam: float, w: float, kappa: float) -> float:
    """Training time from f_W = f0 to 0, for lam < 2 (any, also below 1) and at 2.

    Raises:
        ValueError: for lam above 2, where there is none.
    """
    if lam > 2.0:
        raise ValueError(f"lam must be at most 2, was {lam!r}: above, wrong labels are never memorised")
    if lam == 2.0:
        return float(function_of(DELAY_AT_TWO, _F0, sy.w, sy.kappa)(f0, w, kappa))
    if abs(lam) < 1e-12:
        # mu = -1: the force is -sg(f), its own limit.
        return (1 - w + kappa) / (kappa * (1 + kappa)) * (f0 - math.expm1(-f0))
    return float(function_of(DELAY, _F0, sy.lam, sy.w, sy.kappa)(f0, lam, w, kappa))


@cache
def hit(lam: float, w: float, kappa: float, clamp: float) -> tuple[float, float] | None:
    """Training time at which right margins reach f* (from zero, t = p), and the wrong margin there.

    None when they never do, or the wrong margin is not positive there.
    """
    from scipy.integrate import solve_ivp

    goal = edge(clamp)

    def slope(_: float, y: np.ndarray) -> list[float]:
        clean, wrong = y
        of_clean = (1 + (lam - 1) * math.tanh(clean / 2)) / 2
        of_wrong = (-1 + (lam - 1) * math.tanh(wrong / 2)) / 2
        signal = (1 - w) * of_clean + w * of_wrong
        return [signal + kappa * of_clean, signal + kappa * of_wrong]

    def reached(_: float, y: np.ndarray) -> float:
        return float(y[0] - goal)

    reached.terminal = True  # type: ignore[attr-defined]
    path = solve_ivp(slope, (0.0, 1e5), [0.0, 0.0], events=reached, rtol=1e-9, atol=1e-10)
    if path.status != 1:
        return None
    return float(path.t[-1]), float(path.y[1, -1])


def memorisation_time_clamped(lam: float, w: float, kappa: float, clamp: float) -> float:
    """Training time at which the typical wrong label is memorised: hit time plus delay; inf above lambda = 2.

    NaN where right margins never reach the clamp, or the wrong margin is then negative already.

    >>> round(memorisation_time_clamped(1., .2, .3, 1e-4), 1)
    37.8
    """
    if lam > critical_strength(clamp):
        return math.inf
    found = hit(lam, w, kappa, clamp)
    if found is None or found[1] <= 0:
        return math.nan
    return found[0] + delay(found[1], min(lam, 2.0), w, kappa)


def prove_delay() -> Proof:
    """The delay integrates the slow equation: its slope in f_0 is one over the speed, and it starts at 0."""
    speed = _RATE * (1 - _MU * sp.tanh(_F0 / 2)) / 2
    slope = sp.simplify((sp.diff(DELAY, _F0) * speed - 1).rewrite(sp.exp))
    at_two = sp.simplify((sp.diff(DELAY_AT_TWO, _F0) * speed.subs(lam, 2) - 1).rewrite(sp.exp))
    starts = (sp.simplify(DELAY.subs(_F0, 0)), sp.simplify(DELAY_AT_TWO.subs(_F0, 0)))
    # lambda = 1: forces +-1/2, so f_C = (m + kappa) tau/2 and f_W = (m - kappa) tau/2 until f_C = f*.
    hit_time = 2 * _EDGE / (1 - 2 * w + kappa)
    at_hit = (1 - 2 * w - kappa) * hit_time / 2
    whole = sp.simplify(hit_time + DELAY.subs(lam, 1).subs(_F0, at_hit) - TIME_AT_ONE)
    # The pinned balance: f_C' = 0 = (1-w) F + w F_W + kappa F gives the mean force F of a right label.
    mean, wrong = sp.symbols("F F_W", real=True)
    held = sp.solve((1 - w) * mean + w * wrong + kappa * mean, mean)[0]
    rate = sp.simplify(((1 - w) * held + w * wrong + kappa * wrong) / wrong - _RATE)
    return checked(
        [
            ("With right margins held at f*, f_W' = kappa(1+kappa)/(1-w+kappa) F_W.", vanishes(rate)),
            ("d delay/d f_0 is one over the speed of f_W, for lambda < 2.", vanishes(slope)),
            ("The same at lambda = 2.", vanishes(at_two)),
            ("Both delays vanish at f_0 = 0.", all(vanishes(x) for x in starts)),
            ("At lambda = 1 hit time plus delay is the stated closed form.", vanishes(whole)),
        ]
    )
