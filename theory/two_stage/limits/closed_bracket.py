"""The transition clock `s_2` between two closed forms, by the nullcline of the signal.

Derivation in words: `docs/derivations/certified.md`.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import (
    a,
    coordinates,
    derived_stage_one_threshold,
    positive,
    real_logarithms,
)
from theory.two_stage.symbols import p, tau

__all__ = ["closed_bracket", "prove_closed_bracket"]


@cache
def closed_bracket() -> tuple[sp.Expr, sp.Expr]:
    r"""Around `s_2`: `kappa/(Delta (1-tau)) ln(2 kappa/delta - 1)` and `(2 kappa/Delta) ln((2-u)/u)`."""
    c = coordinates()
    u = tau / (1 - tau)
    low = c.kappa / (c.Delta * (1 - tau)) * sp.log(2 * c.kappa / c.delta - 1)
    return low, 2 * c.kappa / c.Delta * sp.log((2 - u) / u)


def prove_closed_bracket(
    low: sp.Expr | None = None, high: sp.Expr | None = None, top: sp.Expr | None = None
) -> Proof:
    r"""Both closed bounds of `s_2` (`low`, `high`, `top`: others, and another `M_c` at `s_2`).

    Source: derived here (`docs/derivations/certified.md` has the nullcline's part in words).
    """
    c = coordinates()
    u, z, E = (sp.Symbol(x, positive=True) for x in ("u", "z", "E"))
    slope = sp.Symbol("G_c", positive=True)
    found = closed_bracket()
    low = found[0] if low is None else low
    high = found[1] if high is None else high
    highest = sp.log((2 - u) / u) if top is None else top
    # The nullcline 1 + z = u (1 + E/z), with z = e^phi and E = e^S.
    curve = z * (1 + z) - u * (z + E)
    growth = -sp.diff(curve, E) * E / (sp.diff(curve, z) * z)  # phi' = z'/z with E' = E
    on_curve = growth.subs(E, z * (1 + z) / u - z)
    along = (1 - u + z) / (1 - u + 2 * z)
    least = sp.solve(c.delta / 2 - c.kappa * slope, slope)[0]
    above, part = sp.symbols("w v", positive=True)
    return checked(
        (
            (
                r"In $S = M_c + M_n$, $S' = p(\rho_c' + \rho_n') > 0$. $\gamma' = 0$ on the curve "
                r"$1 + e^\varphi = u(1 + e^{S-\varphi})$, of slope $\varphi' = (1-u+z)/(1-u+2z)$, "
                r"$z = e^\varphi$.",
                vanishes((c.alpha - c.kappa) - p)
                and vanishes((c.delta - c.beta) - p)
                and vanishes(on_curve - along),
            ),
            (
                r"There the path has slope $dM_n/dS = g_n/(g_c+g_n) = 1/(1+u) \geq \varphi'$, since "
                r"$g_c = ug_n$ and $z \geq u$: it starts above ($0 > \ln u$) and never crosses downward.",
                vanishes(1 / (1 + u) - along - (1 - u) * (z - u) / ((1 + u) * (1 - u + 2 * z))),
            ),
            (
                r"So $M_n \geq \varphi(S) \geq \ln u$, hence $g(M_n) \leq 1/(1+u) = 1-\tau$, and at $s_2$ "
                r"$\varphi(S) \leq 0$: $M_c = S \leq \ln\frac{2-u}u$, where $\varphi = 0$.",
                vanishes(curve.subs({z: 1, E: sp.exp(highest)}))
                and vanishes(1 / (1 + tau / (1 - tau)) - (1 - tau)),
            ),
            (
                r"At $s_2$, $\Delta\rho_n = \kappa M_c$ with $\rho_n \geq s_2/2$: "
                r"$s_2 \leq \frac{2\kappa}\Delta\ln\frac{2-u}u$.",
                vanishes(
                    real_logarithms(
                        high - (2 * c.kappa / c.Delta * sp.log((2 - u) / u)).subs(u, tau / (1 - tau))
                    )
                ),
            ),
            (
                r"It is an upward zero: $g(M_c) \leq \delta/(2\kappa)$, so $M_c \geq \ln(2\kappa/\delta-1)$, "
                r"positive since $\kappa > \delta$; and $\rho_n \leq (1-\tau)s_2$: "
                r"$s_2 \geq \frac{\kappa}{\Delta(1-\tau)}\ln(2\kappa/\delta - 1)$.",
                vanishes(least - c.delta / (2 * c.kappa))
                and vanishes(1 / (1 + (2 / part - 1)) - part / 2)
                and positive((c.kappa - c.delta).subs(a, derived_stage_one_threshold() + above))
                and vanishes(
                    real_logarithms(low - c.kappa / (c.Delta * (1 - tau)) * sp.log(2 * c.kappa / c.delta - 1))
                ),
            ),
        )
    )
