"""The enclosed transition clock: an independent integrator, two precisions, the limit and its bound."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from scipy.integrate import quad

from theory.certified.visitor import enclose, exact
from theory.two_stage.certified import enclosure
from theory.two_stage.certified.enclosure import (
    Curve,
    Enclosure,
    Flow,
    _flow,
    _product_term,
    below_strong_signal_limit,
    enclose_transition,
    strong_signal_bound,
)
from theory.two_stage.certified.survey import random_points
from theory.two_stage.limits.transition import transition_bracket
from theory.two_stage.predictions import strong_signal_limit
from theory.two_stage.symbols import p, tau

HALF = Fraction(1, 2)
TENTH = Fraction(1, 10)

#: (a, tau) -> s_2 at p = 1/2 by an unrelated float64 program, to three decimals.
TABLE = {
    (Fraction(3, 2), TENTH): 1.190,
    (2, TENTH): 2.751,
    (3, TENTH): 4.445,
    (4, TENTH): 5.326,
    (6, TENTH): 6.172,
    (10, TENTH): 6.726,
    (20, TENTH): 6.989,
    (3, Fraction(1, 5)): 2.640,
    (4, Fraction(1, 5)): 3.440,
    (6, Fraction(1, 5)): 4.150,
    (10, Fraction(1, 5)): 4.557,
    (6, Fraction(3, 10)): 2.396,
    (10, Fraction(3, 10)): 2.842,
    (10, Fraction(2, 5)): 1.141,
}


@pytest.mark.parametrize("point", TABLE, ids=str)
def test_agrees_with_the_table(point: tuple[int | Fraction, Fraction]) -> None:
    found = enclose_transition(*point, HALF)
    assert found.width < 1e-8
    assert found.middle == pytest.approx(TABLE[point], abs=0.5e-3 + 1e-9)


def _by_mpmath(a: Fraction, tau_value: Fraction, p_value: Fraction) -> mpmath.mpf:
    """`s_2` by mpmath's Taylor integrator in the unscaled coordinates, 25 digits."""
    with mpmath.workdps(25):
        A, T, P = (mpmath.mpf(v.numerator) / v.denominator for v in (a, tau_value, p_value))

        def rates(_: mpmath.mpf, rho: list[mpmath.mpf]) -> list[mpmath.mpf]:
            gamma = A / 2 * ((1 - T) * rho[0] - T * rho[1])
            return [1 / (1 + mpmath.exp(gamma + P * rho[0])), 1 / (1 + mpmath.exp(P * rho[1] - gamma))]

        solve = mpmath.odefun(rates, 0, [mpmath.mpf(0), mpmath.mpf(0)], tol=mpmath.mpf(10) ** -18)

        def margin(s: mpmath.mpf) -> mpmath.mpf:
            rho = solve(s)
            return P * rho[1] - A / 2 * ((1 - T) * rho[0] - T * rho[1])

        near = mpmath.mpf(enclose_transition(a, tau_value, p_value, order=8).middle)
        step = mpmath.mpf("1e-3")
        return mpmath.findroot(margin, (near - step, near + step), solver="anderson", tol=1e-16)


@pytest.mark.parametrize(
    "point",
    [
        (Fraction(2), TENTH, HALF),
        (Fraction(3), Fraction(1, 5), Fraction(4, 5)),
    ],
    ids=str,
)
def test_contains_an_independent_integration(point: tuple[Fraction, Fraction, Fraction]) -> None:
    value = _by_mpmath(*point)
    found = enclose_transition(*point)
    truth = Fraction(int(mpmath.nint(value * 10**16)), 10**16)
    assert found.low - Fraction(1, 10**15) <= truth <= found.high + Fraction(1, 10**15)
    assert found.width < 1e-9


def test_two_hundred_points_at_two_precisions() -> None:
    rng = random.Random(11)
    for _ in range(200):
        t = Fraction(rng.randint(20, 400), 1000)
        active = Fraction(rng.randint(300, 1000), 1000)
        a = 2 * active * Fraction(rng.randint(1050, 5000), 1000) / (1 - 2 * t)
        first = enclose_transition(a, t, active, bits=80, order=16)
        second = enclose_transition(a, t, active, bits=128, order=18)
        assert first.width <= 1e-6
        assert second.width <= first.width
        assert first.overlaps(second)
        low, high = transition_bracket(float(a), float(t), float(active))
        assert low <= first.high
        assert first.low <= high


def test_more_order_is_narrower_and_nested() -> None:
    rough, coarse, fine = (enclose_transition(6, TENTH, HALF, order=o) for o in (6, 10, 22))
    assert rough.low <= coarse.low <= fine.low <= fine.high <= coarse.high <= rough.high
    assert fine.width < 1e-3 * coarse.width


