r"""Sympy trees in ball arithmetic, and comparisons with three answers.

A ball `mid +- rad` (python-flint's `arb`) contains the true value of the expression. Numbers enter as exact
fractions: `sympy.lambdify` would print `Rational(1, 3)` as Python's `1/3`, a float, and its "ball" then
misses the true value; a `Float` in a tree has lost its exact value already and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias, cast

import sympy as sp
from flint import arb, ctx, fmpq

__all__ = ["UnsupportedNodeError", "compare", "decide", "enclose", "exact", "relative_width"]

#: An int, a Fraction, a sympy Rational or a ball (sympy has no types to say so).
Number: TypeAlias = Any

_CONSTANTS: dict[sp.Expr, Callable[[], arb]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
}

_FUNCTIONS: dict[type[sp.Function], Callable[[arb], arb]] = {
    sp.exp: lambda x: x.exp(),
    sp.log: lambda x: x.log(),
    sp.Abs: abs,
    sp.sin: lambda x: x.sin(),
    sp.cos: lambda x: x.cos(),
    sp.tan: lambda x: x.tan(),
    sp.sinh: lambda x: x.sinh(),
    sp.cosh: lambda x: x.cosh(),
    sp.tanh: lambda x: x.tanh(),
    sp.asin: lambda x: x.asin(),
    sp.acos: lambda x: x.acos(),
    sp.atan: lambda x: x.atan(),
    sp.erf: lambda x: x.erf(),
    sp.erfc: lambda x: x.erfc(),
    sp.LambertW: lambda x: x.lambertw(),
}


class UnsupportedNodeError(TypeError):
    """The tree holds something that has no certified value; the message names it."""


def exact(value: Number) -> arb:
    """An exact number as a ball; a `Fraction` is enclosed, never rounded away.

    Raises:
        TypeError: for a float, whose decimal reading is not its value (`Fraction(x)` says which is meant).

    >>> exact(Fraction(1, 10)).contains(fmpq(1, 10))
    True
    """
    if isinstance(value, arb):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Fraction | sp.Rational):
        raise TypeError(
            f"value must be exact, was {value!r}: give an int, a Fraction or a sympy Rational "
            "(Fraction(x) is a float's exact binary value, Fraction('0.1') the decimal)"
        )
    if isinstance(value, int):
        return arb(value)
    numerator, denominator = (
        (value.numerator, value.denominator) if isinstance(value, Fraction) else (value.p, value.q)
    )
    return arb(fmpq(int(numerator), int(denominator)))


def enclose(expr: sp.Expr, values: Mapping[sp.Symbol, Number] | None = None, *, bits: int = 64) -> arb:
    """A ball that contains the expression's value, computed with `bits` bits.

    Outside a function's real domain (the logarithm of a ball that touches 0) the ball is NaN, which no
    comparison decides.

    Raises:
        UnsupportedNodeError: for a `Float`, a symbol without a value, an unknown function or constant.
        TypeError: for a value that is not exact.

    >>> x = sp.Symbol("x")
    >>> coarse, fine = (enclose(sp.log(x) / 3, {x: Fraction(1, 10)}, bits=b) for b in (64, 400))
    >>> coarse.overlaps(fine), relative_width(fine) < 1e-100
    (True, True)
    """
    with ctx.workprec(bits):
        known = {symbol: exact(value) for symbol, value in (values or {}).items()}
        return _visit(sp.sympify(expr), known)


def _visit(node: sp.Expr, known: Mapping[sp.Symbol, arb]) -> arb:
    if isinstance(node, sp.Symbol):
        if node not in known:
            raise UnsupportedNodeError(f"no value for the symbol {node}")
        return known[node]
    if isinstance(node, sp.Rational):
        return exact(node)
    if isinstance(node, sp.Float):
        raise UnsupportedNodeError(f"Float {node}: its exact value is lost, use a Rational")
    if node in _CONSTANTS:
        return _CONSTANTS[node]()
    if isinstance(node, sp.Pow):
        return _power(node, known)
    # sympy's exp(x) is a function; E**x is rewritten to it, and never reaches _power.
    args = [_visit(cast(sp.Expr, argument), known) for argument in node.args]
    if isinstance(node, sp.Add):
        return sum(args[1:], args[0])
    if isinstance(node, sp.Mul):
        product = args[0]
        for factor in args[1:]:
            product = product * factor
        return product
    if isinstance(node, sp.Max | sp.Min):
        best = args[0]
        for other in args[1:]:
            best = best.max(other) if isinstance(node, sp.Max) else best.min(other)
        return best
    function = _FUNCTIONS.get(node.func)
    if function is None or len(args) != 1:
        raise UnsupportedNodeError(f"no certified value for {node.func.__name__} in {node}")
    return function(args[0])


def _power(node: sp.Pow, known: Mapping[sp.Symbol, arb]) -> arb:
    base = _visit(node.base, known)
    exponent = node.exp
    if isinstance(exponent, sp.Integer):
        # Integer powers keep negative bases; x**y by logarithms would not.
        return base ** int(exponent)
    if isinstance(exponent, sp.Rational):
        root = base.sqrt() if exponent.q == 2 else base.root(int(exponent.q))
        return root ** int(exponent.p)
    return (_visit(exponent, known) * base.log()).exp()


def compare(left: arb, right: arb) -> bool | None:
    """Whether `left < right`: True or False when the balls prove it, None when they overlap.

    >>> compare(arb(1), arb(2)), compare(arb(2), arb(1)), compare(arb(1, 1), arb(1))
    (True, False, None)
    """
    if left < right:
        return True
    if left >= right:
        return False
    return None


def decide(
    left: sp.Expr,
    right: sp.Expr,
    values: Mapping[sp.Symbol, Number] | None = None,
    *,
    bits: int = 64,
    max_bits: int = 1024,
) -> bool | None:
    """Whether `left < right`, with more and more bits until it is proved; None if `max_bits` do not do.

    Equal values that are not exact are never decided: that is the honest answer.

    >>> decide(sp.pi, sp.Rational(355, 113)), decide(sp.sqrt(2) ** 2, sp.sqrt(3) ** 2 - 1)
    (True, False)
    >>> decide(sp.exp(sp.log(3, evaluate=False), evaluate=False), sp.Integer(3)) is None
    True
    """
    while bits <= max_bits:
        answer = compare(enclose(left, values, bits=bits), enclose(right, values, bits=bits))
        if answer is not None:
            return answer
        bits *= 2
    return None


def relative_width(ball: arb) -> float:
    """Radius over the least absolute value in the ball; inf when it holds 0 or is NaN."""
    if not ball.is_finite() or ball.contains(0):
        return float("inf")
    return float((ball.rad() / ball.abs_lower()).upper())
