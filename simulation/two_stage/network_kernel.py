r"""A step of the network on a CPU in one pass over the patches: `W += c V^T`, then `A = W V`.

Gradient descent needs the patches twice a step, to change the weights and to evaluate them. Taking a strip of
dimensions at a time, the new weights of a strip are evaluated while its patches are still in cache, so that
main memory is read once. Strips are gathered in pieces whose sums are added in a fixed order: the numbers do
not depend on the number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from theory.compiled import compiled

__all__ = ["PatchPass"]

#: Dimensions of a strip, the fewest of a piece, and the most pieces.
_STRIP, _PIECE, _PIECES = 256, 4096, 32


@compiled
def _change(c, V, first, low, width, out):  # type: ignore[no-untyped-def]
    """`out += c[:, first:] V[:, low:low+width]` over groups of four rows of V."""
    for r in range(0, out.shape[0], 4):
        a0, a1 = out[r, :width], out[r + 1, :width]
        a2, a3 = out[r + 2, :width], out[r + 3, :width]
        for k in range(0, V.shape[0] // 4 * 4, 4):
            v0, v1 = V[k, low : low + width], V[k + 1, low : low + width]
            v2, v3 = V[k + 2, low : low + width], V[k + 3, low : low + width]
            q = first + k
            c00, c01, c02, c03 = c[r, q], c[r, q + 1], c[r, q + 2], c[r, q + 3]
            c10, c11, c12, c13 = c[r + 1, q], c[r + 1, q + 1], c[r + 1, q + 2], c[r + 1, q + 3]
            c20, c21, c22, c23 = c[r + 2, q], c[r + 2, q + 1], c[r + 2, q + 2], c[r + 2, q + 3]
            c30, c31, c32, c33 = c[r + 3, q], c[r + 3, q + 1], c[r + 3, q + 2], c[r + 3, q + 3]
            for i in range(width):
                b0, b1, b2, b3 = v0[i], v1[i], v2[i], v3[i]
                a0[i] = a0[i] + c00 * b0 + c01 * b1 + c02 * b2 + c03 * b3
                a1[i] = a1[i] + c10 * b0 + c11 * b1 + c12 * b2 + c13 * b3
                a2[i] = a2[i] + c20 * b0 + c21 * b1 + c22 * b2 + c23 * b3
                a3[i] = a3[i] + c30 * b0 + c31 * b1 + c32 * b2 + c33 * b3


@compiled(reorder=True)
def _evaluate(w, V, first, low, width, out):  # type: ignore[no-untyped-def]
    """`out[:, first:] += w V[:, low:low+width]^T` over groups of four rows of V."""
    zero = w.dtype.type(0)
    for r in range(0, w.shape[0], 4):
        w0, w1, w2, w3 = w[r, :width], w[r + 1, :width], w[r + 2, :width], w[r + 3, :width]
        for k in range(0, V.shape[0] // 4 * 4, 4):
            v0, v1 = V[k, low : low + width], V[k + 1, low : low + width]
            v2, v3 = V[k + 2, low : low + width], V[k + 3, low : low + width]
            s00, s01, s02, s03 = zero, zero, zero, zero
            s10, s11, s12, s13 = zero, zero, zero, zero
            s20, s21, s22, s23 = zero, zero, zero, zero
            s30, s31, s32, s33 = zero, zero, zero, zero
            for i in range(width):
                a0, a1, a2, a3 = w0[i], w1[i], w2[i], w3[i]
                b0, b1, b2, b3 = v0[i], v1[i], v2[i], v3[i]
                s00, s01, s02, s03 = s00 + a0 * b0, s01 + a0 * b1, s02 + a0 * b2, s03 + a0 * b3
                s10, s11, s12, s13 = s10 + a1 * b0, s11 + a1 * b1, s12 + a1 * b2, s13 + a1 * b3
                s20, s21, s22, s23 = s20 + a2 * b0, s21 + a2 * b1, s22 + a2 * b2, s23 + a2 * b3
                s30, s31, s32, s33 = s30 + a3 * b0, s31 + a3 * b1, s32 + a3 * b2, s33 + a3 * b3
            q = first + k
            sums = (
                (s00, s01, s02, s03), (s10, s11, s12, s13), (s20, s21, s22, s23), (s30, s31, s32, s33),
            )  # fmt: skip
            for i in range(4):
                for j in range(4):
                    out[r + i, q + j] += sums[i][j]


@compiled
def _piece(W, c, mu, xi, begin, end, moves, out):  # type: ignore[no-untyped-def]
    """Dimensions `begin` to `end - 1`: change W (R, d) by `c V^T` if `moves`, then add its `W V` to `out`.

    `c` and `out` (R rounded up to 4, 4 floor(n/4) + 4): columns of the samples in order, then mu, then zeros.
    """
    rows, n, even = W.shape[0], xi.shape[0], xi.shape[0] // 4 * 4
    change = np.zeros((c.shape[0], _STRIP), W.dtype)
    strip = np.zeros((c.shape[0], _STRIP), W.dtype)
    rest = np.zeros((4, _STRIP), W.dtype)
    for low in range(begin, end, _STRIP):
        width = min(_STRIP, end - low)
        # Number by number: the check of shapes in a slice's assignment takes seconds to compile.
        for i in range(width):
            for k in range(n - even):
                rest[k, i] = xi[even + k, low + i]
            rest[n - even, i] = mu[low + i]
        if moves:
            change[:, :] = 0
            _change(c, xi, 0, low, width, change)
            _change(c, rest, even, 0, width, change)
        for r in range(rows):
            # Added once: term by term, W would be rounded as often as there are patches.
            w, step, new = W[r, low : low + width], change[r], strip[r]
            for i in range(width):
                new[i] = w[i] + step[i]
                w[i] = new[i]
        _evaluate(strip, xi, 0, low, width, out)
        _evaluate(strip, rest, even, 0, width, out)


class PatchPass:
    """`W += c V^T` and `A = W V` for `V = [mu, xi_1..xi_n]`, without forming V."""

    def __init__(self, mu: Any, xi: Any, rows: int, threads: int) -> None:
        self.mu, self.xi, self.threads = mu, xi, threads
        n, d = xi.shape
        self.size = max(_PIECE, -(-d // (_PIECES * _STRIP)) * _STRIP)
        self.starts = range(0, d, self.size)
        self.c = np.zeros((-(-rows // 4) * 4, n // 4 * 4 + 4), xi.dtype)
        self.sums = np.zeros((len(self.starts), *self.c.shape), xi.dtype)

    def __call__(self, W: Any, c: Any, A: Any) -> None:
        """Change W (R, d) in place by c (R, n+1), column 0 for mu, or not at all; put `W V` into A."""
        rows, n = A.shape[0], self.xi.shape[0]
        if c is not None:
            self.c[:rows, :n], self.c[:rows, n] = c[:, 1:], c[:, 0]
        self.sums[:] = 0

        def work(k: int) -> None:
            end = min(self.starts[k] + self.size, W.shape[1])
            _piece(W, self.c, self.mu, self.xi, self.starts[k], end, c is not None, self.sums[k])

        if self.threads == 1 or len(self.starts) == 1:
            for k in range(len(self.starts)):
                work(k)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(work, range(len(self.starts))))
        total = self.sums.sum(axis=0)
        A[:, 1:], A[:, 0] = total[:rows, :n], total[:rows, n]
