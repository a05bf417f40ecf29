r"""The transition clock `s_2`: uniqueness, and a bracket by comparison.

`s_2` is the positive zero of `M_n` in the flow of `theory.two_stage.limits.dynamics`. Its closed bracket
and the limit of strong signal stand in files of their own, and are found here too. Derivation in words:
`docs/derivations/limit_dynamics.md`, The transition clock.
"""

from __future__ import annotations

import math
from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.closed_bracket import closed_bracket, prove_closed_bracket
from theory.two_stage.limits.dynamics import (
    a,
    coordinates,
    derived_stage_one_threshold,
    positive,
)
from theory.two_stage.limits.strong_signal_limit import (
    derived_strong_signal_limit,
    prove_strong_signal,
    strong_signal_depth,
)
from theory.two_stage.symbols import s

__all__ = [
    "closed_bracket",
    "comparison_inverse",
    "derived_strong_signal_limit",
    "envelope",
    "lower_bracket",
    "prove_brackets",
    "prove_closed_bracket",
    "prove_comparison",
    "prove_strong_signal",
    "prove_uniqueness",
    "strong_signal_depth",
    "transition_bracket",
    "upper_bracket",
]

_M = sp.Symbol("M", positive=True)
_G = sp.Symbol("G", positive=True)  # a slope g(M_c)


# Uniqueness -------------------------------------------------------------------------------------------


def prove_uniqueness(invariant_factor: sp.Expr | None = None) -> Proof:
    r"""`M_n` has exactly one positive zero when Stage I exists (`kappa > delta`).

    `invariant_factor`: another coefficient for kappa in `kappa M_c + alpha M_n = Delta rho_n`, to see the
    proof fail. Source: derived here.
    """
    c = coordinates()
    kappa = c.kappa if invariant_factor is None else invariant_factor
    rho_c, rho_n = sp.symbols(r"\rho_c \rho_n", positive=True)
    M_c, M_n = c.alpha * rho_c - c.beta * rho_n, c.delta * rho_n - c.kappa * rho_c
    half = sp.Rational(1, 2)
    touching = sp.solve(c.delta * half - kappa * _G, _G)[0]
    # At a zero with M_n' = 0: Delta rho_n' = kappa M_c' and M_n'' = -kappa g'(M_c) M_c'.
    rate = c.alpha * touching - c.beta * half
    r = sp.Symbol("r", positive=True)
    return checked(
        (
            (
                r"For all $s$: $\kappa M_c + \alpha M_n = \Delta\rho_n$. So at a zero of $M_n$, $\kappa "
                r"M_c = \Delta\rho_n$, "
                r"and $M_c$ is larger at every later zero since $\rho_n$ increases strictly.",
                vanishes(kappa * M_c + c.alpha * M_n - c.Delta * rho_n),
            ),
            (
                r"At a zero $M_n' = \delta/2 - \kappa g(M_c)$, which vanishes at "
                rf"$g(M_c) = {sp.latex(sp.simplify(touching))} = \delta/(2\kappa)$: at an upward zero "
                r"$g(M_c) \leq \delta/(2\kappa)$, at a downward one $g(M_c) \geq \delta/(2\kappa)$.",
                vanishes(touching - c.delta / (2 * c.kappa)),
            ),
            (
                r"Stage I starts downward, so the first positive zero is upward. A later downward zero "
                r"would need a $g(M_c)$ "
                r"at least as large, an $M_c$ no larger: contradiction.",
                positive((c.kappa - c.delta).subs(a, derived_stage_one_threshold() + r)),
            ),
            (
                r"No zero is only touched from below: there $M_n' = 0$, $M_c' = \Delta/(2\kappa) > 0$ and "
                r"$M_n'' = -\kappa g'(M_c)M_c' > 0$.",
                vanishes(rate - c.Delta / (2 * c.kappa)) and positive(c.Delta) and positive(c.kappa),
            ),
            (
                r"There is a zero: while $M_n < 0$, $\rho_n \geq s/2$ and "
                r"$M_c = (\Delta/\kappa)\rho_n - (\alpha/\kappa)M_n \geq \Delta s/(2\kappa)$, so $\rho_c' "
                r"\leq e^{-\Delta s/(2\kappa)}$ "
                r"and $\rho_c \leq 2\kappa/\Delta$, while $M_n < 0$ needs $\rho_c > \delta s/(2\kappa)$.",
                vanishes(sp.integrate(sp.exp(-s * r), (s, 0, sp.oo)) - 1 / r)
                and vanishes((c.Delta * rho_n - c.alpha * M_n) / c.kappa - M_c),
            ),
        )
    )


# Brackets ---------------------------------------------------------------------------------------------


