"""The transition clock s_2: its closed forms and brackets against independent numbers."""

from __future__ import annotations

import math
from functools import cache

import sympy as sp

from theory.claim import Claim, Prediction
from theory.rules import Event, Identity
from theory.run import NotApplicable
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.claim import QUADRATURE, gap, number_function, rates, sharp_claim
from theory.two_stage.mean_field.mean_field import strong_signal_clock, transition_clock
from theory.two_stage.run import Run
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = ["CLAIMS", "transition_residual"]


def _comparison_residual(run: Run, stated: sp.Expr | None = None) -> float | NotApplicable:
    """The closed inverse of Mhat (or another `stated` one) at the highest M of the upper bracket, against
    quadrature."""
    from scipy.integrate import quad

    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist: the comparison curve starts downward")
    alpha, B = a * (1 - rate) / 2 + 0.5, a * rate / 4
    A = alpha - B
    upper = limit_transition.upper_bracket(a, rate)
    # At the bracket M = Delta s/(2 kappa); half of it stays away from the pole.
    M = (0.5 + a / 2) * 0.5 * upper / (a * (1 - rate)) / 2
    formula = limit_transition.comparison_inverse() if stated is None else stated
    inverse = number_function(formula, *(sp.Symbol(x, positive=True) for x in "ABM"))
    value, _ = quad(lambda x: (1 + math.exp(x)) / (A - B * math.exp(x)), 0.0, M, epsabs=0.0, epsrel=1e-13)
    return gap(inverse(A, B, M), value)


def _strong_signal_residual(run: Run, stated: sp.Expr | None = None) -> float:
    """The closed form of s_inf (or another `stated` one) against quadrature of the slow flow."""
    from scipy.integrate import quad

    _, rate = rates(run)
    u = rate / (1 - rate)

    def integrand(x: float) -> float:
        return (1 / (1 - x) + 1 / (1 - u * x)) / x**2

    value, _ = quad(integrand, 0.5, 1 - rate, epsabs=0.0, epsrel=1e-13, limit=200)
    value *= (1 - rate) / 0.5
    formula = limit_transition.derived_strong_signal_limit() if stated is None else stated
    return gap(number_function(formula, tau, _p)(rate, 0.5), value)


@cache
def _transition(a: float, rate: float) -> float:
    return transition_clock(a, rate)


def _bracketed(run: Run) -> bool | NotApplicable:
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist at p = 1/2")
    s_2 = _transition(a, rate)
    return limit_transition.lower_bracket(a, rate) <= s_2 <= limit_transition.upper_bracket(a, rate)


def transition_residual(run: Run, factor: float = 1.0) -> float | NotApplicable:
    """s_2 of the integrated flow (times `factor`) against the middle of its certified enclosure."""
    from fractions import Fraction

    from theory.two_stage.certified.enclosure import enclose_transition

    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist at p = 1/2")
    enclosure = enclose_transition(Fraction(a), Fraction(rate), Fraction(1, 2))
    return gap(factor * _transition(a, rate), float(enclosure.low + enclosure.high) / 2)


def _below_strong_signal(run: Run) -> bool | NotApplicable:
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist at p = 1/2")
    return _transition(a, rate) <= strong_signal_clock(rate)


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "comparison_curve",
        "The transition clock",
        r"$\hat M' = \alpha g(\hat M) - \beta/2$ has the inverse $s(M) = M/A - (1/A + 1/B)\ln\frac{A - "
        r"Be^M}{A-B}$",
        QUADRATURE,
        _comparison_residual,
        "relative difference of the closed form and quadrature at the setting's a, tau_+ >= .01",
        limit_transition.prove_comparison,
    ),
    sharp_claim(
        "transition_bracket",
        "The transition clock",
        r"$M_n$ has one positive zero $s_2$, between the roots of $\delta g(-m_*)s = "
        r"(\kappa/\alpha)U(\alpha s)$ and "
        r"$\Delta s/2 = \kappa\hat M(s)$",
        Event(
            delta=0.1,
            reason="a theorem: a single violation would be an error; delta only sets the number of settings",
        ),
        _bracketed,
        "whether s_2 of the integrated flow at the setting's a, tau_+ >= .01, p = 1/2, lies in the bracket",
        limit_transition.prove_uniqueness,
        parents=("two_stage.sharp.flow", "two_stage.sharp.comparison_curve"),
    ),
    sharp_claim(
        "transition_clock",
        "The transition clock",
        r"$s_2(a,\tau,1/2)$ is the positive zero of $M_n$ along $\rho_c' = g(M_c)$, $\rho_n' = g(M_n)$",
        Identity(
            factor=65536.0,
            reason="the enclosure is 1e-10 wide, the integration good to 1e-10; accepted up to 8.7e-10 at "
            "60 steps",
        ),
        transition_residual,
        "relative difference of the integrated flow's zero and its certified enclosure",
        limit_transition.prove_uniqueness,
        parents=("two_stage.sharp.transition_bracket",),
    ),
    sharp_claim(
        "strong_signal",
        "Strong signal",
        r"$s_2 \to s_\infty = \frac{1-\tau}{p}[-\ln u + 2(1-u) + u\ln(2-u)]$, $u = \tau/(1-\tau)$, for $a "
        r"\to \infty$",
        QUADRATURE,
        _strong_signal_residual,
        "relative difference of the closed form and quadrature of the slow flow at the setting's tau_+",
        limit_transition.prove_strong_signal,
        prediction=Prediction(
            r"s_\infty",
            (1 - tau)
            / _p
            * (
                -sp.log(tau / (1 - tau))
                + 2 * (1 - tau / (1 - tau))
                + tau / (1 - tau) * sp.log(2 - tau / (1 - tau))
            ),
            "clock",
            {"p": "share of active label-side filters", "tau": "flip rate of the class"},
        ),
    ),
    sharp_claim(
        "below_strong_signal",
        "Strong signal",
        r"$s_2 \leq s_\infty$ for every $a$ (a conjecture)",
        Event(delta=0.1, reason="a conjecture about all parameters: delta only sets the number of settings"),
        _below_strong_signal,
        "whether s_2 of the integrated flow is at most s_inf at the setting's a, tau_+ >= .01, p = 1/2",
        None,
        parents=("two_stage.sharp.strong_signal",),
        note="No proof is known.",
    ),
)
