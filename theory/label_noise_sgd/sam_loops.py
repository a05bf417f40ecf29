"""Compiled: the mean over inputs of SAM's pull. What it means stands in `sam_field`; the fold of a branch
needs hundreds of them."""

from __future__ import annotations

import math

from theory.compiled import compiled

__all__ = ["pull"]


@compiled(reorder=True)
def pull(w, a, rho, slope, sigma, z, p, q, share):  # type: ignore[no-untyped-def]
    """`(E[r' a' z], E[r' h'])` over z (I,) with weights p and q (K,) with weights `share`; r is
    `slope z - sigma`."""
    of_w = of_a = 0.0
    for i in range(len(z)):
        h, r = w * z[i], slope * z[i] - sigma
        radius = rho if r > 0 else -rho if r < 0 else 0.0
        in_w = in_a = 0.0
        for k in range(len(q)):
            size = z[i] * z[i] + q[k]
            c = radius / math.sqrt(h * h + a * a * size)
            h_far, a_far = h + c * a * size, a + c * h
            r_far = (r + h_far * a_far - a * h) * share[k]
            in_w += r_far * a_far
            in_a += r_far * h_far
        of_w += p[i] * z[i] * in_w
        of_a += p[i] * in_a
    return of_w, of_a
