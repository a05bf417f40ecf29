"""The sympy-to-arb visitor: sound at 64 and 400 bits, tight, and honest where it cannot decide."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx, fmpq

from theory.certified.visitor import UnsupportedNodeError, compare, decide, enclose, exact, relative_width

x, y = sp.symbols("x y", positive=True)
THIRD = sp.Rational(1, 3)

#: Formulas of the kind that the package evaluates, with a function of mpmath as independent evaluation.
FORMULAS: tuple[tuple[sp.Expr, Callable[[mpmath.mpf, mpmath.mpf], mpmath.mpf]], ...] = (
    (x * THIRD - y**2 / 7, lambda u, v: u / 3 - v**2 / 7),
    (
        (x + 2 * y * (1 - y)) / (x * (x + y / 2)),
        lambda u, v: (u + 2 * v * (1 - v)) / (u * (u + v / 2)),
    ),
    (
        sp.sqrt(2 * sp.log(12 * (1 + x))) * sp.exp(-y),
        lambda u, v: mpmath.sqrt(2 * mpmath.log(12 * (1 + u))) / mpmath.exp(v),
    ),
    (
        sp.atan(x / y) / (2 * sp.pi) + sp.Rational(1, 2),
        lambda u, v: mpmath.atan(u / v) / (2 * mpmath.pi) + mpmath.mpf(1) / 2,
    ),
    (
        sp.LambertW(sp.exp(1 + x)) ** sp.Rational(3, 2),
        lambda u, v: mpmath.lambertw(mpmath.exp(1 + u)).real ** mpmath.mpf(1.5),
    ),
    (sp.Max(x, y) ** -3 + sp.erfc(sp.Min(x, y)), lambda u, v: 1 / max(u, v) ** 3 + mpmath.erfc(min(u, v))),
    ((1 + x) ** (y + sp.sqrt(3)), lambda u, v: (1 + u) ** (v + mpmath.sqrt(3))),
    (sp.tanh(x) - sp.Abs(x - y) * sp.E, lambda u, v: mpmath.tanh(u) - abs(u - v) * mpmath.e),
)
POINTS = 250  # times len(FORMULAS): 2000 points


def _points(seed: int) -> list[dict[sp.Symbol, Fraction]]:
    rng = random.Random(seed)

    def draw() -> Fraction:
        return Fraction(rng.randint(1, 10**6), rng.randint(1, 10**6))

    return [{x: min(draw(), Fraction(30)), y: min(draw(), Fraction(30))} for _ in range(POINTS)]


def _contains(ball: arb, value: mpmath.mpf) -> bool:
    """Whether the ball meets the value known to about 130 digits."""
    with ctx.workprec(500):
        return bool(ball.overlaps(arb(mpmath.nstr(value, 140), arb(10) ** -100 * (1 + abs(arb(str(value)))))))


@pytest.mark.parametrize("index", range(len(FORMULAS)))
def test_sound_and_tight_at_two_precisions(index: int) -> None:
    expr, independent = FORMULAS[index]
    loose = 0
    for point in _points(index):
        coarse, fine = enclose(expr, point, bits=64), enclose(expr, point, bits=400)
        assert coarse.overlaps(fine)
        with mpmath.workdps(150):
            value = independent(*(mpmath.mpf(v.numerator) / v.denominator for v in point.values()))
        assert _contains(coarse, value)
        assert _contains(fine, value)
        # Half of the bits may go to cancellation (x - y near 0) or large exponents; more would be vacuous.
        scale = max(1.0, abs(float(value)))
        loose += not float(coarse.rad()) <= 2.0**-32 * scale
        loose += not float(fine.rad()) <= 2.0**-200 * scale
    assert loose == 0


def test_a_wrong_formula_is_outside() -> None:
    expr, independent = FORMULAS[0]
    point = {x: Fraction(1, 7), y: Fraction(2, 9)}
    with mpmath.workdps(150):
        value = independent(mpmath.mpf(1) / 7, mpmath.mpf(2) / 9)
        assert not _contains(enclose(expr, point), value * (1 + mpmath.mpf(10) ** -15))


def test_lambdify_misses_the_true_value_and_the_visitor_does_not() -> None:
    expr = x * THIRD
    naive = sp.lambdify(x, expr, modules=[{}])  # prints 1/3 as a float
    missed = 0
    rng = random.Random(3)
    with ctx.workprec(128):
        for _ in range(200):
            numerator = rng.randint(1, 10**9)
            truth = arb(fmpq(numerator, 3))
            missed += not naive(arb(numerator)).overlaps(truth)
            assert enclose(expr, {x: numerator}, bits=128).overlaps(truth)
    assert missed == 200


@pytest.mark.parametrize(
    ("expr", "name"),
    [
        (x + sp.Float("0.5"), "Float"),
        (sp.zeta(x), "zeta"),
        (sp.Function("f")(x), "f"),
        (x + sp.Symbol("q"), "q"),
        (sp.Catalan * x, "Catalan"),
        (sp.log(x) + sp.I, "ImaginaryUnit"),
    ],
)
def test_refuses_what_has_no_certified_value(expr: sp.Expr, name: str) -> None:
    with pytest.raises(UnsupportedNodeError, match=name):
        enclose(expr, {x: Fraction(1, 2)})


@pytest.mark.parametrize("value", [0.1, True, "1/3"])
def test_refuses_inexact_values(value: object) -> None:
    with pytest.raises(TypeError, match="exact"):
        exact(value)


def test_comparisons_have_three_answers() -> None:
    assert compare(arb(1), arb(2)) is True
    assert compare(arb(2), arb(1)) is False
    assert compare(arb(1), arb(1)) is False
    assert compare(arb(1, 0.5), arb(1)) is None
    assert compare(arb("nan"), arb(1)) is None
    # Near enough to need more than 64 bits.
    close = sp.sqrt(2) + sp.Rational(1, 10**30)
    assert decide(sp.sqrt(2), close) is True
    assert decide(close, sp.sqrt(2)) is False
    assert decide(sp.sqrt(2), close, max_bits=64) is None
    assert decide(sp.log(x), sp.Integer(0), {x: arb(0, 1)}) is None


def test_relative_width() -> None:
    assert relative_width(enclose(sp.pi, bits=100)) < 2.0**-95
    assert relative_width(arb(0, 1)) == float("inf")
    assert relative_width(arb("nan")) == float("inf")


# Balls ------------------------------------------------------------------------------------------------


u, w = sp.symbols("u w")


X = Fraction(3, 7)


FUNCTIONS: list[tuple[sp.Expr, Callable[[mpmath.mpf], mpmath.mpf]]] = [
    (sp.exp(u), mpmath.exp), (sp.log(u), mpmath.log), (sp.Abs(-u), abs), (sp.sin(u), mpmath.sin),
    (sp.cos(u), mpmath.cos), (sp.tan(u), mpmath.tan), (sp.sinh(u), mpmath.sinh), (sp.cosh(u), mpmath.cosh),
    (sp.tanh(u), mpmath.tanh), (sp.asin(u), mpmath.asin), (sp.acos(u), mpmath.acos), (sp.atan(u),
    mpmath.atan),
    (sp.erf(u), mpmath.erf), (sp.erfc(u), mpmath.erfc), (sp.LambertW(u), mpmath.lambertw),
    (sp.sqrt(u), mpmath.sqrt), (u**3, lambda v: v**3), (u**-2, lambda v: v**-2),
    (u ** sp.Rational(2, 3), lambda v: mpmath.cbrt(v) ** 2), (u ** sp.Rational(-3, 2), lambda v: v**-1.5),
    (u**u, lambda v: v**v), (sp.pi * u, lambda v: mpmath.pi * v), (sp.E * u, lambda v: mpmath.e * v),
    (sp.EulerGamma + u, lambda v: mpmath.euler + v), (sp.Max(u, 2, 1), lambda v: mpmath.mpf(2)),
    (sp.Min(u, 2, 1), lambda v: v), (sp.Rational(5, 3) + u + 1, lambda v: mpmath.mpf(5) / 3 + v + 1),
    (7 * u * (u + 1), lambda v: 7 * v * (v + 1)), ((-u) ** 3, lambda v: -(v**3)),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "function"), FUNCTIONS, ids=[str(e) for e, _ in FUNCTIONS])
def test_a_ball_holds_the_value_tightly(expr: sp.Expr, function: Callable[[mpmath.mpf], mpmath.mpf]) -> None:
    ball = enclose(expr, {u: X}, bits=80)
    with mpmath.workdps(50):
        value = mpmath.mpf(function(mpmath.mpf(3) / 7).real)
        with ctx.workprec(200):
            assert ball.contains(arb(mpmath.nstr(value, 48)))
    assert relative_width(ball) < 1e-21
    assert relative_width(enclose(expr, {u: X})) < 1e-16
    assert relative_width(enclose(expr, {u: X}, bits=200)) < 1e-56


def test_numbers_are_exact_or_refused() -> None:
    for good, value in (
        (3, fmpq(3)),
        (Fraction(1, 10), fmpq(1, 10)),
        (sp.Rational(-2, 7), fmpq(-2, 7)),
        (sp.Integer(4), fmpq(4)),
    ):
        assert exact(good).contains(value)
        assert relative_width(exact(good)) < 1e-15
    ball = arb(1, 2)
    assert exact(ball) is ball
    for bad in (0.1, True, "1", None, sp.Float(1)):
        with pytest.raises(TypeError, match=r"^value must be exact, was "):
            exact(bad)


def test_what_has_no_certified_value_is_named() -> None:
    for expr, wanted in (
        (u + 1, "no value for the symbol u"),
        (sp.Float("0.5") * u, "Float 0.5"),
        (sp.gamma(w), r"no certified value for gamma in gamma\(w\)"),
        (sp.atan2(w, 2), "no certified value for atan2"),
        (sp.Catalan, "no certified value for Catalan"),
    ):
        with pytest.raises(UnsupportedNodeError, match=wanted):
            enclose(expr, {w: 1})
    assert not enclose(sp.log(w), {w: 0}).is_finite()


def test_comparisons_at_their_precision() -> None:
    assert compare(arb(1), arb(2)) is True
    assert compare(arb(2), arb(1)) is False
    assert compare(arb(1), arb(1)) is False
    assert compare(arb(1, 1), arb(1)) is None
    near = sp.pi + sp.Rational(1, 10**40)
    assert decide(sp.pi, near) is True
    assert decide(near, sp.pi) is False
    assert decide(sp.pi, near, bits=16, max_bits=64) is None
    assert decide(sp.pi, near, max_bits=128) is None
    assert decide(sp.pi, near, max_bits=256) is True
    assert decide(sp.pi, near, bits=256, max_bits=256) is True
    assert decide(u, w, {u: 1, w: Fraction(3, 2)}) is True
    far = sp.pi + sp.Rational(1, 10**330)
    assert decide(sp.pi, far) is None
    assert decide(sp.pi, far, max_bits=2048) is True


def test_relative_widths() -> None:
    assert relative_width(arb(4, 1)) == pytest.approx(1 / 3)
    assert relative_width(arb(-4, 1)) == pytest.approx(1 / 3)
    assert relative_width(arb(0, 1)) == math.inf
    assert relative_width(arb("nan")) == math.inf
    assert relative_width(arb(1)) == 0.0
