r"""Proofs about the flow with weight decay: its end state, when flipped labels are memorised, the strong
signal.

In words: `docs/derivations/weight_decay.md`. `g(z) = 1/(1+e^z)`, `k = -g' = g(1-g) > 0`.
"""

from __future__ import annotations

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.decay.thresholds import strong_signal_threshold
from theory.two_stage.limits.dynamics import (
    a,
    coordinates,
    derived_stage_one_threshold,
    positive,
    real_logarithms,
)
from theory.two_stage.symbols import p, tau

__all__ = ["prove_end_state", "prove_forgetting", "prove_strong_signal_threshold", "prove_threshold"]

_RATE = sp.Symbol("lambda", positive=True)
_KC, _KN = sp.symbols("k_c k_n", positive=True)  # k(M_c), k(M_n)
_GC, _GN = sp.symbols("g_c g_n", positive=True)
_RHO_C, _RHO_N = sp.symbols(r"\rho_c \rho_n", positive=True)


def _jacobian() -> sp.Matrix:
    """Of `rho' = g(M) - lambda rho`, in (rho_c, rho_n)."""
    c = coordinates()
    return sp.Matrix([[-_RATE - _KC * c.alpha, _KC * c.beta], [_KN * c.kappa, -_RATE - _KN * c.delta]])


def prove_end_state(coupling: sp.Expr | None = None) -> Proof:
    r"""The flow with decay rises from 0 to one stable end state (`coupling`: another entry of the Jacobian in
    place of `k_c beta`, to see the proof fail). Source: derived here."""
    c, J = coordinates(), _jacobian()
    if coupling is not None:
        J[0, 1] = coupling
    determinant = sp.expand(J.det())
    least = sp.expand(_KC * _KN * c.Delta)
    rest = sp.expand(determinant - least)
    return checked(
        (
            (
                r"$\rho_c' = g(M_c) - \lambda\rho_c$, $\rho_n' = g(M_n) - \lambda\rho_n$ is cooperative in "
                r"$(\rho_c,\rho_n)$: $\partial\rho_c'/\partial\rho_n = k_c\beta > 0$, "
                r"$\partial\rho_n'/\partial\rho_c = k_n\kappa > 0$.",
                positive(J[0, 1]) and positive(J[1, 0]),
            ),
            (
                r"It starts at 0 with both rates $\frac12 > 0$, so both coefficients rise for ever (their "
                r"rates obey a linear system with nonnegative couplings), and stay below $1/\lambda$: they "
                r"converge to an end state.",
                positive(J[0, 1]) and positive(J[1, 0]) and positive(1 / _RATE),
            ),
            (
                r"There is one end state: at signal $\gamma$, $\lambda\rho_c = g(\gamma + p\rho_c)$ has one "
                r"root, falling in $\gamma$ at rate $-k_c/(\lambda + pk_c)$, and $\lambda\rho_n = "
                r"g(p\rho_n - "
                r"\gamma)$ one that rises at $k_n/(\lambda + pk_n)$; so "
                r"$\frac a2[(1-\tau)\rho_c - \tau\rho_n] - \gamma$ falls strictly.",
                _implicit_slopes_hold()
                and vanishes(c.alpha - c.kappa - p)
                and vanishes(c.kappa - a * (1 - tau) / 2)
                and vanishes(c.beta - a * tau / 2),
            ),
            (
                r"It is stable: the trace of the Jacobian is negative, and its determinant exceeds "
                r"$k_ck_n(\alpha\delta - \beta\kappa) = k_ck_n\Delta > 0$.",
                positive(-J.trace())
                and positive(rest)
                and positive(least)
                and vanishes(determinant - _RATE**2 - _RATE * (c.alpha * _KC + c.delta * _KN) - least),
            ),
        )
    )


def _implicit_slopes_hold() -> bool:
    """Differentiating both equations of an end state by gamma."""
    slope = sp.Symbol("slope", real=True)
    clean = sp.solve(_RATE * slope + _KC * (1 + p * slope), slope)
    noisy = sp.solve(_RATE * slope + _KN * (p * slope - 1), slope)
    return (
        len(clean) == len(noisy) == 1
        and vanishes(clean[0] + _KC / (_RATE + p * _KC))
        and vanishes(noisy[0] - _KN / (_RATE + p * _KN))
    )


