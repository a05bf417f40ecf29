r"""`s_2 <= s_inf` proved where `u = tau/(1-tau)` is at least 2/5, and for strong signals from .111 on.

Letters: `u`, `eps = 2p/(a(1-tau))`, `c = 1-u`, `e = eps/c` (Stage I exists iff `0 < e < 1`), `S = M_c + M_n`,
`E = e^{M_n}`, `z(S)` the nullcline `z(z+c) = u e^S` that the limit path follows. Two exact statements
carry the proof (`docs/derivations/certified.md`, The order of both clocks):

    (1 + u + eps) p s_2 = (1+u) p s_inf - int_{S_2}^{S_*} (1+z) dS + eps int_0^{S_2} K(S, E) dS,
    dK/dE >= 0, so K(S, E) <= K(S, 1) = (1 + e^S)/(1 + z + c),

and a curve `E = z + eps c^2 A ((z-u)/c)^2` below the path, which says how far S_2 stays from S_*. What is
left are two inequalities between explicit functions on compact boxes, decided by ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes

__all__ = ["PIECES", "Piece", "excess", "prove_order", "proved", "subsolution_polynomial"]

_C, _ZETA, _E, _A = sp.symbols("c zeta e A", positive=True)
#: Below this c the closed forms cancel: their second derivative is bounded instead.
_SMALL = Fraction(1, 10)


@dataclass(frozen=True)
class Piece:
    """`c` from `low` to `high`, `e` from `least` to `most`: there the curve with this `rise` (A) stays
    below the path and its gain is enough."""

    low: Fraction
    high: Fraction
    least: Fraction
    most: Fraction
    rise: Fraction


#: Columns: c from, to, e from, to, A; in thousandths.
_ROWS = (
    (0, 300, 0, 1000, 100),
    (300, 450, 0, 1000, 130),
    (450, 500, 0, 1000, 160),
    (500, 550, 0, 500, 240),
    (500, 550, 500, 1000, 170),
    (550, 600, 0, 400, 270),
    (550, 600, 400, 700, 215),
    (550, 600, 700, 1000, 188),
    (600, 650, 0, 300, 360),
    (650, 675, 0, 300, 390),
    (675, 700, 0, 300, 420),
    (700, 725, 0, 200, 510),
    (725, 750, 0, 200, 560),
    (750, 775, 0, 100, 710),
    (775, 800, 0, 100, 790),
    (800, 815, 0, 100, 880),
    (815, 830, 0, 100, 960),
    (830, 850, 0, 50, 1160),
    (850, 860, 0, 40, 1300),
    (860, 870, 0, 40, 1410),
    (870, 875, 0, 40, 1490),
    (875, 880, 0, 40, 1555),
    (880, 885, 0, 40, 1625),
    (885, 887, 0, 40, 1670),
    (887, 889, 0, 40, 1705),
)
PIECES = tuple(Piece(*(Fraction(x, 1000) for x in row)) for row in _ROWS)


def proved(u: float, eps: float) -> bool:
    """Whether `(u, eps)` lies in the part where the order is proved."""
    c = 1.0 - u
    return any(p.low <= c <= p.high and p.least * c <= eps <= p.most * c and eps > 0.0 for p in PIECES)


def excess() -> sp.Expr:
    """`h(c) = int_0^{S_*} K(S, 1) dS - p s_inf`, closed."""
    c, u = _C, 1 - _C
    L = sp.log(2 + c) - sp.log(2)
    integral = (-sp.log(u) - L) / (1 + c) + sp.log(1 + c) - L + (2 * c - (2 + c) * L) / u
    return integral - (-sp.log(u) + 2 * c + u * sp.log(2 - u)) / (1 + u)


@cache
def subsolution_polynomial() -> sp.Expr:
    """The numerator of (path's slope - curve's slope) in z, times u, over `c^2 zeta`: a polynomial."""
    c, zeta, eps = _C, _ZETA, _E * _C
    u, z, f = 1 - c, 1 - c + c * zeta, c**2 * _A * zeta**2
    slope, E = 2 * c * _A * zeta, z + eps * f
    grown = z * (z + c)  # u e^S
    path = (u * E + grown - u * f * (eps * f + 2 * z + c)) * (c + 2 * z) * E
    curve = (1 + eps * slope) * grown * (u * E**2 + 2 * u * E + grown) / u * u
    return sp.cancel(sp.expand(path - curve) / (c**2 * zeta))


Box = tuple[tuple[Fraction, Fraction], ...]


# Ball arithmetic --------------------------------------------------------------------------------------


def _function(expr: sp.Expr, *names: sp.Symbol) -> Callable[..., Any]:
    """In balls: only whole numbers stand in these expressions."""
    assert all(q.is_Integer for q in expr.atoms(sp.Number))
    from flint import arb

    return sp.lambdify(names, expr, modules=[{"log": lambda x: arb(x).log()}])  # type: ignore[no-any-return]


def _ball(low: Fraction, high: Fraction) -> Any:
    from theory.certified.visitor import exact

    middle, radius = (low + high) / 2, (high - low) / 2
    from flint import arb

    return exact(middle) + exact(radius) * arb(0, 1)


def _halves(box: Box) -> Iterator[Box]:
    k = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    low, high = box[k]
    for part in ((low, (low + high) / 2), ((low + high) / 2, high)):
        yield (*box[:k], part, *box[k + 1 :])


@cache
def _barrier() -> tuple[Callable[..., Any], ...]:
    """The polynomial and its slopes in c, zeta, e, as functions of balls (c, zeta, e, A)."""
    whole = sp.expand(subsolution_polynomial())
    names = (_C, _ZETA, _E)
    return tuple(
        _function(sp.horner(expr), *names, _A) for expr in (whole, *(sp.diff(whole, name) for name in names))
    )


def _stays_below(piece: Piece, most: int = 5000) -> bool:
    """The curve of a piece is a lower barrier: the polynomial is positive on c x zeta x e. Boxes are
    halved as often as needed (at most `most`), and bounded by the value in the middle and the slopes."""
    from theory.certified.visitor import exact

    value, *slopes = _barrier()
    rise = exact(piece.rise)
    left: list[Box] = [((piece.low, piece.high), (Fraction(0), Fraction(1)), (piece.least, piece.most))]
    for _ in range(most):
        if not left:
            return True
        one = left.pop()
        sides = [_ball(*side) for side in one]
        middle = [exact((low + high) / 2) for low, high in one]
        bound = value(*middle, rise)
        for slope, x, m in zip(slopes, sides, middle, strict=True):
            bound += slope(*sides, rise) * (x - m)
        if not bound > 0:
            left.extend(_halves(one))
    return False


@cache
def _excess() -> tuple[Callable[..., Any], ...]:
    """`h` and its first two derivatives, as functions of the ball c."""
    return tuple(_function(sp.diff(excess(), _C, order), _C) for order in (0, 1, 2))


def _gains_enough(piece: Piece) -> bool:
    """`h/c^2 < A (w + e c k)/(1 + 2 c^2 e A)` from `least` to `most`: the right side is a Moebius function
    of e, so that both ends decide. `w = 2 + 2/(1+c)` and `k` are lower bounds of `(1+z) dS/dz` and
    `K(S,1) dS/dz`."""
    from theory.certified.visitor import exact

    rise = exact(piece.rise)
    itself, first, second = _excess()

    def slack(c: Any, whole: Any, e: Any) -> Any:
        u = 1 - c
        shift = c**3 * exact(piece.most) * rise  # at least 1 - z_2
        z = 1 - shift.upper() * _ball(Fraction(0), Fraction(1))
        k = (1 + z * (z + c) / u) / (1 + c + z) * (1 / z + 1 / (c + z))
        return rise * (2 + 2 / (1 + c) + e * c * k.lower()) / (1 + 2 * c**2 * e * rise) - whole

    ends = exact(piece.least), exact(piece.most)
    width = Fraction(1, 400)
    low, curvature = piece.low, exact(0)
    while low < piece.high:
        high = min(low + width, piece.high)
        c = _ball(low, high)
        if high <= _SMALL:
            # h(0) = h'(0) = 0, so h <= c^2/2 times the largest h'' below c.
            assert piece.low == 0
            curvature = curvature.max(second(c))
            whole = curvature / 2
        else:
            middle = (low + high) / 2
            whole = (itself(exact(middle)) + first(c) * (c - exact(middle))) / c**2
        if not all(slack(c, whole, e) > 0 for e in ends):
            return False
        low = high
    return True


# The proof --------------------------------------------------------------------------------------------


def prove_order(pieces: tuple[Piece, ...] = PIECES, weight: sp.Expr | None = None) -> Proof:
    r"""`s_2 < s_inf` on these pieces (`weight`: another factor for `1+u+eps`, to see it fail). Source:
    derived here."""
    E, z, grown, slope, eps, u, g_c, g_n = sp.symbols("E z X q eps u g_c g_n", positive=True)
    c = 1 - u
    total = 1 + u + eps if weight is None else weight
    # psi = g_c - u g_n = eps (g_n - H q) with H = g_c + g_n and q = dM_n/dS.
    solved = sp.solve(g_c - u * g_n - eps * (g_n - (g_c + g_n) * slope), g_c)[0]
    at = {g_c: E / (E + grown), g_n: 1 / (1 + E)}
    path = (g_c - u * g_n - eps * (g_n - (g_c + g_n) * slope)).subs(at) * (E + grown) * (1 + E)
    on_path = (E - z) * (E + z + c) - eps * (E + grown - (E**2 + 2 * E + grown) * slope)
    P, Q = (E + grown) / (E + z + c), 1 + E - (E**2 + 2 * E + grown) / (E + z + c)
    z_S = z * (c + z) / (c + 2 * z)
    Q_S = sp.diff(Q, grown) * grown + sp.diff(Q, z) * z_S
    K_E = sp.diff(P, E) - Q_S / E
    stated = (z + c) * (E * c + grown * (c + z) - z * E**2) / ((c + 2 * z) * E * (E + z + c) ** 2)
    top = sp.simplify(P.subs(E, 1) - (1 + grown) / (1 + z + c))
    y = sp.Symbol("y", positive=True)
    return checked(
        (
            (
                r"Along the path $g_c - ug_n = \epsilon(g_n - H\,dM_n/dS)$, $H = g_c + g_n$; so "
                r"$p\,ds = dS/H = \frac{(1+e^{M_n})(dS + \epsilon\,dM_n)}{1+u+\epsilon}$, and "
                r"$\int(1+e^{M_n})dM_n = 0$ "
                r"between the zeros of $M_n$.",
                vanishes(((g_c + g_n) * (1 + eps * slope) - total * g_n).subs(g_c, solved)),
            ),
            (
                r"With $E = e^{M_n}$ and $z(z+c) = ue^S$: $(E-z)(E+z+c) = \epsilon[(E+e^S) - "
                r"(E^2+2E+e^S)\,dM_n/dS]$.",
                vanishes(sp.expand(path - on_path).subs(grown, z * (z + c) / u)),
            ),
            (
                r"Insert this for $E - z$ and integrate the part along $dM_n$ by parts: "
                r"$(1+u+\epsilon)ps_2 = "
                r"(1+u)ps_\infty - \int_{S_2}^{S_*}(1+z)dS + \epsilon\int_0^{S_2}K\,dS$, where "
                r"$\partial K/\partial E "
                r"= \frac{(z+c)[Ec + e^S(c+z) - zE^2]}{(c+2z)E(E+z+c)^2} \geq 0$ for $E, z \leq 1 "
                r"\leq e^S, c+z$, "
                r"and $K(S,1) = \frac{1+e^S}{1+z+c}$.",
                vanishes((K_E - stated).subs(grown, z * (z + c) / u)) and top == 0,
            ),
            (
                r"The path stays above $E = z + \epsilon c^2A((z-u)/c)^2$ on each piece (ball "
                r"arithmetic: the "
                r"difference of slopes is $c^2\zeta$ times a positive polynomial).",
                all(_stays_below(piece) for piece in pieces),
            ),
            (
                r"So at $s_2$, where $E = 1$, $z \leq 1 - c\,\frac y{1+2y}$ with $y = c^2eA$.",
                vanishes(sp.factor((1 + y) ** 2 - (1 + 2 * y) - y**2))
                and vanishes(1 - y / (1 + 2 * y) - (1 + y) / (1 + 2 * y)),
            ),
            (
                r"Then $\epsilon\int_0^{S_2}K(S,1)dS < \epsilon\,ps_\infty + \int_{S_2}^{S_*}(1+z)dS$ "
                r"on each piece (ball "
                r"arithmetic), that is $s_2 < s_\infty$.",
                all(_gains_enough(piece) for piece in pieces),
            ),
        )
    )