@cache
def comparison_inverse() -> sp.Expr:
    r"""`s(M)` with `Mhat(s(M)) = M`, where `Mhat' = alpha g(Mhat) - beta/2`, `Mhat(0) = 0`: by integration.

    In `A = alpha - beta/2` and `B = beta/2` it is `M/A - (1/A + 1/B) ln((A - B e^M)/(A - B))`, finite for
    `M < ln(A/B)`.
    """
    A, B, x, top = sp.symbols("A B x X", positive=True)
    # ds = dM/(alpha g(M) - B) = (1 + e^M) dM/(A - B e^M); with x = e^M, dM = dx/x.
    integrand = sp.apart((1 + x) / (x * (A - B * x)), x)
    primitive = sp.expand_log(sp.Add(*(sp.integrate(term, x) for term in integrand.args)).subs(x, top))
    # Logarithms of A/B-like arguments: choose the branch that is real below the pole, x < A/B.
    value = sp.Add(*(_real_branch(term, top, A, B) for term in sp.Add.make_args(sp.expand(primitive))))
    return sp.simplify(sp.expand(value - value.subs(top, 1)).subs(sp.log(top), _M).subs(top, sp.exp(_M)))


def _real_branch(term: sp.Expr, x: sp.Symbol, A: sp.Symbol, B: sp.Symbol) -> sp.Expr:
    """`ln(x - A/B)` up to a constant as `ln(A - B x)`; the other terms as they are."""
    logs = [q for q in term.atoms(sp.log) if q.args[0].has(x) and sp.simplify(q.args[0] / x).has(x)]
    return term.subs({q: sp.log(A - B * x) for q in logs})


def envelope() -> sp.Expr:
    r"""`U(x)` with `U' = g(U)`, `U(0) = 0`: the solution of `U + e^U = 1 + x`, by Lambert's W."""
    x, U = sp.symbols("x U", positive=True)
    (root,) = sp.solve(U + sp.exp(U) - 1 - x, U)
    return root


def prove_comparison(stated: sp.Expr | None = None) -> Proof:
    r"""The closed inverse of Mhat and both brackets of `s_2` (`stated`: another inverse).

    Source: derived here.
    """
    A, B = sp.symbols("A B", positive=True)
    found = comparison_inverse()
    formula = (
        stated if stated is not None else _M / A - (1 / A + 1 / B) * sp.log((A - B * sp.exp(_M)) / (A - B))
    )
    slope = (1 + sp.exp(_M)) / (A - B * sp.exp(_M))
    c = coordinates()
    x = sp.Symbol("x", positive=True)
    # x = w + ln w - 1 gives e^{1+x} = w e^w, so W(e^{1+x}) = w: then U = ln w and U + e^U = 1 + x.
    u_of_x, w = envelope(), sp.Symbol("w", positive=True)
    (w_of_x,) = u_of_x.atoms(sp.LambertW)
    curvature = sp.diff(slope, _M)
    rho_c, rho_n = sp.symbols(r"\rho_c \rho_n", positive=True)
    return checked(
        (
            (
                r"On $[0,s_2]$ $M_n \leq 0$, so $g(M_n) \geq 1/2$ and $M_c' = \alpha g(M_c) - \beta g(M_n) "
                r"\leq "
                r"\alpha g(M_c) - \beta/2$: $M_c \leq \hat M$ with $\hat M' = \alpha g(\hat M) - \beta/2$, "
                r"$\hat M(0)=0$. With "
                r"$A = \alpha - \beta/2$, $B = \beta/2$ the right side is $(A - Be^M)/(1+e^M)$.",
                vanishes(((A + B) / (1 + sp.exp(_M)) - B) * slope - 1),
            ),
            (
                r"Separate and integrate from 0: $s(M) = M/A - (1/A+1/B)\ln\frac{A-Be^M}{A-B}$.",
                vanishes(sp.diff(formula - found, _M)) and vanishes((formula - found).subs(_M, 0)),
            ),
            (
                r"Check: its derivative is the integrand and it starts at 0; it is convex, so $\hat M$ is "
                r"concave.",
                vanishes(sp.diff(formula, _M) - slope)
                and vanishes(formula.subs(_M, 0))
                and vanishes(curvature - (A + B) * sp.exp(_M) / (A - B * sp.exp(_M)) ** 2),
            ),
            (
                r"At $s_2$: $\Delta\rho_n = \kappa M_c$ and $\rho_n \geq s_2/2$, hence $\Delta s_2/2 \leq "
                r"\kappa\hat M(s_2)$: $s_2$ is at most the "
                r"positive root of the concave $\kappa\hat M(s) - \Delta s/2$, whose slope at 0 is "
                r"$\alpha(\kappa-\delta)/2 > 0$.",
                vanishes(c.kappa * (c.alpha - c.beta) / 2 - c.Delta / 2 - c.alpha * (c.kappa - c.delta) / 2),
            ),
            (
                r"Before, $\alpha M_n = \Delta\rho_n - \kappa M_c \geq \Delta s/2 - \kappa\hat M \geq "
                r"-\alpha m_*$, so $\rho_n \leq g(-m_*)s$; and "
                r"$M_c \leq \alpha\rho_c$ gives $\rho_c \geq U(\alpha s)/\alpha$ with $U' = g(U)$.",
                positive(c.alpha) and positive(c.beta),
            ),
            (
                rf"$U + e^U = 1 + x$, that is $U(x) = {sp.latex(u_of_x)}$.",
                vanishes(w_of_x.args[0].subs(x, w + sp.log(w) - 1) - w * sp.exp(w))
                and vanishes(u_of_x.subs(w_of_x, w).subs(x, w + sp.log(w) - 1) - sp.log(w)),
            ),
            (
                r"At $s_2$ $\delta\rho_n = \kappa\rho_c$, so $\delta g(-m_*)s_2 \geq "
                r"(\kappa/\alpha)U(\alpha s_2)$: $s_2$ is at least the positive root "
                r"of equality (0 where there is none).",
                vanishes((c.delta * rho_n - c.kappa * rho_c).subs(rho_n, c.kappa * rho_c / c.delta)),
            ),
        )
    )