def prove_threshold(stated: sp.Expr | None = None) -> Proof:
    r"""`M_n < 0` for ever iff `lambda >= lambda*(p)` (`stated`: another threshold). Source: derived here."""
    c = coordinates()
    formula = c.Delta / (2 * c.kappa * sp.log(2 * c.kappa / c.delta - 1)) if stated is None else stated
    above, part = sp.symbols("r v", positive=True)
    M_c = c.alpha * _RHO_C - c.beta * _RHO_N
    M_n = c.delta * _RHO_N - c.kappa * _RHO_C
    rate_n = c.delta * _GN - c.kappa * _GC - _RATE * M_n
    flow_n = c.delta * (_GN - _RATE * _RHO_N) - c.kappa * (_GC - _RATE * _RHO_C)
    level = c.delta / (2 * c.kappa)
    return checked(
        (
            (
                r"$\kappa M_c + \alpha M_n = \Delta\rho_n$, and "
                r"$M_n' = \delta g(M_n) - \kappa g(M_c) - \lambda M_n$.",
                vanishes(c.kappa * M_c + c.alpha * M_n - c.Delta * _RHO_N) and vanishes(rate_n - flow_n),
            ),
            (
                r"End state with $M_n \leq 0$: $\lambda\rho_n = g(M_n) \geq \frac12$; "
                r"$\kappa M_c = \Delta\rho_n - \alpha M_n \geq \Delta/(2\lambda)$; and "
                r"$g(M_c) = \lambda\rho_c \geq \lambda\rho_n\delta/\kappa \geq \delta/(2\kappa)$, that is "
                r"$M_c \leq \ln(2\kappa/\delta - 1)$. So $\lambda \geq \lambda^*$. With $M_n \geq 0$ every "
                r"inequality turns: $\lambda \leq \lambda^*$. Hence $M_n < 0$ there iff $\lambda > "
                r"\lambda^*$, "
                r"and $M_n = 0$ iff $\lambda = \lambda^*$.",
                vanishes(1 / (1 + (1 / part - 1)) - part)
                and positive(c.alpha)
                and positive(c.Delta)
                and vanishes(_logarithms(c.Delta / (2 * c.kappa * _RATE) - sp.log(1 / level - 1), formula)),
            ),
            (
                r"$2\kappa/\delta - 1 > 1$ iff Stage I exists, so the threshold is positive and finite.",
                positive((c.kappa - c.delta).subs(a, derived_stage_one_threshold() + above)),
            ),
            (
                r"At a zero of $M_n$ $\kappa M_c = \Delta\rho_n$ and $M_n' = \delta/2 - "
                r"\kappa g(\Delta\rho_n/\kappa)$, which rises with $\rho_n$; $\rho_n$ rises strictly. So "
                r"after an upward zero there is no downward one: the sign changes once at most, and "
                r"is at the end that of the end state.",
                vanishes(
                    rate_n.subs(_GN, sp.Rational(1, 2)).subs(_RHO_C, c.delta * _RHO_N / c.kappa)
                    - (c.delta / 2 - c.kappa * _GC)
                )
                and vanishes(M_c.subs(_RHO_C, c.delta * _RHO_N / c.kappa) - c.Delta * _RHO_N / c.kappa),
            ),
            (
                r"No zero is touched from below: with $M_n = M_n' = 0$, $M_n'' = \kappa k_c M_c' > 0$, since "
                r"$\kappa M_c' = \Delta\rho_n' > 0$ there.",
                positive(c.kappa * _KC * c.Delta / c.kappa),
            ),
            (
                r"At $\lambda = \lambda^*$ an upward zero would need $g(\Delta\rho_n/\kappa) \leq "
                r"\delta/(2\kappa)$, its value at the end, where $\rho_n = 1/(2\lambda)$ is larger: none. So "
                r"$M_n < 0$ for ever iff $\lambda \geq \lambda^*$; below, it crosses 0 exactly once.",
                vanishes(
                    _logarithms(c.Delta / (2 * c.kappa * _RATE) - sp.log(2 * c.kappa / c.delta - 1), formula)
                ),
            ),
        )
    )


def _logarithms(expr: sp.Expr, threshold: sp.Expr) -> sp.Expr:
    """With lambda at the threshold and Stage I written in, so that logarithms are real."""
    above = sp.Symbol("r", positive=True)
    inside = expr.subs(_RATE, threshold).subs(a, derived_stage_one_threshold() + above)
    return real_logarithms(sp.simplify(inside))


def prove_strong_signal_threshold(stated: sp.Expr | None = None) -> Proof:
    r"""`lambda*(p) -> p/(2(1-tau) ln((2-3tau)/tau))` for a -> infinity. Source: derived here."""
    wanted = p / (2 * (1 - tau) * sp.log((2 - 3 * tau) / tau)) if stated is None else stated
    c = coordinates()
    return checked(
        (
            (
                r"$\Delta/(2\kappa) \to p/(2(1-\tau))$ and $2\kappa/\delta - 1 \to (2-3\tau)/\tau$.",
                vanishes(sp.limit(c.Delta / (2 * c.kappa), a, sp.oo) - p / (2 * (1 - tau)))
                and vanishes(sp.limit(2 * c.kappa / c.delta - 1, a, sp.oo) - (2 - 3 * tau) / tau),
            ),
            (
                rf"$\lambda^*_\infty = {sp.latex(wanted)}$: no signal in it.",
                vanishes(real_logarithms(1 / strong_signal_threshold() - 1 / wanted))
                and not wanted.free_symbols - {p, tau},
            ),
        )
    )


def prove_forgetting(power: int = 1) -> Proof:
    r"""Without gradient `kappa_0` falls as `e^{-lambda s}` (`power`: another rate), so that a state of large
    `kappa_0` ends at `ln(kappa_0)/lambda + O(1)`. Source: derived here."""
    s, start, step = sp.symbols("s kappa h", positive=True)
    left = sp.limit((1 - step * _RATE) ** (s / step), step, 0, "+")
    (end,) = sp.solve(start * sp.exp(-power * _RATE * s) - 1, s)
    return checked(
        (
            (
                r"A step multiplies the initial weights by $1 - h\lambda$: after the clock $s$ the share "
                r"$(1 - h\lambda)^{s/h} \to e^{-\lambda s}$ is left.",
                vanishes(left - sp.exp(-power * _RATE * s)),
            ),
            (
                r"$\kappa_0e^{-\lambda s}$ reaches order 1, where cross-talk switches filters on, at "
                r"$\ln(\kappa_0)/\lambda$ up to a constant over $\lambda$; the threshold at $p = 1/2$ "
                r"ends with it.",
                vanishes(sp.expand_log(end - sp.log(start) / _RATE, force=True)),
            ),
        )
    )
