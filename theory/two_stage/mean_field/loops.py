"""Compiled loops over the steps of the mean field and of the law of stage times. What they mean stands where
they are called: `mean_field`, `time_errors`, `sampled_field`."""

from __future__ import annotations

import math

from theory.compiled import compiled
from theory.two_stage.mean_field.activation_law import SQRT_2PI

__all__ = ["all_fit", "follow_scores", "iterate", "pull"]


@compiled(as_written=True)
def iterate(  # type: ignore[no-untyped-def]
    h, a, n, counts, iota, kappa_0, fixed, shifts, gamma, rho, mass, margins, active
):
    """The Euler map, written into gamma (T, B, 2) and the others (T, B, 2, 2), which are 0 at the start.

    `counts` (2, 2), `shifts` (B, 2) of p by kind; `fixed` the share where it is not nan.
    """
    last, copies = len(gamma) - 1, len(shifts)
    step, share = [0.0, 0.0], [fixed, fixed]
    for t in range(last + 1):
        for b in range(copies):
            for c in range(2):
                if fixed != fixed:
                    own, other = rho[t, b, c, 0], rho[t, b, 1 - c, 1]
                    on_side = counts[c, 0] * own**2 / (2 * n) + counts[1 - c, 1] * other**2 / (2 * n)
                    talk = math.sqrt(gamma[t, b, c] ** 2 / a + on_side)
                    share[c] = 0.5 + math.atan(talk / kappa_0) / (2 * math.pi)
            for c in range(2):
                step[c] = 0.0
                for k in range(2):
                    sign = 1.0 - 2.0 * k
                    p = share[c if k == 0 else 1 - c] + shifts[b, k]
                    r = rho[t, b, c, k]
                    x = r / iota
                    start = -iota * math.expm1(-0.5 * x**2) / SQRT_2PI + r * 0.5 * math.erfc(x / math.sqrt(2))
                    margin = mass[t, b, c, k] + sign * gamma[t, b, c] + start
                    active[t, b, c, k], margins[t, b, c, k] = p, margin
                    if t < last:
                        slope = 1 / (1 + math.exp(margin))
                        rho[t + 1, b, c, k] = r + h * slope
                        mass[t + 1, b, c, k] = mass[t, b, c, k] + h * p * slope
                        step[c] += (a * h / n) * counts[c, k] * sign * slope
            if t < last:
                for c in range(2):
                    # At step 0 half of the filters point away from their class's signal.
                    moved = step[c] if t else 0.5 * (step[c] + step[1 - c])
                    gamma[t + 1, b, c] = gamma[t, b, c] + moved


@compiled(as_written=True)
def follow_scores(h, active, gamma, start, offsets, margins):  # type: ignore[no-untyped-def]
    """Margins (T, K, 2) of noisy samples whose shares are off by `offsets` (K, 2); the others (T, 2)."""
    scores = len(offsets)
    for k in range(scores):
        for c in range(2):
            mass = 0.0
            for t in range(len(margins)):
                margin = mass - gamma[t, c] + start[t, c]
                margins[t, k, c] = margin
                share = min(max(active[t, c] + offsets[k, c], 0.0), 1.0)
                mass = mass + h * share * (1 / (1 + math.exp(margin)))


@compiled(as_written=True)
def all_fit(t, h, ends, starts, start, gamma, mass, margins, before, crossing):  # type: ignore[no-untyped-def]
    """Margins (n, R) at step t, and of noisy samples when they last became positive; whether all are.

    Samples `ends[k]` to `ends[k + 1] - 1` are clean or noisy (k even or odd) of class k // 2; `start` (4,).
    """
    everyone = True
    for k in range(4):
        signed = gamma[k // 2] * (1.0 - 2.0 * (k % 2))
        for i in range(ends[k], ends[k + 1]):
            for r in range(mass.shape[1]):
                margins[i, r] = starts[i, r] * start[k] + signed[r] + mass[i, r]
            if k % 2 == 0:
                continue
            for r in range(mass.shape[1]):
                low, now = before[i, r], margins[i, r]
                if now > 0:
                    if t > 0 and low <= 0:
                        crossing[i, r] = (t - 1 - low / (now - low)) * h
                else:
                    everyone = False
                before[i, r] = now
    return everyone


@compiled(as_written=True)
def pull(h, ends, powers, weight, mass, sums):  # type: ignore[no-untyped-def]
    """From `e^M` (n, R) the sums (4, R) of g(M) over the groups; the mass gains `g weight h`."""
    sums[:] = 0.0
    for k in range(4):
        for i in range(ends[k], ends[k + 1]):
            for r in range(mass.shape[1]):
                slope = 1 / (powers[i, r] + 1.0)
                sums[k, r] += slope
                mass[i, r] += slope * weight[i, r] * h
