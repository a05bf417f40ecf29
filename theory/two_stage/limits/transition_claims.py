"""The transition clock s_2: its closed forms and brackets, in algebra and on runs."""

from __future__ import annotations

import math
from functools import cache

import sympy as sp

from theory.claim import Claim
from theory.rules import Bound, Derived
from theory.run import NotApplicable
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.claim import (
    LARGE_INIT_NOTE,
    by_quadrature,
    gap,
    number_function,
    rates,
    sharp_claim,
)
from theory.two_stage.limits.class_times import class_transitions
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.mean_field.mean_field import transition_clock
from theory.two_stage.mean_field.times import TIMES
from theory.two_stage.run import Run
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = ["CLAIMS", "bracketed_transition", "transition_residual"]

_NO_STAGE_ONE = NotApplicable("Stage I does not exist at p = 1/2")


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


@cache
def _transition(a: float, rate: float) -> float:
    return transition_clock(a, rate)


def _bracket_residual(run: Run, stretch: float = 1.0) -> float | NotApplicable:
    """How far s_2 of the integrated flow lies outside the bracket, relatively; 0 inside. `stretch` divides
    the upper end and multiplies the lower one, to set them wrong."""
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return _NO_STAGE_ONE
    s_2 = _transition(a, rate)
    low = stretch * limit_transition.lower_bracket(a, rate)
    high = limit_transition.upper_bracket(a, rate) / stretch
    return max(low / s_2 - 1, 1 - high / s_2, 0.0)


def _closed_residual(run: Run, stated: tuple[sp.Expr, sp.Expr] | None = None) -> float | NotApplicable:
    """The same for the two closed bounds (or other `stated` ones)."""
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return _NO_STAGE_ONE
    low, high = (
        number_function(f, _a, tau, _p)(a, rate, 0.5) for f in stated or limit_transition.closed_bracket()
    )
    s_2 = _transition(a, rate)
    return max(low / s_2 - 1, 1 - high / s_2, 0.0)


def transition_residual(run: Run, factor: float = 1.0) -> float | NotApplicable:
    """s_2 of the integrated flow (times `factor`) against the middle of its certified enclosure."""
    from fractions import Fraction

    from theory.two_stage.certified.enclosure import enclose_transition

    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return _NO_STAGE_ONE
    enclosure = enclose_transition(Fraction(a), Fraction(rate), Fraction(1, 2))
    return gap(factor * _transition(a, rate), float(enclosure.low + enclosure.high) / 2)


def bracketed_transition(run: Run, upper: bool, factor: float = 1.0) -> tuple[float, float] | NotApplicable:
    """A class's clock of t_half and the tighter upper (or lower) end of both brackets of s_2 at its realised
    strength and rate, p = 1/2, of the class for which they are closest. `factor` sets the end wrong."""
    found = class_transitions(run, LEAST_STRENGTH)
    if isinstance(found, NotApplicable):
        return found
    closed = [number_function(f, _a, tau, _p) for f in limit_transition.closed_bracket()]
    pairs = []
    for c in found:
        if upper:
            end = min(limit_transition.upper_bracket(c.a, c.rate), closed[1](c.a, c.rate, 0.5))
        else:
            end = max(limit_transition.lower_bracket(c.a, c.rate), closed[0](c.a, c.rate, 0.5))
        pairs.append((c.clock, factor * end))
    ratio = [clock / end for clock, end in pairs]
    return pairs[ratio.index(max(ratio) if upper else min(ratio))]


#: a_y (1 - 2 tau_y) from which a class's median is judged: closer to Stage I's border at 1 the time
#: diverges with the realised rate.
LEAST_STRENGTH = 2.0

_SECTION = "The transition clock"
_FLOW = "the flow is integrated to 1e-10"
_ON_RUNS = "s_2 at the realised counts; a class's median scatters around it by 4 to 8 %, the bracket is wider"

CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "comparison_curve",
        _SECTION,
        r"$\hat M' = \alpha g(\hat M) - \beta/2$ has the inverse $s(M) = M/A - (1/A + 1/B)\ln\frac{A - "
        r"Be^M}{A-B}$",
        by_quadrature("symbolic A, B, M"),
        _comparison_residual,
        "relative difference of the closed form and quadrature at the setting's a, tau_+ >= .01",
        limit_transition.prove_comparison,
    ),
    sharp_claim(
        "transition_bracket",
        _SECTION,
        r"$M_n$ has one positive zero $s_2$, between the roots of $\delta g(-m_*)s = "
        r"(\kappa/\alpha)U(\alpha s)$ and "
        r"$\Delta s/2 = \kappa\hat M(s)$",
        Derived("symbolic a, tau, p with a (1 - 2 tau) > 2 p", factor=4e6, reason=_FLOW),
        _bracket_residual,
        "how far s_2 of the integrated flow lies outside, at the setting's a, tau_+ >= .01, p = 1/2",
        limit_transition.prove_brackets,
        parents=("two_stage.sharp.flow", "two_stage.sharp.comparison_curve"),
    ),
    sharp_claim(
        "transition_bracket.closed",
        _SECTION,
        r"$\frac{\kappa}{\Delta(1-\tau)}\ln(2\kappa/\delta - 1) \le s_2 \le \frac{2\kappa}\Delta"
        r"\ln\frac{2-u}u$, $u = \tau/(1-\tau)$, whenever Stage I exists",
        Derived("symbolic a, tau, p with a (1 - 2 tau) > 2 p", factor=4e6, reason=_FLOW),
        _closed_residual,
        "how far s_2 of the integrated flow lies outside, at the setting's a, tau_+ >= .01, p = 1/2",
        limit_transition.prove_closed_bracket,
        parents=("two_stage.sharp.transition_bracket",),
    ),
    *(
        sharp_claim(
            f"transition_bracket.{name}",
            _SECTION,
            rf"A class memorises half of its flipped labels {word} the {name} ends of both brackets of $s_2$",
            Bound(delta=0.05, upper=upper, reason=_ON_RUNS),
            (lambda run: bracketed_transition(run, True))
            if upper
            else (lambda run: bracketed_transition(run, False)),
            f"clock of t_half of a class and the tighter {name} end at its realised counts, p = 1/2",
            limit_transition.prove_brackets,
            TIMES,
            ("two_stage.sharp.transition_bracket", "two_stage.sharp.transition_bracket.closed"),
            note=LARGE_INIT_NOTE,
        )
        for name, word, upper in (("upper", "no later than", True), ("lower", "no earlier than", False))
    ),
    sharp_claim(
        "transition_clock",
        _SECTION,
        r"$s_2(a,\tau,1/2)$ is the positive zero of $M_n$ along $\rho_c' = g(M_c)$, $\rho_n' = g(M_n)$",
        Derived(
            "computed at each (a, tau) of the judged settings, p = 1/2",
            factor=4e6,
            reason="the enclosure is 1e-10 wide, the integration good to 1e-10",
        ),
        transition_residual,
        "relative difference of the integrated flow's zero and its certified enclosure",
        limit_transition.prove_uniqueness,
        parents=("two_stage.sharp.transition_bracket",),
        note="What runs do at that clock is the claim two_stage.sharp.t_half.",
    ),
)
