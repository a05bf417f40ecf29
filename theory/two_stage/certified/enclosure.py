r"""The transition clock `s_2(a, tau, p)`, enclosed rigorously.

Flow of one class (`docs/derivations/certified.md`), in the scaled clock `x = p s` and with `b = a/(2p)`:

    M_c' = g(M_c) + b psi,   M_n' = g(M_n) - b psi,   psi = (1 - tau) g(M_c) - tau g(M_n)

from 0 with `g(z) = 1/(1+e^z)`, and `s_2 = sigma(b, tau)/p`, sigma the positive zero of `M_n`: two parameters,
not three. The flow is cooperative in `(M_c, M_n)`, so a lower and an upper curve started from ordered points
enclose it. Each curve is advanced by its Taylor polynomial from a point; the remainder is bounded by Cauchy's
estimate on a complex disc, and the curve moves on from the lower (upper) corner. The sum of the two gaps
contracts under the flow, so the width stays below the sum of the remainders however stiff the flow is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import arb, arb_poly, ctx, fmpq

from theory.certified.visitor import compare, enclose, exact
from theory.two_stage.predictions import strong_signal_limit
from theory.two_stage.symbols import p, tau

__all__ = [
    "Curve",
    "Enclosure",
    "Exact",
    "Flow",
    "below_strong_signal_limit",
    "enclose_transition",
    "strong_signal_bound",
]


#: Parameters are exact: 0.1 as a float is not 1/10.
Exact = int | Fraction


@dataclass(frozen=True)
class Enclosure:
    """`low <= value <= high`, exact dyadic numbers; `steps` Taylor steps were taken."""

    low: Fraction
    high: Fraction
    steps: int

    @property
    def width(self) -> float:
        """`high - low`."""
        return float(self.high - self.low)

    @property
    def middle(self) -> float:
        """The midpoint, rounded."""
        return float((self.low + self.high) / 2)

    def overlaps(self, other: Enclosure) -> bool:
        """Whether the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high


def strong_signal_bound() -> sp.Expr:
    r"""`(1/p) [(2/3) S + (4/3) ln((3 + e^S)/4)]`, `S = ln((2-u)/u)`, `u = tau/(1-tau)`: above every `s_2`.

    Proved for all a, tau, p (`docs/derivations/certified.md`); within 11 % of `s_inf` at tau = 0.1,
    towards twice `s_inf` as tau goes to 0.

    Source: derived here.
    """
    u = tau / (1 - tau)
    top = (2 - u) / u
    return (sp.Rational(2, 3) * sp.log(top) + sp.Rational(4, 3) * sp.log((3 + top) / 4)) / p


@dataclass(frozen=True)
class Flow:
    """The scaled flow at one `(b, tau)`; `order` of the Taylor polynomials."""

    gain: arb  # 1 + b (1 - tau): of M_c by g(M_c)
    loss: arb  # b tau: of M_c by g(M_n)
    rise: arb  # 1 + b tau: of M_n by g(M_n)
    fall: arb  # b (1 - tau): of M_n by g(M_c)
    order: int

    def taylor(self, c: arb, n: arb) -> tuple[arb_poly, arb_poly]:
        """Taylor polynomials of `(M_c, M_n)` from a point; with `G = g(M)`, `G' = -G(1-G) M'`."""
        G = [[1 / (1 + c.exp())], [1 / (1 + n.exp())]]
        M = [[c], [n]]
        dM: list[list[arb]] = [[], []]
        P: list[list[arb]] = [[], []]
        for k in range(self.order):
            dM[0].append(self.gain * G[0][k] - self.loss * G[1][k])
            dM[1].append(self.rise * G[1][k] - self.fall * G[0][k])
            for j in (0, 1):
                M[j].append(dM[j][k] / (k + 1))
                if k == self.order - 1:
                    continue
                square = _product_term(G[j], G[j], k)
                P[j].append(G[j][k] - square)
                G[j].append(-_product_term(P[j], dM[j], k) / (k + 1))
        return arb_poly(M[0]), arb_poly(M[1])

    def radius(self, c: arb, n: arb, size: arb) -> arb:
        """A complex time radius in which both margins move by at most `size` <= pi/2.

        There `|Im M| <= pi/2`, so `|1+e^M|^2 >= 1 + e^{2 Re M}` bounds g.
        """
        G_c = (1 + (2 * (c - size)).exp()).rsqrt()
        G_n = (1 + (2 * (n - size)).exp()).rsqrt()
        speed = (self.gain * G_c + self.loss * G_n).max(self.rise * G_n + self.fall * G_c)
        return (size / speed).lower()


def _product_term(x: list[arb], y: list[arb], k: int) -> arb:
    """Coefficient k of a product of power series."""
    total = x[0] * y[k]
    for one, other in zip(x[1 : k + 1], reversed(y[:k]), strict=True):
        total += one * other
    return total


#: Radius of the discs in margin units: below pi/2, where the speed bound is still close to the speed.
_DISC = Fraction(1)
#: Steps in a radius of convergence: the remainder is about `4^-order`.
_STEPS_PER_RADIUS = 4
#: Halvings of a step to locate the zero.
_BISECTIONS = 40


