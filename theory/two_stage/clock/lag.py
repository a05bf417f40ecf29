r"""The heavy ball's lag: how far its clock runs behind `h t`.

With `V <- beta V + (1 - beta) h g`, `C += V` and a constant slope g, `C_t = h g [t - beta (1 - beta^t)/(1
- beta)]`: after the start the state is that of gradient descent `beta/(1 - beta)` steps earlier.
"""

from __future__ import annotations

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes

__all__ = ["lag", "prove_lag"]


def lag(momentum: float) -> float:
    """`beta/(1 - beta)`, in steps.

    >>> round(lag(0.9), 12)
    9.0
    """
    return momentum / (1.0 - momentum)


def prove_lag(stated: sp.Expr | None = None) -> Proof:
    r"""The sum of the velocities under a constant slope (`stated`: another lag in steps). Source:
    derived here."""
    beta = sp.Symbol("beta", positive=True)
    t, k = sp.symbols("t k", integer=True, positive=True)
    shift = beta / (1 - beta) if stated is None else stated
    state = t - shift * (1 - beta**t)
    velocity = 1 - beta**t
    return checked(
        (
            (
                r"$V_t = \beta V_{t-1} + (1-\beta)hg$ from $V_0 = 0$: $V_t = hg(1-\beta^t)$.",
                vanishes(velocity.subs(t, 1) - (1 - beta))
                and vanishes(
                    sp.expand(velocity - beta * velocity.subs(t, t - 1) - (1 - beta), power_base=True)
                ),
            ),
            (
                r"$C_t = C_{t-1} + V_t$: $C_t = hg\,[t - \frac\beta{1-\beta}(1-\beta^t)]$.",
                vanishes(sp.powsimp(sp.expand(state - state.subs(t, t - 1) - velocity)))
                and vanishes(state.subs(t, 1) - (1 - beta)),
            ),
            (
                r"So the clock lags by $h\beta/(1-\beta)$ once $\beta^t \ll 1$.",
                vanishes(
                    sp.limit((t - state).subs({beta: sp.Rational(9, 10), t: k}), k, sp.oo)
                    - (beta / (1 - beta)).subs(beta, sp.Rational(9, 10))
                ),
            ),
        )
    )
