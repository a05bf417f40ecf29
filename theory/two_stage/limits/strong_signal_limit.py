"""The limit of strong signal: the transition clock and the depth of Stage I for a -> infinity.

Derivation in words: `docs/derivations/limit_dynamics.md`, The transition clock.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import (
    coordinates,
    real_logarithms,
)
from theory.two_stage.predictions import strong_signal_limit
from theory.two_stage.symbols import p, tau

__all__ = ["derived_strong_signal_limit", "prove_strong_signal", "strong_signal_depth"]


@cache
def derived_strong_signal_limit() -> sp.Expr:
    r"""`s_inf(tau, p) = lim s_2` for a -> infinity, by integrating the slow flow.

    gamma adjusts at once: `(1 - tau) g(M_c) = tau g(M_n)`. With `x = g(M_n)` and `u = tau/(1 - tau)` the sum
    `M_c + M_n = ln((1-u x)/(u x)) + ln((1-x)/x)` grows at rate `p (1 + u) x`; it starts at 0 and `M_n = 0`
    at x = 1/2.
    """
    x, u = sp.symbols("x u", positive=True)
    total = sp.log((1 - u * x) / (u * x)) + sp.log((1 - x) / x)
    (start,) = [r for r in sp.solve(sp.simplify(sp.exp(total)) - 1, x) if r.subs(u, sp.Rational(1, 9)) > 0]
    integrand = sp.apart(sp.simplify(-sp.diff(total, x) / x), x)  # over p (1 + u) = p/(1 - tau)
    primitive = sp.Add(*(_real_on_unit(sp.integrate(term, x), x, u) for term in sp.Add.make_args(integrand)))
    value = sp.expand(primitive.subs(x, start) - primitive.subs(x, sp.Rational(1, 2)))
    return (1 - tau) / p * value.subs(u, tau / (1 - tau))


def _real_on_unit(primitive: sp.Expr, x: sp.Symbol, u: sp.Symbol) -> sp.Expr:
    """The primitive with `ln(x - 1)` and the like replaced by `ln(1 - x)`, up to a constant; 0 < x, u < 1."""
    at = {x: sp.Rational(1, 2), u: sp.Rational(1, 9)}
    logs = [q for q in primitive.atoms(sp.log) if q.args[0].subs(at) < 0]
    return primitive.subs({q: sp.log(-q.args[0]) for q in logs})


@cache
def strong_signal_depth() -> sp.Expr:
    """`lim min M_n` for a -> infinity: where the slow flow starts, `M_c = -M_n` with `(1-tau) g(M_c)
    = tau g(M_n)`.
    """
    y = sp.Symbol("y", positive=True)  # e^{M_c} = e^{-M_n}
    (root,) = sp.solve((1 - tau) / (1 + y) - tau / (1 + 1 / y), y)
    return -sp.log(sp.simplify(root))


def prove_strong_signal(stated: sp.Expr | None = None, depth: sp.Expr | None = None) -> Proof:
    r"""The closed forms of `s_inf` and of `min M_n` (`stated`, `depth`: other ones). Source: derived here."""
    formula = strong_signal_limit() if stated is None else stated
    wanted = -sp.log((1 - tau) / tau) if depth is None else depth
    c = coordinates()
    x, w = sp.symbols("x u", positive=True)
    return checked(
        (
            (
                r"$\gamma' = \frac a2[(1-\tau)g(M_c) - \tau g(M_n)]$: for $a\to\infty$ the bracket "
                r"vanishes after a time of order "
                r"$1/a$, in which $\rho_c, \rho_n$ do not move and $M_c + M_n = p(\rho_c+\rho_n) = 0$.",
                vanishes((c.alpha - c.kappa) - p) and vanishes((c.delta - c.beta) - p),
            ),
            (
                rf"So Stage I reaches $M_n = {sp.latex(strong_signal_depth())} = -\ln((1-\tau)/\tau)$, "
                rf"minus the Bayes logit.",
                vanishes(real_logarithms(strong_signal_depth() - wanted)),
            ),
            (
                r"Then, with $x = g(M_n)$, $g(M_c) = ux$, $u = \tau/(1-\tau)$: $M_c + M_n = "
                r"\ln\frac{1-ux}{ux} + \ln\frac{1-x}{x}$ is 0 at "
                r"$x = 1/(1+u)$ and grows at rate $p(1+u)x$, until $x = 1/2$ ($M_n = 0$).",
                vanishes(((1 - w * x) / (w * x) * (1 - x) / x).subs(x, 1 / (1 + w)) - 1),
            ),
            (
                r"Integrating, $s_\infty = \frac{1-\tau}{p}[-\ln u + 2(1-u) + u\ln(2-u)]$.",
                vanishes(real_logarithms(derived_strong_signal_limit() - formula)),
            ),
        )
    )
