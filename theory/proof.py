"""A proof told as a list of steps, each with the outcome of its own symbolic check."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from theory.claim import Proof

__all__ = ["checked", "vanishes"]


def vanishes(expr: sp.Expr) -> bool:
    """Whether an expression simplifies to 0.

    >>> x = sp.Symbol("x", positive=True)
    >>> vanishes(sp.log(x**2) - 2 * sp.log(x)), vanishes(x - 1)
    (True, False)
    """
    expr = sp.sympify(expr)
    # Of a rational function the quick answer 0 is certain; whatever else is left to all of sympy's rules.
    if expr.is_rational_function() and sp.cancel(expr) == 0:
        return True
    return bool(sp.simplify(expr) == 0)


def checked(steps: Iterable[tuple[str, bool]]) -> Proof:
    """The proof that holds when every step does; a step that fails says so.

    >>> checked([("1 = 1.", True), ("1 = 2.", False)])
    Proof(holds=False, steps=('1 = 1.', '1 = 2. This does NOT hold.'))
    """
    pairs = list(steps)
    text = tuple(words if ok else f"{words} This does NOT hold." for words, ok in pairs)
    return Proof(all(ok for _, ok in pairs), text)