def transition_bracket(a: float, tau: float, p: float = 0.5) -> tuple[float, float]:
    r"""`(lower, upper)` bracket of `s_2`; both 0 when Stage I does not exist.

    Upper: root of `Delta s/2 = kappa Mhat(s)`. Lower: root of `delta g(-m*) s = (kappa/alpha) U(alpha s)`.

    Raises:
        ValueError: for tau outside (0, 1/2).

    >>> [round(x, 3) for x in transition_bracket(6.0, 0.1)]
    [3.55, 8.004]
    """
    if not 0.0 < tau < 0.5:
        raise ValueError(f"tau must lie in (0, 1/2), was {tau!r}")
    if a * (1 - 2 * tau) <= 2 * p:
        return 0.0, 0.0
    return lower_bracket(a, tau, p), upper_bracket(a, tau, p)


def _numbers(a: float, tau: float, p: float) -> tuple[float, float, float, float, float]:
    beta, kappa = a * tau / 2, a * (1 - tau) / 2
    return kappa + p, beta, p + beta, kappa, p * (p + a / 2)


def _excess(M: float, a: float, tau: float, p: float) -> float:
    """`kappa Mhat - Delta s/2` along the comparison curve, as a function of M."""
    alpha, beta, _, kappa, Delta = _numbers(a, tau, p)
    A, B = alpha - beta / 2, beta / 2
    s = M / A - (1 / A + 1 / B) * math.log((A - B * math.exp(M)) / (A - B))
    return kappa * M - Delta * s / 2


def _peak(a: float, tau: float, p: float) -> float:
    """Where the excess is largest: `Mhat' = Delta/(2 kappa)`, `alpha g(M) = beta/2 + Delta/(2 kappa)`."""
    alpha, beta, _, kappa, Delta = _numbers(a, tau, p)
    return math.log(alpha / (beta / 2 + Delta / (2 * kappa)) - 1)


def upper_bracket(a: float, tau: float, p: float = 0.5) -> float:
    """The positive root of `Delta s/2 = kappa Mhat(s)`; Stage I must exist."""
    from scipy.optimize import brentq

    alpha, beta, _, kappa, Delta = _numbers(a, tau, p)
    pole = math.log((alpha - beta / 2) / (beta / 2))
    top = pole * (1 - 1e-15) - 1e-15
    M = (
        brentq(_excess, _peak(a, tau, p), top, args=(a, tau, p), xtol=1e-14)
        if _excess(top, a, tau, p) < 0
        else pole
    )
    return 2 * kappa * M / Delta


def lower_bracket(a: float, tau: float, p: float = 0.5) -> float:
    """The positive root of `delta g(-m*) s = (kappa/alpha) U(alpha s)`, 0 where there is none."""
    from scipy.optimize import brentq

    alpha, _, delta, kappa, _ = _numbers(a, tau, p)
    depth = _excess(_peak(a, tau, p), a, tau, p) / alpha
    rate = delta / (1 + math.exp(-depth))
    if kappa <= 2 * rate:
        return 0.0

    def excess(U: float) -> float:
        # As a function of U, with alpha s = U + e^U - 1.
        return kappa * U - rate * (U + math.expm1(U))

    start = math.log(kappa / rate - 1)
    U = brentq(excess, start, 2 * start + 2 * math.log(kappa / rate) + 2, xtol=1e-14)
    return float((U + math.expm1(U)) / alpha)


def prove_brackets() -> Proof:
    """The zero exists and is unique, and lies between both roots: `prove_uniqueness`, `prove_comparison`."""
    parts = prove_uniqueness(), prove_comparison()
    return Proof(all(x.holds for x in parts), tuple(step for x in parts for step in x.steps))
