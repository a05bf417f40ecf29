r"""The tail of a difference of two sums of relus: by its saddlepoint, right where a normal tail is not.

With `X = relu(s + q N)`, `b = s/q + t q` and `c = s + t q^2 = q b`,

    E e^{tX} = Phi(-s/q) + e^{ts + t^2 q^2/2} Phi(b) = e^{k(t)}
    k' = pi mu_1,   k'' = pi mu_2 - k'^2,   pi = e^{ts + t^2 q^2/2 - k} Phi(b)
    mu_1 = c + q h,   mu_2 = c^2 + q^2 + c q h,   h = phi(b)/Phi(b):

tilted by t, X is positive with probability pi, and then a normal variable of mean c and deviation q cut at 0.
The sum Z over m filters of `relu(other) - relu(own)` has the generating function
`K(t) = m [k_other(t) + k_own(-t)]`, and with the root of `K'(t) = z`

    P(Z > z) = Phi(-r),   r = w + ln(u/w)/w,   w = sgn(t) sqrt(2 (t z - K(t))),   u = t sqrt(K''(t)),

kept within Chernoff's bound `P(Z > z) <= e^{-w^2/2}` for t > 0, and its counterpart for t < 0.

A sum of m relus is bounded below, so far from its mean it is not normal: for m = 12 filters a side the normal
tail is too small by e^-.8 at 4.2 standard deviations and by e^-2.6 at 5.9, this one within .003 in ln P. With
few filters, m = 3, it is too large where `s_other` is so far below 0 that one relu alone would have to carry
the sum (by e^.5 at -2 q, e^2 at -3 q); at m = 12 within .05 down to -4 q.

Source: the tail is Barndorff-Nielsen's form of Lugannani and Rice (1980), Adv. Appl. Probab. 12, 475-490;
the generating function of a relu is derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_tail", "relu_cumulants"]

Floats = NDArray[np.float64]

_ITERATIONS = 60
#: Relative to the sizes that enter; the tail is then exact to far below the saddlepoint's own error.
_ROOT_ERROR = 1e-11
#: Below this u the correction ln(u/w)/w, a difference of near equals, is taken at this u; it is smooth there.
_LEAST_U = 1e-3


def relu_cumulants(t: Floats, s: Floats, q: float) -> tuple[Floats, Floats, Floats]:
    """`k(t) = ln E exp(t relu(s + q N))` with its first two derivatives; arrays of one shape, q > 0.

    >>> k, mean, variance = relu_cumulants(np.zeros(1), np.zeros(1), 2.0)
    >>> [round(float(x[0]), 6) for x in (k, mean, variance)]  # 0, q/sqrt(2 pi), q^2 (1/2 - 1/(2 pi))
    [0.0, 0.797885, 1.36338]
    """
    from scipy.special import erfcx, log_ndtr

    b = s / q + t * q
    positive = t * s + 0.5 * (t * q) ** 2 + log_ndtr(b)
    k = np.logaddexp(log_ndtr(-s / q), positive)
    share = np.exp(positive - k)
    with np.errstate(over="ignore"):  # erfcx(-x) = inf for large x: h is 0 there
        h = math.sqrt(2 / math.pi) / erfcx(-b / math.sqrt(2))
    centre = q * b
    first = share * (centre + q * h)
    second = share * (centre**2 + q**2 + centre * q * h)
    return k, first, np.maximum(second - first**2, 1e-300)


def log_tail(signal: float, own: tuple[Floats, float], other: tuple[Floats, float], m: int) -> Floats:
    r"""`ln P(signal + (1/m) sum_r relu(s_own + q_own N_r) - (1/m) sum_r relu(s_other + q_other N'_r) < 0)`.

    Args:
        signal: S.
        own, other: (s, q): an array of side sums, and the deviation of a filter's own part, q > 0; the two
            arrays have one shape, which is the result's.
        m: filters a side.

    Raises:
        ValueError: when a q is not positive.

    Source: saddlepoint, as in the module's head.
    """
    from scipy.special import log_ndtr

    for name, (_, q) in (("own", own), ("other", other)):
        if not q > 0:
            raise ValueError(f"{name}: q must be > 0, was {q!r}")
    shape = np.broadcast_shapes(np.shape(own[0]), np.shape(other[0]))
    sums = tuple(np.broadcast_to(s, shape).ravel() for s, _ in (own, other))
    t, k, slope = _saddlepoint(signal, sums[0], own[1], sums[1], other[1])
    w = np.sign(t) * np.sqrt(np.maximum(2 * m * (t * signal - k), 0.0))
    least = _LEAST_U / np.sqrt(m * slope)
    at = np.where(np.abs(t) < least, least, t)
    level, rise, bend = _difference(at, sums[0], own[1], sums[1], other[1])
    w_at = np.sign(at) * np.sqrt(np.maximum(2 * m * (at * rise - level), 1e-300))
    r = w + np.log(at * np.sqrt(m * bend) / w_at) / w_at
    # Chernoff's bound holds whatever the law: where nearly all mass sits at relu = 0 the form above fails.
    bound = -0.5 * w**2
    with np.errstate(divide="ignore"):  # t = 0: the bound says nothing
        least = np.log(-np.expm1(np.where(t < 0, bound, 0.0)))
    out = np.where(t > 0, np.minimum(log_ndtr(-r), bound), np.maximum(log_ndtr(-r), least))
    return np.asarray(out).reshape(shape)


def _difference(
    t: Floats, s_own: Floats, q_own: float, s_other: Floats, q_other: float
) -> tuple[Floats, Floats, Floats]:
    """`ln E exp(t (relu(other) - relu(own)))` of one filter of each side, with two derivatives."""
    k_other, up, wide_other = relu_cumulants(t, s_other, q_other)
    k_own, down, wide_own = relu_cumulants(-t, s_own, q_own)
    return k_other + k_own, up - down, wide_other + wide_own


def _saddlepoint(
    signal: float, s_own: Floats, q_own: float, s_other: Floats, q_other: float
) -> tuple[Floats, Floats, Floats]:
    """The root t of `k'(t) = signal`, k(t) and k''(t): Newton's steps, halving the bracket where they leave
    it."""

    def at(t: Floats, of: slice | NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        return _difference(t, s_own[of], q_own, s_other[of], q_other)

    everywhere = slice(None)
    # Where t is this large the tilted mean lies beyond the signal; doubled where it does not yet.
    high = 2 * (abs(signal) + np.abs(s_other)) / q_other**2 + 2 / q_other
    low = -2 * (abs(signal) + np.abs(s_own)) / q_own**2 - 2 / q_own
    for _ in range(_ITERATIONS):
        short = at(high, everywhere)[1] < signal
        if not short.any():
            break
        high = np.where(short, 2 * high, high)
    for _ in range(_ITERATIONS):
        short = at(low, everywhere)[1] > signal
        if not short.any():
            break
        low = np.where(short, 2 * low, low)
    _, mean, variance = at(np.zeros_like(high), everywhere)
    t = np.clip((signal - mean) / variance, low, high)
    k, slope = np.empty_like(t), np.empty_like(t)
    left = np.arange(len(t))
    for _ in range(_ITERATIONS):
        now, lo, hi = t[left], low[left], high[left]
        k[left], mean, slope[left] = at(now, left)
        off = mean - signal
        low[left] = lo = np.where(off < 0, now, lo)
        high[left] = hi = np.where(off < 0, hi, now)
        size = abs(signal) + np.sqrt(slope[left])
        going = np.abs(off) > _ROOT_ERROR * size
        step = now - off / slope[left]
        outside = ~((step > lo) & (step < hi))
        t[left] = np.where(going, np.where(outside, 0.5 * (lo + hi), step), now)
        left = left[going]
        if not len(left):
            break
    return t, k, slope
