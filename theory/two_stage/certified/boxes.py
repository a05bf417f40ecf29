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
from bisect import bisect_left
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
    """One Taylor step of a curve, between two clocks; a float is an exact number. `gap`: at most so far, both
    coordinates together, does the curve of the step lie from the flow."""

    start: arb
    end: float
    poly_c: Any
    poly_n: Any
    error: arb
    gap: arb


class _Corner:
    """The flow at exact (u, eps), followed on one side (`sign` 1: from above) as far as asked."""

    def __init__(self, u: Fraction, eps: Fraction, sign: int) -> None:
        self.u, self.eps, self.sign = exact(u), exact(eps), sign
        self.whole = 1 + self.u + self.eps
        one = 1 / self.eps
        order = _SMALL_ORDER if eps < _SMALL else _ORDER
        flow = Flow(1 + one, self.u * one, 1 + self.u * one, one, order)
        self.curve = Curve(flow, sign, arb(0), arb(0))
        self.pieces: list[_Piece] = []
        self.gap = arb(0)

    def gamma_at_most(self, clock: float) -> arb:
        """On the upper side, whose sum with the gap bounds M_n from below."""
        c, n, gap = self._at(clock)
        return ((c - self.u * (n - gap)) / self.whole).upper()

    def X_at_least(self, clock: float) -> arb:
        """On the lower side."""
        c, n, _ = self._at(clock)
        return ((c + (1 + self.eps) * n) / self.whole).lower()

    def _at(self, clock: float) -> tuple[arb, arb, arb]:
        """Bounds of (M_c, M_n) on the corner's side, and the most that their distances from the flow add up
        to."""
        while not self.pieces or self.pieces[-1].end < clock:
            self._advance()
        piece = self.pieces[bisect_left(self.pieces, clock, key=lambda p: p.end)]
        t = arb(clock) - piece.start
        return piece.poly_c(t) + piece.error, piece.poly_n(t) + piece.error, piece.gap

    def _advance(self) -> None:
        curve = self.curve
        start = self.pieces[-1].end if self.pieces else 0.0
        end = start + curve.prepare()
        step = arb(end) - arb(start)
        error = curve.remainder(step)
        self.pieces.append(
            _Piece(arb(start), end, curve.poly_c, curve.poly_n, self.sign * error, self.gap + 2 * error)
        )
        c, n = curve.poly_c(step), curve.poly_n(step)
        curve.advance(step)
        moved = abs(curve.c - c) + abs(curve.n - n) + 2 * error
        self.gap = (self.gap + moved).upper()


@lru_cache(maxsize=4096)
def _corner(u: Fraction, eps: Fraction, sign: int) -> _Corner:
    return _Corner(u, eps, sign)


def certify(box: ParameterBox, looks: int = 400) -> bool:
    """Whether `M_n(s) >= M_n^inf(s)` up to s_2, and so `s_2 <= s_inf`, is certain for all (u, eps) of the
    box.

    Between two clocks gamma is at most its later and X at least its earlier value. Clocks lie as far apart as
    the margin allows, at least one part in `looks` of the whole.
    """
    with ctx.workprec(_BITS):
        eps_low, eps_high = box.e[0] * (1 - box.u[1]), box.e[1] * (1 - box.u[0])
        weak, strong = _corner(box.u[1], eps_high, -1), _corner(box.u[0], eps_low, 1)
        u = exact(box.u[1])
        end = float(limit_clock(arb(0), u).lower())
        X, seen, stride = arb(0), 0, 1
        while seen < looks:
            k = min(seen + stride, looks)
            # A float, and so exact; the last one is the end.
            clock = end if k == looks else end * (k / looks)
            gamma = strong.gamma_at_most(clock)
            depth = gamma - X
            if depth < 0:
                return True
            if not limit_clock(depth.upper(), u) >= arb(clock):
                if k == seen + 1:
                    return False
                stride = (k - seen) // 2
                continue
            X, seen, stride = weak.X_at_least(clock), k, 2 * stride
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
