"""The enclosed transition clock: an independent integrator, two precisions, the limit and its bound."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx
from scipy.integrate import quad

from theory.certified.visitor import enclose, exact
from theory.two_stage.certified import enclosure
from theory.two_stage.certified.enclosure import (
    below_strong_signal_limit,
    enclose_transition,
    strong_signal_bound,
    strong_signal_limit,
)
from theory.two_stage.certified.survey import random_points, survey
from theory.two_stage.limits.transition import transition_bracket
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
    coarse, fine = (enclose_transition(6, TENTH, HALF, order=o) for o in (10, 22))
    assert coarse.low <= fine.low <= fine.high <= coarse.high
    assert fine.width < 1e-3 * coarse.width


def test_without_the_remainder_the_two_precisions_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the overlap test is worth: drop the truncation error, and truncations show."""
    monkeypatch.setattr(enclosure._Curve, "remainder", lambda self, t: arb(0))
    coarse, fine = (enclose_transition(6, TENTH, HALF, order=o, bits=b) for o, b in ((5, 80), (20, 128)))
    assert not coarse.overlaps(fine)


def test_the_flow_at_a_wrong_sign_leaves_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    original = enclosure._flow

    def wrong(*args: object) -> enclosure._Flow:
        flow = original(*args)  # type: ignore[arg-type]
        return replace(flow, rise=flow.rise * exact(Fraction(101, 100)))

    monkeypatch.setattr(enclosure, "_flow", wrong)
    assert abs(enclose_transition(6, TENTH, HALF).middle - TABLE[6, TENTH]) > 1e-2


def test_scales_with_p() -> None:
    """`s_2(a, tau, p) = s_2(a c, tau, p c) c`: two parameters, not three."""
    one, other = enclose_transition(6, TENTH, HALF), enclose_transition(9, TENTH, Fraction(3, 4))
    assert float(one.low) / 1.5 == pytest.approx(float(other.low), rel=1e-9)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ((1, TENTH, HALF), "no Stage I"),
        ((Fraction(5, 4), TENTH, HALF), "no Stage I"),  # exactly on the boundary
        ((6, Fraction(0), HALF), "tau"),
        ((6, HALF, HALF), "tau"),
        ((6, TENTH, 0), "p must be > 0"),
    ],
)
def test_refuses_points_without_a_transition(
    point: tuple[Fraction, Fraction, Fraction], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        enclose_transition(*point)


def test_refuses_floats() -> None:
    with pytest.raises(TypeError, match="exact"):
        enclose_transition(6, 0.1, HALF)  # type: ignore[arg-type]


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


def test_conjecture_at_certified_points() -> None:
    assert survey(100, seed=1).undecided == ()


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
