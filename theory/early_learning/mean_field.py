r"""The two-class mean field: p/n -> infinity with kappa fixed, `K -> e e^T/n + kappa I`.

`c_C' = F_C`, `c_W' = F_W`, `a = (1-w) c_C + w c_W`, `f_C = a + kappa c_C`, `f_W = a + kappa c_W`, with the
forces of cross entropy (`F = s sg(-s f)`) or of ELR with t = p (`F = (s + (lambda-1) tanh(f/2))/2`; lambda
= 0 is cross entropy again).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "TwoClassPath",
    "memorisation_time",
    "rescue_strength",
    "strength_by_bisection",
    "time_to_signal",
    "two_class",
    "wrong_force_peak",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TwoClassPath:
    """A solution at training times tau, all (T,)."""

    tau: Floats
    a: Floats
    f_clean: Floats
    f_wrong: Floats


def _force(f: float, s: int, lam: float) -> float:
    return (s + (lam - 1.0) * math.tanh(f / 2.0)) / 2.0


def _slope(w: float, kappa: float, lam: float) -> Callable[[float, Floats], list[float]]:
    def slope(_: float, y: Floats) -> list[float]:
        """Of (f_C, f_W): the coefficients' equations, combined."""
        clean, wrong = _force(float(y[0]), 1, lam), _force(float(y[1]), -1, lam)
        signal = (1 - w) * clean + w * wrong
        return [signal + kappa * clean, signal + kappa * wrong]

    return slope


def two_class(tau: Floats, w: float, kappa: float, lam: float = 0.0) -> TwoClassPath:
    """The solution from zero at given training times (increasing, the first >= 0)."""
    from scipy.integrate import solve_ivp

    tau = np.asarray(tau, dtype=np.float64)
    path = solve_ivp(
        _slope(w, kappa, lam), (0.0, float(tau[-1])), [0.0, 0.0], t_eval=tau, rtol=1e-9, atol=1e-11
    )
    clean, wrong = path.y
    # (1-w) f_C + w f_W = (1 + kappa) a.
    return TwoClassPath(tau, ((1 - w) * clean + w * wrong) / (1 + kappa), clean, wrong)


@cache
def memorisation_time(
    w: float, kappa: float, lam: float = 0.0, limit: float = 1e5, rtol: float = 1e-10
) -> float:
    """First training time after the early peak at which f_W = 0; inf when there is none before `limit`.

    With kappa >= 1 - 2w there is no early peak: the wrong margin is negative from the start, and the time
    is 0.

    >>> round(.001 * memorisation_time(.2, .001), 3)
    2.419
    """
    from scipy.integrate import solve_ivp

    if kappa >= 1.0 - 2.0 * w:
        return 0.0

    def falls(_: float, y: Floats) -> float:
        return float(y[1])

    falls.terminal = True  # type: ignore[attr-defined]
    falls.direction = -1.0  # type: ignore[attr-defined]
    first = 1e-6
    start = np.array(_slope(w, kappa, lam)(0.0, np.zeros(2))) * first
    path = solve_ivp(
        _slope(w, kappa, lam), (first, limit), start, events=falls, rtol=rtol, atol=rtol / 100, method="LSODA"
    )
    return float(path.t_events[0][0]) if len(path.t_events[0]) else math.inf


@cache
def time_to_signal(level: float, w: float, kappa: float) -> float:
    """Training time at which `theta . v` first reaches `level` under cross entropy; inf if it does not."""
    from scipy.integrate import solve_ivp

    def reached(_: float, y: Floats) -> float:
        return float(((1 - w) * y[0] + w * y[1]) / (1 + kappa) - level)

    reached.terminal = True  # type: ignore[attr-defined]
    path = solve_ivp(_slope(w, kappa, 0.0), (0.0, 1e4), [0.0, 0.0], events=reached, rtol=1e-10, atol=1e-12)
    return float(path.t_events[0][0]) if len(path.t_events[0]) else math.inf


def wrong_force_peak(w: float, kappa: float) -> tuple[float, float]:
    """(|F_C|, |F_W|) at the instant the wrong margin peaks, from the equations themselves."""
    from scipy.integrate import solve_ivp

    slope = _slope(w, kappa, 0.0)

    def turns(time: float, y: Floats) -> float:
        return float(slope(time, y)[1])

    turns.terminal = True  # type: ignore[attr-defined]
    turns.direction = -1.0  # type: ignore[attr-defined]
    path = solve_ivp(slope, (0.0, 1e4), [0.0, 0.0], events=turns, rtol=1e-10, atol=1e-12)
    clean, wrong = path.y_events[0][0]
    return abs(_force(float(clean), 1, 0.0)), abs(_force(float(wrong), -1, 0.0))


def strength_by_bisection(w: float, kappa: float, tau: float = 4000.0, digits: int = 18) -> float:
    """Smallest lambda for which the wrong margin is positive at a late training time, by running the
    equations."""
    from scipy.integrate import odeint

    low, high = 0.0, 8.0
    for _ in range(digits):
        middle = (low + high) / 2
        # odeint for solve_ivp: a tenth of the time, and a setting's strength takes a dozen solutions.
        path = odeint(
            _slope(w, kappa, middle),
            [0.0, 0.0],
            [0.0, tau],
            tfirst=True,
            rtol=1e-11,
            atol=1e-13,
            mxstep=10_000,
        )
        if path[-1, 1] > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


@cache
def rescue_strength(w: float, kappa: float) -> float:
    """lambda above which wrong labels are corrected from zero although kappa > 1 - 2w: no closed form.

    >>> round(rescue_strength(.2, .8), 2)
    1.28
    """
    return strength_by_bisection(w, kappa, tau=400.0, digits=12)
