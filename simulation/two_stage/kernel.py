r"""The compiled loop of the closure on a CPU: a matrix product a step, element-wise work while in cache.

One run at a time, on one core, with a summation order fixed by the run's own shape: its numbers depend
neither on the other runs of a batch nor on the number of threads. Arrays are padded with zeros: rows
(filters) to a multiple of `ROWS`, columns (mu and samples) to a multiple of `COLUMNS`. A filter or sample
that is identically zero is never active and moves nothing.
"""

from __future__ import annotations

import math

import numpy as np

from simulation.two_stage.stopping import BOTH, EITHER, LOSS, MEMORISED, NOISY, STEP
from theory.compiled import compiled

__all__ = ["COLUMNS", "ROWS", "advance"]

#: Rows of one pass over N, and columns of a vector register.
ROWS, COLUMNS = 4, 8
#: Part of N that is passed over at once: it stays in the second-level cache.
_DEEP, _WIDE = 128, 512


@compiled
def _product(left, start, C, N, A):  # type: ignore[no-untyped-def]
    """`A = left start + C N`: the sum over k in order, four at a time, for four rows at a time."""
    rows, width = A.shape
    for r in range(rows):
        for i in range(width):
            A[r, i] = left * start[r, i]
    for k_low in range(0, width, _DEEP):
        k_high = min(k_low + _DEEP, width)
        for low in range(0, width, _WIDE):
            high = min(low + _WIDE, width)
            for r in range(0, rows, 4):
                a0, a1 = A[r, low:high], A[r + 1, low:high]
                a2, a3 = A[r + 2, low:high], A[r + 3, low:high]
                for k in range(k_low, k_high, 4):
                    n0, n1 = N[k, low:high], N[k + 1, low:high]
                    n2, n3 = N[k + 2, low:high], N[k + 3, low:high]
                    c00, c01, c02, c03 = C[r, k], C[r, k + 1], C[r, k + 2], C[r, k + 3]
                    c10, c11, c12, c13 = C[r + 1, k], C[r + 1, k + 1], C[r + 1, k + 2], C[r + 1, k + 3]
                    c20, c21, c22, c23 = C[r + 2, k], C[r + 2, k + 1], C[r + 2, k + 2], C[r + 2, k + 3]
                    c30, c31, c32, c33 = C[r + 3, k], C[r + 3, k + 1], C[r + 3, k + 2], C[r + 3, k + 3]
                    for i in range(high - low):
                        b0, b1, b2, b3 = n0[i], n1[i], n2[i], n3[i]
                        a0[i] = a0[i] + c00 * b0 + c01 * b1 + c02 * b2 + c03 * b3
                        a1[i] = a1[i] + c10 * b0 + c11 * b1 + c12 * b2 + c13 * b3
                        a2[i] = a2[i] + c20 * b0 + c21 * b1 + c22 * b2 + c23 * b3
                        a3[i] = a3[i] + c30 * b0 + c31 * b1 + c32 * b2 + c33 * b3


@compiled
def _stops(rule, stack, t, streak, fit, noisy, margins, n):  # type: ignore[no-untyped-def]
    """The stack machine of `stopping.postfix`."""
    top = 0
    for k in range(rule.shape[0]):
        code, parameter = rule[k, 0], rule[k, 1]
        if code == LOSS:
            total = 0.0
            for i in range(n):
                z = float(margins[i + 1])
                total += max(-z, 0.0) + math.log1p(math.exp(-abs(z)))
            stack[top] = total / n <= parameter
            top += 1
        elif code == NOISY:
            stack[top] = streak >= parameter
            top += 1
        elif code == MEMORISED:
            stack[top] = fit >= parameter * noisy
            top += 1
        elif code == STEP:
            stack[top] = t >= parameter
            top += 1
        else:
            top -= 1
            if code == BOTH:
                stack[top - 1] = stack[top - 1] and stack[top]
            elif code == EITHER:
                stack[top - 1] = stack[top - 1] or stack[top]
    return top > 0 and stack[0]


