"""Whether an expression vanishes: rational functions by cancelling, the rest by all of sympy's rules."""

from __future__ import annotations

import pytest
import sympy as sp

from theory.proof import vanishes

x, y = sp.symbols("x y", positive=True)


@pytest.mark.parametrize(
    "zero",
    [
        (x + y) ** 3 - x**3 - y**3 - 3 * x * y * (x + y),
        1 / (x * (x + 1)) - 1 / x + 1 / (x + 1),
        sp.sqrt(2) * x / (sp.sqrt(2) + x) - 2 * x / (2 + sp.sqrt(2) * x),
        sp.exp(x) * sp.exp(y) - sp.exp(x + y),
        sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1,
        sp.Integer(0),
        0,
    ],
)
def test_it_does(zero: sp.Expr) -> None:
    assert vanishes(zero)


@pytest.mark.parametrize(
    "other",
    [
        (x + y) ** 3 - x**3 - y**3 - 3 * x * y * (x - y),
        1 / (x * (x + 1)) - 1 / x - 1 / (x + 1),
        sp.Rational(1, 10**12) * x,
        sp.log(x * y) - sp.log(x) - 2 * sp.log(y),
        sp.Integer(1),
    ],
)
def test_it_does_not(other: sp.Expr) -> None:
    assert not vanishes(other)