@dataclass
class Curve:
    """One side of the enclosure: `sign` -1 the lower curve, +1 the upper one; `(c, n)` is its point."""

    flow: Flow
    sign: int
    c: arb
    n: arb

    def prepare(self) -> float:
        """Polynomials at the current point; returns a step, a float so that the clock carries no error."""
        self.poly_c, self.poly_n = self.flow.taylor(self.c, self.n)
        self.radius = self.flow.radius(self.c, self.n, exact(_DISC))
        return float(self.radius) / _STEPS_PER_RADIUS

    def remainder(self, t: arb) -> arb:
        """Cauchy: `|coefficient k| <= size/radius^k`, so the tail is `size q^(N+1)/(1-q)`, `q = t/radius`."""
        q = t / self.radius
        return (exact(_DISC) * q ** (self.flow.order + 1) / (1 - q)).upper()

    def margin(self, t: arb) -> arb:
        """A bound of `M_n` at time t from the point, on this curve's side."""
        return self._corner(self.poly_n(t), self.remainder(t))

    def _corner(self, value: arb, error: arb) -> arb:
        return (value + error).upper() if self.sign > 0 else (value - error).lower()

    def advance(self, t: arb) -> None:
        """Move to time t."""
        error = self.remainder(t)
        self.c, self.n = self._corner(self.poly_c(t), error), self._corner(self.poly_n(t), error)


def _flow(a_value: Exact, tau_value: Exact, p_value: Exact, order: int) -> Flow:
    """The flow at exact parameters.

    Raises:
        ValueError: where Stage I does not exist, or tau lies outside (0, 1/2).
    """
    share, strength, active = exact(tau_value), exact(a_value), exact(p_value)
    if not (share > 0 and share < fmpq(1, 2)):
        raise ValueError(f"tau must lie in (0, 1/2), was {tau_value}")
    if not active > 0:
        raise ValueError(f"p must be > 0, was {p_value}")
    if compare(2 * active, strength * (1 - 2 * share)) is not True:
        raise ValueError(
            f"no Stage I: a (1 - 2 tau) must exceed 2 p, was a = {a_value}, tau = {tau_value}, p = {p_value}"
        )
    b = strength / (2 * active)
    return Flow(1 + b * (1 - share), b * share, 1 + b * share, b * (1 - share), order)


def enclose_transition(
    a_value: Exact,
    tau_value: Exact,
    p_value: Exact,
    *,
    bits: int = 96,
    order: int = 20,
    max_steps: int = 20_000,
) -> Enclosure:
    """`s_2(a, tau, p)` in clock units: the positive zero of `M_n`, unique when Stage I exists.

    `low`: there the upper curve is still negative; `high`: there the lower curve is positive. The
    width is about `4^-order` times the number of steps, which grows with `a`.

    Raises:
        ValueError: where Stage I does not exist (`a (1-2 tau) <= 2p`, s_2 is 0 by convention), for tau
            outside (0, 1/2), or when `max_steps` do not reach the zero.
        TypeError: for a float; give exact numbers.

    >>> e = enclose_transition(6, Fraction(1, 10), Fraction(1, 2))
    >>> round(e.middle, 6), e.width < 1e-8
    (6.171837, True)
    """
    with ctx.workprec(bits):
        flow = _flow(a_value, tau_value, p_value, order)
        low, up_steps = _negative_until(flow, max_steps)
        high, down_steps = _positive_from(flow, max_steps)
    return Enclosure(low / Fraction(p_value), high / Fraction(p_value), up_steps + down_steps)


def _negative_until(flow: Flow, max_steps: int) -> tuple[Fraction, int]:
    """A time at which the upper curve is certainly negative, as late as it can be told."""
    curve, start = Curve(flow, +1, arb(0), arb(0)), Fraction(0)
    for step in range(1, max_steps + 1):
        t = curve.prepare()
        if curve.margin(arb(t)) < 0:
            curve.advance(arb(t))
            start += Fraction(t)
            continue
        before, after = 0.0, t
        for _ in range(_BISECTIONS):
            middle = (before + after) / 2
            before, after = (middle, after) if curve.margin(arb(middle)) < 0 else (before, middle)
        return start + Fraction(before), step
    raise ValueError(f"s_2 was not reached in max_steps = {max_steps}")


def _positive_from(flow: Flow, max_steps: int) -> tuple[Fraction, int]:
    """A time at which the lower curve is certainly positive, as early as it can be told."""
    curve, start = Curve(flow, -1, arb(0), arb(0)), Fraction(0)
    for step in range(1, max_steps + 1):
        t = curve.prepare()
        if not curve.margin(arb(t)) > 0:
            curve.advance(arb(t))
            start += Fraction(t)
            continue
        before, after = 0.0, t
        for _ in range(_BISECTIONS):
            middle = (before + after) / 2
            before, after = (before, middle) if curve.margin(arb(middle)) > 0 else (middle, after)
        return start + Fraction(after), step
    raise ValueError(f"s_2 was not reached in max_steps = {max_steps}")


def below_strong_signal_limit(
    a_value: Exact, tau_value: Exact, p_value: Exact, *, bits: int = 64, order: int = 10
) -> bool | None:
    """Whether `s_2 < s_inf`: True when the lower curve is positive before s_inf, None when that is not seen.

    (False cannot be returned: a late lower curve proves nothing.)
    """
    with ctx.workprec(bits):
        flow = _flow(a_value, tau_value, p_value, order)
        crossed, _ = _positive_from(flow, 20_000)
        limit = enclose(strong_signal_limit(), {tau: tau_value, p: p_value}, bits=bits)
        return True if exact(crossed / Fraction(p_value)) < limit else None
