"""Ball arithmetic, outward rounding and the enclosed flow at values with many more digits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx, fmpq

from theory.certified.rounding import (
    add_down,
    add_up,
    dot_up,
    down,
    logistic_down,
    logistic_up,
    sum_down,
    sum_up,
    up,
)
from theory.certified.visitor import UnsupportedNodeError, compare, decide, enclose, exact, relative_width
from theory.two_stage.certified import survey as survey_module
from theory.two_stage.certified.bracket import Bracket, NotCertified
from theory.two_stage.certified.enclosure import (
    Enclosure,
    _Curve,
    _Flow,
    _flow,
    _product_term,
    below_strong_signal_limit,
    enclose_transition,
    strong_signal_bound,
    strong_signal_limit,
)
from theory.two_stage.certified.state import aligned_state
from theory.two_stage.certified.survey import Point, SurveyResult, random_points, survey
from theory.two_stage.symbols import p, tau

# Balls ---------------------------------------------------------------------------------------------------

x, y = sp.symbols("x y")
X = Fraction(3, 7)
FUNCTIONS: list[tuple[sp.Expr, Callable[[mpmath.mpf], mpmath.mpf]]] = [
    (sp.exp(x), mpmath.exp), (sp.log(x), mpmath.log), (sp.Abs(-x), abs), (sp.sin(x), mpmath.sin),
    (sp.cos(x), mpmath.cos), (sp.tan(x), mpmath.tan), (sp.sinh(x), mpmath.sinh), (sp.cosh(x), mpmath.cosh),
    (sp.tanh(x), mpmath.tanh), (sp.asin(x), mpmath.asin), (sp.acos(x), mpmath.acos), (sp.atan(x),
    mpmath.atan),
    (sp.erf(x), mpmath.erf), (sp.erfc(x), mpmath.erfc), (sp.LambertW(x), mpmath.lambertw),
    (sp.sqrt(x), mpmath.sqrt), (x**3, lambda v: v**3), (x**-2, lambda v: v**-2),
    (x ** sp.Rational(2, 3), lambda v: mpmath.cbrt(v) ** 2), (x ** sp.Rational(-3, 2), lambda v: v**-1.5),
    (x**x, lambda v: v**v), (sp.pi * x, lambda v: mpmath.pi * v), (sp.E * x, lambda v: mpmath.e * v),
    (sp.EulerGamma + x, lambda v: mpmath.euler + v), (sp.Max(x, 2, 1), lambda v: mpmath.mpf(2)),
    (sp.Min(x, 2, 1), lambda v: v), (sp.Rational(5, 3) + x + 1, lambda v: mpmath.mpf(5) / 3 + v + 1),
    (7 * x * (x + 1), lambda v: 7 * v * (v + 1)), ((-x) ** 3, lambda v: -(v**3)),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "function"), FUNCTIONS, ids=[str(e) for e, _ in FUNCTIONS])
def test_a_ball_holds_the_value_tightly(expr: sp.Expr, function: Callable[[mpmath.mpf], mpmath.mpf]) -> None:
    ball = enclose(expr, {x: X}, bits=80)
    with mpmath.workdps(50):
        value = mpmath.mpf(function(mpmath.mpf(3) / 7).real)
        with ctx.workprec(200):
            assert ball.contains(arb(mpmath.nstr(value, 48)))
    assert relative_width(ball) < 1e-21
    assert relative_width(enclose(expr, {x: X})) < 1e-16
    assert relative_width(enclose(expr, {x: X}, bits=200)) < 1e-56


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
        (x + 1, "no value for the symbol x"),
        (sp.Float("0.5") * x, "Float 0.5"),
        (sp.gamma(y), r"no certified value for gamma in gamma\(y\)"),
        (sp.atan2(y, 2), "no certified value for atan2"),
        (sp.Catalan, "no certified value for Catalan"),
    ):
        with pytest.raises(UnsupportedNodeError, match=wanted):
            enclose(expr, {y: 1})
    assert not enclose(sp.log(y), {y: 0}).is_finite()


def test_comparisons_have_three_answers() -> None:
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
    assert decide(x, y, {x: 1, y: Fraction(3, 2)}) is True
    far = sp.pi + sp.Rational(1, 10**330)
    assert decide(sp.pi, far) is None
    assert decide(sp.pi, far, max_bits=2048) is True


def test_relative_widths() -> None:
    assert relative_width(arb(4, 1)) == pytest.approx(1 / 3)
    assert relative_width(arb(-4, 1)) == pytest.approx(1 / 3)
    assert relative_width(arb(0, 1)) == math.inf
    assert relative_width(arb("nan")) == math.inf
    assert relative_width(arb(1)) == 0.0


# Outward rounding ----------------------------------------------------------------------------------------

EPS = 2.0**-52


def test_one_ulp_up_and_down() -> None:
    v = np.array([1.0, -1.0, 0.0])
    assert up(v).tolist() == [1 + EPS, -1 + EPS / 2, 5e-324]
    assert down(v).tolist() == [1 - EPS / 2, -1 - EPS, -5e-324]


def test_sums_bound_the_exact_sum_closely() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 40):
        rows = rng.normal(size=(30, count)) * 10.0 ** rng.integers(-3, 4, size=(30, count))
        high, low = sum_up(rows), sum_down(rows)
        total_up, total_down = add_up(*rows.T), add_down(*rows.T)
        for k, row in enumerate(rows):
            true = sum(map(Fraction, row.tolist()))
            size = float(sum(abs(v) for v in row))
            for lower, upper in ((low[k], high[k]), (total_down[k], total_up[k])):
                assert Fraction(float(lower)) <= true <= Fraction(float(upper))
            # The inflation 2 (N + 2) u, and an ulp of each of three roundings.
            slack = (count + 2) * EPS * size
            assert slack / 2 < high[k] - float(true) < 1.6 * slack + 4 * EPS * size
            assert slack / 2 < float(true) - low[k] < 1.6 * slack + 4 * EPS * size
            assert total_up[k] - total_down[k] <= 2.1 * count * EPS * size
    assert add_up(np.array(1.0)) == add_down(np.array(1.0)) == 1.0
    assert add_up(np.array(1.0), np.array(2.0), np.array(4.0)) == pytest.approx(7.0)
    assert add_up(np.array([1], dtype=np.int64)).dtype == np.float64


def test_products_bound_the_exact_product_closely() -> None:
    rng = np.random.default_rng(1)
    v, M = rng.random(9), rng.random((9, 4))
    found = dot_up(v, M)
    for k in range(4):
        true = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(v, M[:, k], strict=True))
        excess = float(Fraction(float(found[k])) / true - 1)
        assert 0.6 * 11 * EPS < excess < 1.6 * 11 * EPS


def test_logistic_bounds() -> None:
    grid = [-800.0, -745.0, -40.0, -1.3, 0.0, 0.7, 20.0, 36.0, 300.0, 709.0, 720.0, 800.0]
    high, low = logistic_up(np.array(grid)), logistic_down(np.array(grid))
    for z, top, bottom in zip(grid, high, low, strict=True):
        with mpmath.workdps(400):
            true = 1 / (1 + mpmath.exp(mpmath.mpf(z)))
            assert mpmath.mpf(float(bottom)) <= true <= mpmath.mpf(float(top)) or (z == -800.0 and top == 1.0)
        assert 0.0 <= bottom <= top <= 1.0
        if z < 700:
            # 16 u of e^z, weighed by 1 - g, and three roundings.
            room = (16 * (1 - float(true)) + 8) * EPS
            assert top / float(true) - 1 < room
            assert 1 - bottom / float(true) < room
            if z > -30:
                least = 7 * (1 - float(true)) * EPS
                assert top / float(true) - 1 > least
                assert 1 - bottom / float(true) > least
    assert logistic_down(np.array([1e9])) == 0.0
    assert logistic_up(np.array([-1e9])) == 1.0


# The flow ------------------------------------------------------------------------------------------------


def test_the_flow_has_its_four_rates() -> None:
    """a = 6, tau = 1/5, p = 3/4: b = 4."""
    found = _flow(6, Fraction(1, 5), Fraction(3, 4), 7)
    for rate, value in (
        (found.gain, fmpq(21, 5)), (found.loss, fmpq(4, 5)), (found.rise, fmpq(9, 5)), (found.fall,
        fmpq(16, 5)),
    ):  # fmt: skip
        assert rate.contains(value)
    assert found.order == 7
    for a, t, q, wanted in (
        (6, 0, 1, r"^tau must lie in \(0, 1/2\), was 0$"),
        (6, Fraction(1, 2), 1, r"^tau must lie in \(0, 1/2\), was 1/2$"),
        (6, Fraction(-1, 5), 1, r"^tau must lie"),
        (6, Fraction(1, 5), 0, "^p must be > 0, was 0$"),
        (6, Fraction(1, 5), -1, "^p must be > 0, was -1$"),
        (2, Fraction(1, 5), 1, "^no Stage I: "),
        (Fraction(5, 2), Fraction(1, 10), 1, "^no Stage I: "),
    ):
        with pytest.raises(ValueError, match=wanted):
            _flow(a, t, q, 5)
    with pytest.raises(TypeError):
        _flow(6, 0.2, 1, 5)  # type: ignore[arg-type]
    _flow(4, Fraction(1, 5), 1, 5)


FLOW = _Flow(arb(fmpq(21, 5)), arb(fmpq(4, 5)), arb(fmpq(9, 5)), arb(fmpq(16, 5)), 9)


def test_taylor_coefficients_by_mpmath() -> None:
    """Of the flow from (1/2, -1/4), by a Taylor integrator of many digits."""
    with mpmath.workdps(40):

        def rates(_: mpmath.mpf, M: list[mpmath.mpf]) -> list[mpmath.mpf]:
            c, n = (1 / (1 + mpmath.exp(z)) for z in M)
            return [
                mpmath.mpf(21) / 5 * c - mpmath.mpf(4) / 5 * n,
                mpmath.mpf(9) / 5 * n - mpmath.mpf(16) / 5 * c,
            ]

        solve = mpmath.odefun(rates, 0, [mpmath.mpf("0.5"), mpmath.mpf("-0.25")], tol=mpmath.mpf(10) ** -30)
        c, n = FLOW.taylor(arb(fmpq(1, 2)), arb(fmpq(-1, 4)))
        assert (len(c), len(n)) == (10, 10)
        errors = []
        for t in (mpmath.mpf(1) / 64, mpmath.mpf(1) / 32):
            value = solve(t)
            errors.append(
                [abs(float(poly(arb(float(t)))) - float(v)) for poly, v in zip((c, n), value, strict=True)]
            )
            assert max(errors[-1]) < 1e-13
        series = [mpmath.diff(lambda t, j=j: solve(t)[j], mpmath.mpf(1) / 100, 1) for j in (0, 1)]
    slopes = [float(poly.derivative()(arb(fmpq(1, 100)))) for poly in (c, n)]
    assert slopes == pytest.approx([float(v) for v in series], rel=1e-9)
    assert (
        float(_product_term([arb(2), arb(3), arb(5)], [arb(7), arb(11), arb(13)], 2))
        == 2 * 13 + 3 * 11 + 5 * 7
    )
    assert float(_product_term([arb(2), arb(3)], [arb(7), arb(11)], 0)) == 14


def test_the_radius_by_hand() -> None:
    c, n, size = 0.5, -0.25, 1.0
    G_c, G_n = 1 / math.sqrt(1 + math.exp(2 * (c - size))), 1 / math.sqrt(1 + math.exp(2 * (n - size)))
    for flow, speed in (
        (FLOW, max(4.2 * G_c + 0.8 * G_n, 1.8 * G_n + 3.2 * G_c)),
        (_Flow(arb(1), arb(fmpq(1, 10)), arb(5), arb(2), 3), 5 * G_n + 2 * G_c),
    ):
        found = flow.radius(arb(c), arb(n), arb(1))
        assert float(found) == pytest.approx(size / speed, rel=1e-12)
        assert found.rad() == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_a_curve_moves_to_its_corner(sign: int) -> None:
    curve = _Curve(FLOW, sign, arb(fmpq(1, 2)), arb(fmpq(-1, 4)))
    step = curve.prepare()
    assert step == pytest.approx(float(curve.radius) / 4, rel=1e-15)
    t = arb(step)
    q = step / float(curve.radius)
    remainder = q**10 / (1 - q)
    assert float(curve.remainder(t)) == pytest.approx(remainder, rel=1e-9)
    c, n = (float(poly(t)) for poly in FLOW.taylor(arb(fmpq(1, 2)), arb(fmpq(-1, 4))))
    assert float(curve.margin(t)) == pytest.approx(n + sign * remainder, rel=1e-9)
    curve.advance(t)
    assert (float(curve.c), float(curve.n)) == pytest.approx(
        (c + sign * remainder, n + sign * remainder), rel=1e-9
    )
    assert curve.c.rad() == curve.n.rad() == 0
    assert (float(curve.c) - c) * sign > 0.9 * remainder


def test_enclosures() -> None:
    found = enclose_transition(6, Fraction(1, 10), Fraction(1, 2))
    assert found.low < found.high
    assert found.middle == pytest.approx(6.171837, abs=1e-6)
    assert found.width < 4.0**-20 * 10 * found.steps
    coarse = enclose_transition(6, Fraction(1, 10), Fraction(1, 2), order=6)
    assert coarse.overlaps(found)
    assert coarse.low <= found.low
    assert found.high <= coarse.high
    assert 1e-5 < coarse.width < 1
    assert coarse.steps <= found.steps + 2
    # In the scaled clock p does nothing: a and p doubled, s_2 halves.
    half = enclose_transition(12, Fraction(1, 10), 1)
    assert half.middle == pytest.approx(found.middle / 2, rel=1e-12)
    with pytest.raises(ValueError, match=r"^s_2 was not reached in max_steps = 3$"):
        enclose_transition(6, Fraction(1, 10), Fraction(1, 2), max_steps=3)
    each = found.steps // 2
    assert enclose_transition(6, Fraction(1, 10), Fraction(1, 2), max_steps=each).steps == found.steps
    with pytest.raises(ValueError, match="max_steps"):
        enclose_transition(6, Fraction(1, 10), Fraction(1, 2), max_steps=each - 1)
    e = Enclosure(Fraction(1), Fraction(2), 3)
    assert e.overlaps(Enclosure(Fraction(2), Fraction(3), 1))
    assert e.overlaps(Enclosure(Fraction(0), Fraction(1), 1))
    assert not e.overlaps(Enclosure(Fraction(5, 2), Fraction(3), 1))
    assert not e.overlaps(Enclosure(Fraction(0), Fraction(1, 2), 1))
    assert (e.width, e.middle) == (1.0, 1.5)


def test_the_strong_signal_limit_and_bound_by_hand() -> None:
    """tau = 1/5, p = 3/4: u = 1/4."""
    at = {tau: sp.Rational(1, 5), p: sp.Rational(3, 4)}
    limit = 0.8 / 0.75 * (math.log(4) + 1.5 + 0.25 * math.log(1.75))
    bound = (2 / 3 * math.log(7) + 4 / 3 * math.log(10 / 4)) / 0.75
    assert float(strong_signal_limit().subs(at)) == pytest.approx(limit, rel=1e-14)
    assert float(strong_signal_bound().subs(at)) == pytest.approx(bound, rel=1e-14)
    assert below_strong_signal_limit(6, Fraction(1, 5), Fraction(3, 4)) is True
    assert below_strong_signal_limit(10, Fraction(1, 5), Fraction(3, 4), order=3) is None
    # With few coefficients the lower curve is positive too late to tell.
    assert below_strong_signal_limit(20, Fraction(1, 5), Fraction(3, 4), order=3) is None


# The survey ----------------------------------------------------------------------------------------------


def test_points_of_the_survey() -> None:
    rng = random.Random(3)
    for point in random_points(20, 3):
        t = Fraction(rng.randint(10, 400), 1000)
        excess = Fraction(round(1000 * math.exp(rng.uniform(math.log(1.02), math.log(30)))), 1000)
        q = Fraction(rng.randint(250, 1000), 1000)
        assert point == Point(2 * q * excess / (1 - 2 * t), t, q)
    assert len(list(random_points(4, 0))) == 4
    found = survey(2, 1)
    assert (found.certified, found.undecided) == (2, ())
    assert survey(2) == survey(2, 0)


def _above_a_fifth(a: Fraction, t: Fraction, q: Fraction, **_: int) -> bool | None:
    return True if t > Fraction(1, 5) else None


def test_undecided_points_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "below_strong_signal_limit", _above_a_fifth)
    for seed in (0, 5):
        points = list(random_points(30, seed))
        found = survey(30, seed)
        assert found.undecided == tuple(q for q in points if q.tau <= Fraction(1, 5))
        assert found.certified == 30 - len(found.undecided)
        assert 0 < found.certified < 30


@pytest.mark.parametrize(
    ("arguments", "points", "seed"),
    [([], 10_000, 0), (["--points", "30"], 30, 0), (["--points", "30", "--seed", "5"], 30, 5)],
)
def test_the_survey_on_the_command_line(
    arguments: list[str],
    points: int,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    undecided = tuple(random_points(2, seed))
    asked: list[tuple[int, int]] = []

    def answer(count: int, start: int) -> SurveyResult:
        asked.append((count, start))
        return SurveyResult(count - len(asked[1:]), undecided if len(asked) > 1 else ())

    monkeypatch.setattr(survey_module, "survey", answer)
    monkeypatch.setattr("sys.argv", ["survey", *arguments])
    with pytest.raises(SystemExit) as end:
        survey_module.main()
    assert end.value.code == 0
    assert capsys.readouterr().out == f"s_2 < s_inf certified at {points} of {points} points\n"
    with pytest.raises(SystemExit) as end:
        survey_module.main()
    assert end.value.code == 1
    lines = [f"undecided: a = {q.a}, tau = {q.tau}, p = {q.p}" for q in undecided]
    assert capsys.readouterr().out.splitlines()[1:] == lines
    assert asked == [(points, seed)] * 2


# The aligned state ---------------------------------------------------------------------------------------


def plain_products(
    gram: np.ndarray, A0: np.ndarray, y: np.ndarray, seen: np.ndarray, rate: float, steps: int
) -> np.ndarray:
    """Gradient descent on the products by loops, at 60 digits."""
    with mpmath.workdps(60):
        m, n = A0.shape[1], len(y)
        A = [[[mpmath.mpf(float(v)) for v in A0[j, r]] for r in range(m)] for j in (0, 1)]
        for _ in range(steps):
            slope = []
            for i in range(n):
                f = mpmath.mpf(0)
                for j, r in ((j, r) for j in (0, 1) for r in range(m)):
                    f += (1, -1)[j] * (max(A[j][r][0] * y[i], 0) + max(A[j][r][1 + i], 0)) / m
                slope.append(1 / (1 + mpmath.exp(seen[i] * f)))
            new = [[list(row) for row in side] for side in A]
            for j, r in ((j, r) for j in (0, 1) for r in range(m)):
                for i in range(n):
                    push = mpmath.mpf(rate) * (1, -1)[j] * seen[i] * slope[i]
                    for k in range(n + 1):
                        if A[j][r][1 + i] > 0:
                            new[j][r][k] += push * mpmath.mpf(float(gram[1 + i, k]))
                        if A[j][r][0] * y[i] > 0:
                            new[j][r][k] += push * y[i] * mpmath.mpf(float(gram[0, k]))
            A = new
        return np.array([[[float(v) for v in row] for row in side] for side in A])


def case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    V = np.column_stack([3.0 * rng.normal(size=900), rng.normal(size=(900, 5))])
    y, seen = np.array([1.0, 1.0, 1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0, -1.0])
    A0 = 0.5 * rng.normal(size=(2, 3, 6))
    A0[:, :, 0] *= 0.4
    return V.T @ V, A0, y, seen


@pytest.mark.parametrize("seed", range(1, 5))
def test_the_aligned_state_encloses_gradient_descent(seed: int) -> None:
    gram, A0, labels, seen = case(seed)
    found = aligned_state(gram, A0, labels, seen, 1e-5, 20)
    assert not isinstance(found, str)
    assert found.step > 0
    true = plain_products(gram, A0, labels, seen, 1e-5, found.step)
    assert np.all(found.low < true)
    assert np.all(true < found.high)
    assert np.all(found.high - found.low < 1e-10)
    before = plain_products(gram, A0, labels, seen, 1e-5, found.step - 1)
    sign = np.array([1.0, -1.0])[:, None]
    assert np.all(sign * true[:, :, 0] > 0)
    assert not np.all(sign * before[:, :, 0] > 0)
    assert aligned_state(gram, A0, labels, seen, 1e-5, found.step - 1) == (
        f"not every filter points along the signal within {found.step - 1} steps"
    )
    again = aligned_state(gram, A0, labels, seen, 1e-5, found.step)
    assert not isinstance(again, str)
    assert again.step == found.step


def test_the_start_may_be_aligned_or_undecided() -> None:
    gram, A0, labels, seen = case(0)
    A0[0, :, 0], A0[1, :, 0] = 0.2, -0.2
    found = aligned_state(gram, A0, labels, seen, 1e-5, 0)
    assert not isinstance(found, str)
    assert found.step == 0
    assert np.all(found.high - found.low < 1e-13)
    assert np.all((found.low < A0) & (found.high > A0))
    A0[0, 0, 0], A0[1, 1, 3] = -0.2, 0.0
    assert (
        aligned_state(gram, A0, labels, seen, 1e-5, 5)
        == "the sign of a pre-activation is not decided at step 0"
    )


# What a bracket offers -----------------------------------------------------------------------------------


def bracket(low: list[list[float]], high: list[list[float]], noisy: list[bool], start: int = 10) -> Bracket:
    steps = np.arange(start, start + len(low), dtype=np.int64)
    zero = np.zeros((len(low), 2))
    ends = np.array(low), np.array(high)
    return Bracket(steps, zero, zero, ends[0], ends[1], *ends, np.array(noisy), "its end")


def test_times_of_a_bracket_by_hand() -> None:
    """Two noisy samples: fit from 12 to 13 and from 11 to 12; the clean one does not count."""
    low = [[-1.0, -1.0, -9.0], [-1.0, 0.0, -9.0], [-1.0, 1.0, -9.0], [1.0, 1.0, -9.0]]
    high = [[0.0, 0.0, 9.0], [-1.0, 1.0, 9.0], [1.0, 1.0, 9.0], [1.0, 1.0, 9.0]]
    b = bracket(low, high, [True, True, False])
    assert (b.start, b.horizon) == (10, 13)
    assert b.time(0.5) == (11.0, 12.0)
    assert b.time(1.0) == (12.0, 13.0)
    assert b.relative_width(1.0) == pytest.approx(1 / 12.5)
    assert b.offered(1.0) == (12.0, 13.0)
    assert b.offered(1.0, 1 / 12.5) == (12.0, 13.0)
    assert b.offered(1.0, 0.07) == NotCertified("relative width 0.08, above 0.07")
    assert bracket(low[:3], high[:3], [True, True, False]).time(1.0) == (12.0, math.inf)
    lost = bracket(low[:3], high[:3], [True, True, False])
    assert lost.relative_width(1.0) == math.inf
    assert lost.offered(1.0) == NotCertified("not certified to happen by step 12: its end")
    assert bracket([[1.0]], [[1.0]], [True]).time(1.0) == (0.0, 10.0)
    none = bracket(low, high, [False] * 3)
    assert none.time(0.5) == (0.0, 0.0)
    assert none.relative_width(0.5) == math.inf
    at_once = bracket([[1.0]], [[1.0]], [True], start=0)
    assert at_once.time(1.0) == (0.0, 0.0)
    assert at_once.relative_width(1.0) == math.inf