@compiled
def advance(  # type: ignore[no-untyped-def]
    first, stop, last, n, start, N, C, A, side, head, y, y_observed, push, weights, place,
    recorded, out_steps, out_margins, out_gamma, snapshots, out_kept, out_C, out_A, rule,
    keep, momentum, V, left, out_left,
):  # fmt: skip
    """Steps `first` to `stop - 1` of one run; True when the run is over.

    W columns (mu, then the n samples, then zeros) and R rows (filters, j = +1 first, then zeros):
    `start` A^(0), `C`, `A` (R, W); `N` D^-1 K (W, W); `side` j and `head` j/m (R,); `y`, `y_observed` (W,);
    `push` (W,) squared norms times eta/(n m); `weights` (stop - first, n) of the samples, negative where the
    step sees a label flipped, or (0, 0).
    `place` (3,): rows of margins and of states written so far, and steps that noisy samples have been fit.
    `keep` is what a step leaves of the weights (1 without decay), `left` (1,) what is left of the initial
    ones. `momentum` beta; `V` (R, W) the coefficients' last change, (0, 0) for beta = 0.
    The state after a call is that of step `stop`, so that the next call continues it. Step `last` is
    evaluated and not made.
    """
    rows, width = A.shape
    m_rows, kept_columns = out_gamma.shape[1], out_C.shape[2]
    f = np.empty(width, A.dtype)
    moved = np.zeros(width, A.dtype)
    stack = np.empty(max(1, rule.shape[0]), np.bool_)
    zero, one = start.dtype.type(0), start.dtype.type(1)
    for t in range(first, stop):
        _product(left[0], start, C, N, A)
        f[:] = zero
        signal_plus, signal_minus = zero, zero
        for r in range(rows):
            a, share = A[r], head[r]
            for i in range(width):
                f[i] += share * max(a[i], zero)
            signal_plus += share * max(a[0], zero)
            signal_minus += share * max(-a[0], zero)
        for i in range(1, n + 1):
            f[i] = y_observed[i] * (f[i] + (signal_plus if y[i] > zero else signal_minus))

        early = False
        if rule.shape[0] > 0:
            fit, noisy = 0, 0
            for i in range(1, n + 1):
                if y[i] != y_observed[i]:
                    noisy += 1
                    if f[i] > zero:
                        fit += 1
            place[2] = place[2] + 1 if fit == noisy else 0
            early = _stops(rule, stack, t, place[2], fit, noisy, f, n)
        p, s = place[0], place[1]
        if early or (p < len(recorded) and recorded[p] == t):
            out_steps[p] = t
            for i in range(n):
                out_margins[p, i] = f[i + 1]
            for r in range(m_rows):
                out_gamma[p, r] = side[r] * C[r, 0]
            place[0] += 1
        if early or (s < len(snapshots) and snapshots[s] == t):
            out_kept[s] = t
            out_left[s] = left[0]
            for r in range(m_rows):
                for i in range(kept_columns):
                    out_C[s, r, i] = C[r, i]
                    out_A[s, r, i] = A[r, i]
            place[1] += 1
        if early or t == last:
            return True

        plus, minus = zero, zero
        for i in range(1, n + 1):
            z = f[i]
            if weights.shape[0] > 0 and weights[t - first, i - 1] < zero:
                z = -z  # this step sees the other label
            if z >= zero:
                e = math.exp(-z)
                g = e / (one + e)
            else:
                g = one / (one + math.exp(z))
            if weights.shape[0] > 0:
                g *= weights[t - first, i - 1]
            moved[i] = push[i] * y_observed[i] * g
            if y[i] > zero:
                plus += y_observed[i] * g
            else:
                minus -= y_observed[i] * g
        plus *= push[0]
        minus *= push[0]
        for r in range(rows):
            c, a, j = C[r], A[r], side[r]
            signal = a[0]
            if keep != one:
                for i in range(width):
                    c[i] *= keep
            if momentum == zero:
                for i in range(width):
                    c[i] += j * moved[i] if a[i] > zero else zero
                if signal > zero:
                    c[0] += j * plus
                elif signal < zero:
                    c[0] += j * minus
                continue
            v, fresh = V[r], (one - momentum) * j
            for i in range(width):
                v[i] *= momentum
                v[i] += fresh * moved[i] if a[i] > zero else zero
            if signal > zero:
                v[0] += fresh * plus
            elif signal < zero:
                v[0] += fresh * minus
            for i in range(width):
                c[i] += v[i]
        left[0] *= keep
    return False
