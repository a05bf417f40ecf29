r"""`s_2 <= s_inf`, and `M_n(s) >= M_n^inf(s)` before it, certified for all parameters of a box of (u, eps).

In the clock `x = p s` the class dynamics are `X' = g(X - gamma)`, `Z' = g(Z + gamma)`,
`gamma' = (g(Z + gamma) - u g(X - gamma))/eps`, with `M_n = X - gamma`, `u = tau/(1-tau)`, `eps =
2p/(a(1-tau))`. The flow is cooperative in (gamma, -Z, X), and `gamma' >= 0` for ever, so a larger u or eps
makes gamma and X smaller at every clock: on a box X is at least that of the corner (u, eps) high, gamma at
most that of the corner low. The limit path reaches `-M_n = y` at a clock that falls in u; at its largest u
it must still be later.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, ctx

from theory.certified.visitor import exact
from theory.two_stage.certified.enclosure import Curve, Flow

__all__ = ["GAP", "ParameterBox", "certify", "cover", "halves", "limit_clock"]

_BITS = 80
#: Of Taylor polynomials: where eps is small there are many steps, and their remainders add up.
_ORDER, _SMALL_ORDER, _SMALL = 10, 14, Fraction(1, 50)

#: What `order` leaves of u >= .111: certified by `python -m theory.two_stage.certified.boxes`.
GAP = tuple(
    ((Fraction(u_low, 1000), Fraction(u_high, 1000)), (Fraction(e_low, 1000), Fraction(1)))
    for u_low, u_high, e_low in (
        (300, 400, 300),
        (250, 300, 200),
        (170, 250, 100),
        (150, 170, 50),
        (111, 150, 40),
    )
)


@dataclass(frozen=True)
class ParameterBox:
    """`u` and `e = eps/(1-u) = 2p/(a(1-2 tau))` between these; Stage I exists iff `e < 1`."""

    u: tuple[Fraction, Fraction]
    e: tuple[Fraction, Fraction]


def limit_clock(depth: arb, u: arb) -> arb:
    """Clock `x = p s` at which the limit path has `-M_n = depth`, between 0 (its end, `p s_inf`) and `-ln u`.

    With `v = g(M_n)`: `(1+u) x = -2(1+u) - ln u + 2/v - ln(v/(1-v)) - u ln(v/(1-uv))`; it falls in u.
    """
    v = 1 / (1 + (-depth).exp())
    tail = 2 / v - (v / (1 - v)).log() - u * (v / (1 - u * v)).log()
    return (-2 * (1 + u) - u.log() + tail) / (1 + u)


@dataclass(frozen=True)
class _Piece:
    """One Taylor step of a curve, from clock `start` on."""

    start: Fraction
    end: Fraction
    poly_c: Any
    poly_n: Any
    error: arb


class _Corner:
    """The flow at exact (u, eps), followed on both sides as far as asked."""

    def __init__(self, u: Fraction, eps: Fraction) -> None:
        self.u, self.eps = exact(u), exact(eps)
        one = 1 / self.eps
        order = _SMALL_ORDER if eps < _SMALL else _ORDER
        self.flow = Flow(1 + one, self.u * one, 1 + self.u * one, one, order)
        self.curves = {sign: Curve(self.flow, sign, arb(0), arb(0)) for sign in (-1, 1)}
        self.pieces: dict[int, list[_Piece]] = {-1: [], 1: []}

    def at(self, sign: int, clock: Fraction, place: int) -> tuple[arb, arb, int]:
        """Bounds of (M_c, M_n) on a side at a clock, and the piece it lies in (`place`: search from
        there)."""
        pieces = self.pieces[sign]
        while not pieces or pieces[-1].end < clock:
            curve = self.curves[sign]
            step = curve.prepare()
            start = pieces[-1].end if pieces else Fraction(0)
            error = curve.remainder(arb(step))
            pieces.append(_Piece(start, start + Fraction(step), curve.poly_c, curve.poly_n, error))
            curve.advance(arb(step))
        while pieces[place].end < clock:
            place += 1
        piece = pieces[place]
        t = exact(clock - piece.start)
        return piece.poly_c(t) + sign * piece.error, piece.poly_n(t) + sign * piece.error, place


@lru_cache(maxsize=4096)
def _corner(u: Fraction, eps: Fraction) -> _Corner:
    return _Corner(u, eps)


def certify(box: ParameterBox, looks: int = 400) -> bool:
    """Whether `M_n(s) >= M_n^inf(s)` up to s_2, and so `s_2 <= s_inf`, is certain for all (u, eps) of the
    box.

    Between two of the `looks` clocks gamma is at most its later and X at least its earlier value.
    """
    with ctx.workprec(_BITS):
        eps_low, eps_high = box.e[0] * (1 - box.u[1]), box.e[1] * (1 - box.u[0])
        weak, strong = _corner(box.u[1], eps_high), _corner(box.u[0], eps_low)
        u = exact(box.u[1])
        end = Fraction(float(limit_clock(arb(0), u).lower()))
        places = [0, 0, 0]
        X = arb(0)
        for k in range(1, looks + 1):
            clock = end * k / looks
            c, _, places[0] = strong.at(1, clock, places[0])
            _, n, places[1] = strong.at(-1, clock, places[1])
            gamma = (c - strong.u * n) / (1 + strong.u + strong.eps)
            depth = gamma - X
            c, n, places[2] = weak.at(-1, clock, places[2])
            X = ((c + (1 + weak.eps) * n) / (1 + weak.u + weak.eps)).lower()
            if depth < 0:
                return True
            if not limit_clock(depth.upper(), u) >= exact(clock):
                return False
        # At the limit path's end M_n itself decides.
        return bool(gamma < X)


def halves(box: ParameterBox) -> tuple[ParameterBox, ...]:
    """Its four quarters: u halved, e halved in ratio."""
    (u_low, u_high), (e_low, e_high) = box.u, box.e
    u_mid = (u_low + u_high) / 2
    e_mid = Fraction(math.sqrt(e_low * e_high)).limit_denominator(100_000)
    return tuple(
        ParameterBox(u, e)
        for u in ((u_low, u_mid), (u_mid, u_high))
        for e in ((e_low, e_mid), (e_mid, e_high))
    )


def cover(box: ParameterBox, deepest: int, looks: int = 400) -> tuple[int, list[ParameterBox]]:
    """Certify a rectangle, quartered where needed, at most `deepest` times: boxes certified, and those
    left."""
    certified, left, stack = 0, [], [(box, 0)]
    while stack:
        one, depth = stack.pop()
        if certify(one, looks):
            certified += 1
        elif depth < deepest:
            stack.extend((part, depth + 1) for part in reversed(halves(one)))
        else:
            left.append(one)
    return certified, left


def main() -> None:
    """Certify a rectangle of (u, e), or the whole gap; exits with 1 when a part of it is left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--u", nargs=2, type=Fraction, help="default: the gap left by the proof")
    parser.add_argument("--e", nargs=2, type=Fraction, default=(Fraction(1, 20), Fraction(1)))
    parser.add_argument("--deepest", type=int, default=9)
    parser.add_argument("--looks", type=int, default=500)
    options = parser.parse_args()
    rectangles = GAP if options.u is None else ((tuple(options.u), tuple(options.e)),)
    open_parts = 0
    for u, e in rectangles:
        certified, left = cover(ParameterBox(u, e), options.deepest, options.looks)
        open_parts += len(left)
        words = f"u {float(u[0]):g} to {float(u[1]):g}, e {float(e[0]):g} to {float(e[1]):g}"
        print(f"{words}: {certified} boxes certified, {len(left)} left", flush=True)
        for box in left[:20]:
            print(f"  left: u {box.u[0]} to {box.u[1]}, e {box.e[0]} to {box.e[1]}")
    raise SystemExit(1 if open_parts else 0)


if __name__ == "__main__":
    main()
