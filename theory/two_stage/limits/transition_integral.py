r"""The transition clock as an integral along `S = M_c + M_n`: exact, where brackets only enclose.

`p s_2 = c(1 - tau) int_0^{S_b} (1 + e^{M_n}) dS` with `c = a/(a + 2p)` and `S_b = M_c(s_2)`. Derivation in
words: `docs/derivations/limit_dynamics.md`, The transition clock.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from theory.claim import Claim, Proof
from theory.proof import checked, vanishes
from theory.rules import Derived
from theory.run import NotApplicable
from theory.two_stage.limits.claim import gap, rates, sharp_claim
from theory.two_stage.limits.dynamics import a, coordinates
from theory.two_stage.mean_field.mean_field import transition_clock
from theory.two_stage.run import Run
from theory.two_stage.symbols import p, tau

__all__ = ["CLAIMS", "integral_residual", "prove_transition_integral", "transition_integral"]


def prove_transition_integral(share: sp.Expr | None = None) -> Proof:
    """The identity, from the boundary values of `M_n` alone (`share`: another factor than `c(1 - tau)`).

    Source: derived here.
    """
    c = coordinates()
    stated = a / (a + 2 * p) * (1 - tau) if share is None else share
    M, g_c, g_n, s_2, J = (sp.Symbol(x, positive=True) for x in ("M", "g_c", "g_n", "s_2", "J"))
    rate_c, rate_n = c.alpha * g_c - c.beta * g_n, c.delta * g_n - c.kappa * g_c
    (ratio,) = sp.solve(c.delta * s_2 - c.kappa * J, J)
    return checked(
        (
            (
                r"$M_n'/g(M_n) = \delta - \kappa\,g(M_c)/g(M_n)$, and $1/g(M_n) = 1 + e^{M_n}$.",
                vanishes(rate_n / g_n - (c.delta - c.kappa * g_c / g_n))
                and vanishes(1 / (1 / (1 + sp.exp(M))) - (1 + sp.exp(M))),
            ),
            (
                r"$\int_0^{s_2}(1 + e^{M_n})M_n'\,ds = [M_n + e^{M_n}]_0^{s_2} = 0$, since $M_n = 0$ at "
                r"both ends: $\delta s_2 = \kappa J$ with $J = \int_0^{s_2} g(M_c)/g(M_n)\,ds$.",
                vanishes(sp.diff(M + sp.exp(M), M) - (1 + sp.exp(M)))
                and vanishes(ratio - c.delta / c.kappa * s_2),
            ),
            (
                r"$S' = M_c' + M_n' = p(g(M_c) + g(M_n))$, so $\int_0^{S_b}(1 + e^{M_n})dS = p\,(s_2 + J)$.",
                vanishes(rate_c + rate_n - p * (g_c + g_n))
                and vanishes((rate_c + rate_n) / g_n - p * (1 + g_c / g_n)),
            ),
            (
                r"With $J = \delta s_2/\kappa$ and $\delta + \kappa = p + a/2$: "
                r"$p\,s_2 = \frac a{a+2p}(1-\tau)\int_0^{S_b}(1 + e^{M_n})dS$.",
                vanishes(stated * p * (s_2 + ratio) - p * s_2),
            ),
        )
    )


@cache
def transition_integral(a: float, tau: float, p: float = 0.5) -> float:
    """`s_2` by integrating the path in `S` in place of the clock, to 1e-10.

    >>> abs(transition_integral(6.0, 0.1) / transition_clock(6.0, 0.1) - 1) < 1e-9
    True
    """
    from scipy.integrate import solve_ivp
    from scipy.special import expit

    gain, half = a / (a + 2 * p) * (1 - tau), a / 2

    def margins(rho: np.ndarray) -> tuple[float, float]:
        signal = half * ((1 - tau) * rho[0] - tau * rho[1])
        return float(p * rho[0] + signal), float(p * rho[1] - signal)

    def path(_: float, state: np.ndarray) -> list[float]:
        M_c, M_n = margins(state)
        g_c, g_n = float(expit(-M_c)), float(expit(-M_n))
        together = p * (g_c + g_n)
        return [g_c / together, g_n / together, 1 / g_n]

    def noisy_margin(_: float, state: np.ndarray) -> float:
        return margins(state)[1]

    noisy_margin.terminal = True  # type: ignore[attr-defined]
    noisy_margin.direction = 1.0  # type: ignore[attr-defined]
    # At s_2 M_c <= ln((2 - u)/u), the closed bracket's.
    u = tau / (1 - tau)
    far = 1.0 + float(np.log((2 - u) / u))
    found = solve_ivp(path, (0.0, far), np.zeros(3), "DOP853", events=noisy_margin, rtol=1e-13, atol=1e-14)
    if not len(found.t_events[0]):
        raise RuntimeError(f"M_n has no zero below S = {far:.3g} at a = {a}, tau = {tau}, p = {p}")
    return gain * float(found.y_events[0][0][2]) / p


def integral_residual(run: Run, factor: float = 1.0) -> float | NotApplicable:
    """s_2 by the integral in S (times `factor`) against the zero of the flow in the clock."""
    signal, rate = rates(run)
    if signal * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist at p = 1/2")
    return gap(factor * transition_integral(signal, rate), transition_clock(signal, rate))


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "transition_integral",
        "The transition clock",
        r"$p\,s_2 = c(1-\tau)\int_0^{S_b}(1 + e^{M_n})\,dS$, $c = a/(a+2p)$, along $S = M_c + M_n$ up to "
        r"$S_b = M_c(s_2)$",
        Derived("symbolic a, tau, p", factor=4e6, reason="both integrations are good to 1e-10"),
        integral_residual,
        "relative difference of the integral and the flow's zero at the setting's a, tau_+ >= .01, p = 1/2",
        prove_transition_integral,
        parents=("two_stage.sharp.transition_bracket.closed",),
        note="What runs do at that clock is the claim two_stage.sharp.t_half.",
    ),
)
