"""s_2 <= s_inf: the exact identity against integration, barriers against paths, boxes that must not pass."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from theory.two_stage.certified import boxes, order, transitions
from theory.two_stage.certified.boxes import ParameterBox, certify, cover, halves
from theory.two_stage.certified.order import PIECES, prove_order, proved
from theory.two_stage.certified.transitions import (
    TransitionSetting,
    any_signal_slack,
    bracket_slack,
    order_slack,
)

POINTS = [(0.15, 0.04), (0.2, 0.5), (0.4, 0.02), (0.45, 0.9), (0.7, 0.3), (0.9, 0.5)]


def clock_of_limit(u: float) -> float:
    return float((-np.log(u) + 2 * (1 - u) + u * np.log(2 - u)) / (1 + u))


def path(u: float, eps: float) -> Any:
    """(S, M_n) by the scaled flow until M_n = 0."""

    def rates(_: float, x: Any) -> Any:
        c, n = x
        g_c, g_n = 1 / (1 + np.exp(c)), 1 / (1 + np.exp(n))
        psi = (g_c - u * g_n) / eps
        return g_c + psi, g_n - psi

    def done(_: float, x: Any) -> float:
        return float(x[1])

    done.terminal, done.direction = True, 1.0  # type: ignore[attr-defined]
    return solve_ivp(
        rates, (0, 40), (0.0, 0.0), rtol=1e-11, atol=1e-13, method="Radau", events=done, dense_output=True
    )


@pytest.mark.parametrize(("u", "e"), POINTS)
def test_the_identity_and_the_barrier_hold_along_integrated_paths(u: float, e: float) -> None:
    c, eps = 1 - u, e * (1 - u)
    run = path(u, eps)
    end = run.t_events[0][-1]
    clocks = np.concatenate([np.geomspace(1e-9, end, 4000)])
    M_c, M_n = run.sol(clocks)
    S, E = M_c + M_n, np.exp(M_n)
    total = float(np.trapezoid(1 + E, S))
    assert (1 + u + eps) * end == pytest.approx(total, rel=2e-4)
    z = (-c + np.sqrt(c**2 + 4 * u * np.exp(S))) / 2
    assert end < clock_of_limit(u)
    for piece in PIECES:
        if piece.low <= c <= piece.high and piece.least <= e <= piece.most:
            barrier = z + eps * c**2 * float(piece.rise) * ((z - u) / c) ** 2
            assert (barrier - 1e-7 <= E).all()
            assert proved(u, eps)


@pytest.mark.parametrize("c", [0.05, 0.3, 0.7])
def test_the_closed_excess_is_its_integral(c: float) -> None:
    u = 1 - c
    value, _ = quad(
        lambda z: (1 + z * (z + c) / u) / (1 + z + c) * (1 / z + 1 / (c + z)), u, 1, epsabs=0, epsrel=1e-13
    )
    assert float(order.excess().subs(sp.Symbol("c", positive=True), c)) == pytest.approx(
        value - clock_of_limit(u), rel=1e-6, abs=1e-13
    )


def test_the_proof_holds_and_fails_when_it_is_changed() -> None:
    assert prove_order().holds
    u, eps = sp.symbols("u eps", positive=True)
    assert not prove_order((), weight=1 + u + 2 * eps).holds
    first = PIECES[3]
    assert not order._stays_below(replace(first, rise=2 * first.rise), most=2000)
    assert not order._gains_enough(replace(first, rise=first.rise / 2))


def test_where_it_is_proved() -> None:
    assert proved(0.45, 0.5)
    assert proved(0.4, 0.6)
    assert proved(0.16, 0.01)
    assert not proved(0.3, 0.3)
    assert not proved(0.1, 0.01)
    assert proved(0.1111, 0.03)
    # Pieces leave no gap.
    for u in np.linspace(0.4, 0.999, 200):
        for e in np.linspace(0.001, 0.999, 50):
            assert proved(float(u), float(e * (1 - u)))


def test_boxes_certify_and_do_not_certify_what_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    box = ParameterBox((Fraction(29, 100), Fraction(30, 100)), (Fraction(3, 10), Fraction(32, 100)))
    assert certify(box)
    assert all(certify(part) for part in halves(box))
    assert not certify(ParameterBox((Fraction(1, 10), Fraction(1, 2)), (Fraction(1, 20), Fraction(1, 2))))
    certified, left = cover(
        ParameterBox((Fraction(2, 10), Fraction(4, 10)), (Fraction(3, 10), Fraction(1))), 4
    )
    assert certified > 1
    assert not left
    # A limit that comes a tenth earlier is passed by the true path.
    true = boxes.limit_clock
    monkeypatch.setattr(boxes, "limit_clock", lambda depth, u: true(depth, u) * 9 / 10)
    narrow = ParameterBox((Fraction(290, 1000), Fraction(291, 1000)), (Fraction(5, 100), Fraction(51, 1000)))
    assert not certify(narrow, 2000)


def test_the_limit_clock_ends_at_s_inf_and_inverts_the_limit_path() -> None:
    from flint import arb

    for u in (0.1, 0.5):
        assert float(boxes.limit_clock(arb(0), arb(u))) == pytest.approx(clock_of_limit(u), rel=1e-12)
        depth = -0.4 * np.log(u)
        start, stop = 1 / (1 + u), 1 / (1 + np.exp(-depth))
        value, _ = quad(lambda x, u=u: (1 / (1 - x) + 1 / (1 - u * x)) / x**2, stop, start)
        assert float(boxes.limit_clock(arb(float(depth)), arb(u))) == pytest.approx(value / (1 + u), rel=1e-9)


@pytest.mark.parametrize(("u", "eps"), [((3, 10), (1, 5)), ((1, 8), (1, 20)), ((1, 2), (1, 100))])
def test_a_corner_is_followed_on_its_side_and_not_farther_off_than_is_said(
    u: tuple[int, int], eps: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against itself at an order that leaves no error; the bounds at one whose error is seen."""
    from flint import ctx

    def corner(order: int, sign: int) -> Any:
        monkeypatch.setattr(boxes, "_ORDER", order)
        monkeypatch.setattr(boxes, "_SMALL_ORDER", order)
        return boxes._Corner(Fraction(*u), Fraction(*eps), sign)

    with ctx.workprec(80):
        true, upper, lower = corner(24, 1), corner(4, 1), corner(4, -1)
        for clock in (0.05, 0.2, 0.8):
            c, n, width = true._at(clock)
            assert width < 1e-10
            high, low = upper._at(clock), lower._at(clock)
            for x, above, below in ((c, high[0], low[0]), (n, high[1], low[1])):
                assert below + width < x < above - width
                assert below + low[2] > x > above - high[2]
            gamma = (c - true.u * n) / true.whole
            assert upper.gamma_at_most(clock) > gamma + width
            assert lower.X_at_least(clock) < (c + (1 + true.eps) * n) / true.whole - width


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_gap_of_a_corner_counts_every_jump_in_both_coordinates(
    sign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the end of a step to the corner that the next one starts from, and the step's own error."""
    from flint import arb, ctx

    monkeypatch.setattr(boxes, "_ORDER", 4)
    with ctx.workprec(80):
        corner = boxes._Corner(Fraction(3, 10), Fraction(1, 5), sign)
        corner._at(0.8)
        assert len(corner.pieces) > 5
        first = corner.pieces[0]
        assert float(first.gap) == pytest.approx(2 * float(abs(first.error)), rel=1e-9)
        for last, piece in pairwise(corner.pieces):
            step = arb(last.end) - last.start
            jump = abs(piece.poly_c(arb(0)) - last.poly_c(step)) + abs(
                piece.poly_n(arb(0)) - last.poly_n(step)
            )
            assert float(jump) > 0
            needed = float(last.gap) + float(jump) + 2 * float(abs(piece.error))
            assert float(piece.gap) == pytest.approx(needed, rel=1e-9)


def run_at(tau: float, strength: float, p: float) -> Any:
    from types import SimpleNamespace

    setting = TransitionSetting(tau, strength, p)
    return SimpleNamespace(setting=setting, **transitions._simulate(setting, np.random.default_rng(0)))


def test_the_universal_claims_hold_and_fail_when_an_end_is_moved() -> None:
    runs = [run_at(0.02, 1.05, 0.5), run_at(0.3, 1.2, 0.9), run_at(0.1, 6.0, 0.25), run_at(0.42, 25.0, 1.0)]
    assert all(bracket_slack(r) > 0 and order_slack(r) > 0 for r in runs)
    assert any(order_slack(r, 1 / 1.1) < 0 for r in runs)
    assert all(any_signal_slack(r) > 0 for r in runs)
    assert any(any_signal_slack(r, 0.8) < 0 for r in runs)
    assert any(bracket_slack(r, high=0.6) < 0 for r in runs)
    assert any(bracket_slack(r, low=1.6) < 0 for r in runs)
    root = brentq(lambda s: path(0.25, s).t_events[0][-1] - 1.0, 0.05, 0.7)
    assert 0.05 < root < 0.7  # s_2 falls with eps
    with pytest.raises(ValueError, match="strength must exceed 1"):
        TransitionSetting(0.1, 1.0, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("u", [u for u, _ in boxes.GAP], ids=lambda u: f"u from {float(u[0]):g}")
def test_the_boxes_close_what_the_proof_leaves(u: tuple[Fraction, Fraction]) -> None:
    assert not cover(ParameterBox(u, dict(boxes.GAP)[u]), 9, 500)[1]


def test_proof_and_boxes_together_leave_nothing_of_u_from_a_ninth_on() -> None:
    for u in np.linspace(0.1111, 0.999, 150):
        for e in np.linspace(0.001, 0.999, 60):
            inside = any(a[0] <= u <= a[1] and b[0] <= e <= b[1] for a, b in boxes.GAP)
            assert inside or proved(float(u), float(e * (1 - u)))


def test_the_excess_and_its_derivatives_are_those_of_its_formula() -> None:
    from flint import arb

    at = sp.Rational(3, 10)
    (c,) = order.excess().free_symbols
    for k, function in enumerate(order._excess()):
        wanted = float(sp.diff(order.excess(), c, k).subs(c, at))
        assert float(function(arb(3) / 10)) == pytest.approx(wanted, rel=1e-12)