def test_without_the_remainder_the_two_precisions_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the overlap test is worth: drop the truncation error, and truncations show."""
    monkeypatch.setattr(enclosure.Curve, "remainder", lambda self, t: arb(0))
    coarse, fine = (enclose_transition(6, TENTH, HALF, order=o, bits=b) for o, b in ((5, 80), (20, 128)))
    assert not coarse.overlaps(fine)


def test_the_flow_at_a_wrong_sign_leaves_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    original = enclosure._flow

    def wrong(*args: object) -> enclosure.Flow:
        flow = original(*args)  # type: ignore[arg-type]
        return replace(flow, rise=flow.rise * exact(Fraction(101, 100)))

    monkeypatch.setattr(enclosure, "_flow", wrong)
    assert abs(enclose_transition(6, TENTH, HALF).middle - TABLE[6, TENTH]) > 1e-2


def test_the_limit_is_approached_from_below() -> None:
    limit = enclose(strong_signal_limit(), {tau: TENTH, p: HALF})
    ratios = [float(enclose_transition(a, TENTH, HALF, order=14).high) / float(limit) for a in (6, 20, 100)]
    assert ratios == pytest.approx([0.848, 0.960, 0.989], abs=1e-3)


def test_the_gap_to_the_limit_at_strong_signals() -> None:
    """First order in `1/a` (`docs/derivations/certified.md`): the conjecture holds there, with room."""
    a, share, active = 200, TENTH, HALF
    t, u = 0.1, 1 / 9
    eps = float(active / (active + Fraction(a, 2)))
    shrink, _ = quad(lambda z: (z - u) ** 2 * (1 + z) / ((1 - u + 2 * z) * (1 - u + z) * z), u, 1)
    gap = (1 - t) ** 2 * (1 + 1 / u) * (1 - u) ** 2 * (4 * (1 + u) / ((3 - u) * (2 - u)) - shrink) * eps / 0.5
    limit = float(enclose(strong_signal_limit(), {tau: share, p: active}))
    # The next order is smaller by eps times the stiffness 1/u of the layer at the start.
    assert limit - enclose_transition(a, share, active, order=14).middle == pytest.approx(
        gap, rel=2 * eps / u
    )


def test_a_false_limit_is_not_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit 20 % too small is refused at strong signals."""
    smaller = strong_signal_limit() * 4 / 5
    monkeypatch.setattr(enclosure, "strong_signal_limit", lambda: smaller)
    assert below_strong_signal_limit(20, TENTH, HALF) is None


def test_the_proved_bound_lies_above_every_enclosure_and_the_limit() -> None:
    for point in random_points(25, seed=2):
        values = {tau: point.tau, p: point.p}
        bound = enclose(strong_signal_bound(), values)
        with ctx.workprec(64):
            assert exact(enclose_transition(point.a, point.tau, point.p, bits=64, order=10).high) < bound
            assert enclose(strong_signal_limit(), values) < bound
    ratio = float(enclose(strong_signal_bound() / strong_signal_limit(), {tau: TENTH, p: HALF}))
    assert math.isclose(ratio, 1.108, abs_tol=1e-3)


# The flow by hand -------------------------------------------------------------------------------------


def test_the_flow_has_its_four_rates() -> None:
    """a = 6, tau = 1/5, p = 3/4: b = 4."""
    found = _flow(6, Fraction(1, 5), Fraction(3, 4), 7)
    for rate, value in (
        (found.gain, fmpq(21, 5)), (found.loss, fmpq(4, 5)), (found.rise, fmpq(9, 5)), (found.fall,
        fmpq(16, 5)),
    ):  # fmt: skip
        assert rate.contains(value)
    assert found.order == 7
    _flow(4, Fraction(1, 5), 1, 5)


@pytest.mark.parametrize(
    ("a", "t", "q", "message"),
    [
        (6, Fraction(0), 1, r"^tau must lie in \(0, 1/2\), was 0$"),
        (6, HALF, 1, r"^tau must lie in \(0, 1/2\), was 1/2$"),
        (6, Fraction(-1, 5), 1, r"^tau must lie"),
        (6, TENTH, 0, "^p must be > 0, was 0$"),
        (6, TENTH, -1, "^p must be > 0, was -1$"),
        (1, TENTH, HALF, "^no Stage I: "),
        (Fraction(5, 2), TENTH, 1, "^no Stage I: "),  # exactly on the boundary
    ],
)
@pytest.mark.parametrize("refuses", [enclose_transition, lambda *point: _flow(*point, 5)])
def test_refuses_points_without_a_transition(refuses: Any, a: Any, t: Fraction, q: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuses(a, t, q)
    with pytest.raises(TypeError, match="exact"):
        refuses(6, 0.1, HALF)


FLOW = Flow(arb(fmpq(21, 5)), arb(fmpq(4, 5)), arb(fmpq(9, 5)), arb(fmpq(16, 5)), 9)


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
        (Flow(arb(1), arb(fmpq(1, 10)), arb(5), arb(2), 3), 5 * G_n + 2 * G_c),
    ):
        found = flow.radius(arb(c), arb(n), arb(1))
        assert float(found) == pytest.approx(size / speed, rel=1e-12)
        assert found.rad() == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_a_curve_moves_to_its_corner(sign: int) -> None:
    curve = Curve(FLOW, sign, arb(fmpq(1, 2)), arb(fmpq(-1, 4)))
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
