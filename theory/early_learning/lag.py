r"""Targets with memory in the saturated phase: the lag as a fixed point.

While a margin grows at rate r per unit of training time, the tracked miss `1 - P ~ e^(-r tau)` is averaged
with weights (1-beta) beta^j over the past: `t_2 = R (1 - P)` with `R = (1-beta)/(1 - beta e^(eta r))`, and
the regulariser's force is `lambda/(1 + R)`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from theory.claim import Proof
from theory.early_learning.symbols import beta, eta
from theory.proof import checked, vanishes

__all__ = ["LAG", "Lagged", "lagged_rates", "prove_lag"]

_RATE = sp.Symbol("r", positive=True)
#: Tracked miss over present miss when the margin grows at rate r.
LAG: sp.Expr = (1 - beta) / (1 - beta * sp.exp(eta * _RATE))


@dataclass(frozen=True)
class Lagged:
    """Growth of the coefficients per unit of training time, and the cosine with v that follows."""

    clean: float
    wrong: float
    cosine: float


def lagged_rates(lam: float, beta: float, w: float, kappa: float, eta: float) -> Lagged | None:
    """`w_C = lam/(1+R(a'+kappa w_C))`, `w_W = -1 + lam/(1+R(a'+kappa w_W))`, `a' = (1-w) w_C + w w_W`.

    None where there is no solution with `a' + kappa w_W > 0` and `eta (a' + kappa w_C) < ln(1/beta)`.

    >>> x = lagged_rates(3., .7, .2, .25, .05)
    >>> round(x.clean, 3), round(x.wrong, 3), round(x.cosine, 4)
    (1.351, 0.378, 0.8845)
    """
    from scipy.optimize import root

    guess = [lam / 2, lam / 2 - 1]
    # From no lag to this one: the solution is followed, not guessed.
    for share in (0.25, 0.5, 0.75, 1.0):
        found = root(_residual, guess, args=(lam, beta, w, kappa, share * eta))
        if not found.success:
            return None
        guess = found.x.tolist()
    clean, wrong = guess
    signal = (1 - w) * clean + w * wrong
    if signal + kappa * wrong <= 0 or (beta > 0 and eta * (signal + kappa * clean) >= -math.log(beta)):
        return None
    length = math.sqrt(signal**2 + kappa * ((1 - w) * clean**2 + w * wrong**2))
    return Lagged(clean, wrong, signal / length)


def _residual(
    rates: Sequence[float], lam: float, beta: float, w: float, kappa: float, eta: float
) -> list[float]:
    clean, wrong = rates
    signal = (1 - w) * clean + w * wrong

    def one_plus_ratio(rate: float) -> float:
        return 1 + (1 - beta) / (1 - beta * math.exp(min(eta * rate, 50.0)))

    return [
        clean - lam / one_plus_ratio(signal + kappa * clean),
        wrong + 1 - lam / one_plus_ratio(signal + kappa * wrong),
    ]


def prove_lag() -> Proof:
    """R from one step of the targets, `R = (1-beta) + beta e^(eta r) R`; R -> 1 as eta -> 0: beta drops out.

    The force: with `t_1 -> 1`, `1 - <p, t> -> (1-P) + t_2 P -> (1-P)(1 + R)`.
    """
    ratio, miss = sp.symbols("R q", positive=True)
    found = sp.solve(sp.Eq(ratio, (1 - beta) + beta * sp.exp(eta * _RATE) * ratio), ratio)[0]
    same = sp.simplify(found - LAG)
    limit = sp.limit(LAG, eta, 0)
    # P (1-P) (t_1 - t_2) / (beta^k + t_1 (1-P) + t_2 P) at 1-P = q, t_2 = R q, t_1 = 1 - t_2, beta^k << q.
    force = (1 - miss) * miss * (1 - 2 * ratio * miss)
    force /= (1 - ratio * miss) * miss + ratio * miss * (1 - miss)
    late = sp.simplify(sp.limit(force, miss, 0) - 1 / (1 + ratio))
    return checked(
        [
            ("The stationary ratio of tracked to present miss is R.", vanishes(same)),
            ("R -> 1 as eta -> 0 at fixed beta: beta drops out.", vanishes(limit - 1)),
            ("The regulariser's force tends to lambda/(1 + R) as 1-P -> 0.", vanishes(late)),
        ]
    )
