"""Mutations of a closed form: constants, signs, swapped symbols, exponents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from theory.claim import Claim
from theory.falsehood import Falsehood, FalsehoodKind
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.limits.dynamics import a
from theory.two_stage.symbols import p, tau

__all__ = ["DIFFERENT", "constant_off", "mutations", "of_closed_form"]

#: Why a wrong closed form is false.
DIFFERENT = "the two closed forms differ at generic parameters, and both cannot equal one number"


def mutations(formula: sp.Expr) -> Iterator[tuple[str, FalsehoodKind, sp.Expr]]:
    yield "x 2", "constant", 2 * formula
    yield "x 1/2", "constant", formula / 2
    yield "of the other sign", "sign", -formula
    if tau in formula.free_symbols:
        yield "tau and 1 - tau swapped", "symbols", formula.subs(tau, 1 - tau)
    if p in formula.free_symbols:
        yield "p^+0.5", "exponent 0.5", formula * sp.sqrt(p)
        yield "p^+0.1", "exponent 0.1", formula * p ** sp.Rational(1, 10)
    if a in formula.free_symbols:
        yield "a and 1/a swapped", "symbols", formula.subs(a, 1 / a)
        yield "a^+0.5", "exponent 0.5", formula * sp.sqrt(a)


def of_closed_form(true: Claim, formula: sp.Expr, *, symbols: bool = True) -> Iterator[Falsehood]:
    """The claim that a measured number has this closed form, with each mutation of it.

    Args:
        true: its measurement and its proof take the formula as `stated`.
        formula: the right one.
        symbols: whether swapped symbols leave a formula with real values.
    """
    for what, kind, wrong in mutations(formula):
        # Symmetric in tau: the swap is the same formula.
        if kind == "symbols" and (not symbols or sp.simplify(wrong - formula) == 0):
            continue
        yield changed(true, f"{what} (runs)", kind, DIFFERENT, given(true.measure, stated=wrong))
        if kind in ("sign", "constant"):
            yield changed(true, f"{what} (proof)", kind, DIFFERENT, proof=given(true.proof, stated=wrong))


def constant_off(true: Claim, **stated: Any) -> Falsehood:
    """The claim with the proof of a formula of which one constant is off by 2."""
    return changed(
        true, "constant off by 2 (proof)", "constant", DIFFERENT, proof=given(true.proof, **stated)
    )
