"""The signal strength at which the worst noisy sample is just misfit. What it means stands in `threshold`;
conditions ask for thousands of such roots."""

from __future__ import annotations

import math

from theory.compiled import Eventually

__all__ = ["margin", "root"]


@Eventually
def margin(a, clean, noisy, h, steps, share, worst, felt):  # type: ignore[no-untyped-def]
    """`worst * rho - gamma` of a sample whose coefficient grows at `g(felt * rho - gamma)`; the last of the
    steps is a part of one. `g(z) = -l'(z) = 1/(1 + e^z)`, without overflow."""
    rho_clean = rho_noisy = rho = gamma = 0.0
    whole = int(steps)
    for k in range(whole + 1):
        step = h if k < whole else (steps - whole) * h
        z = share * rho_clean + gamma
        small = math.exp(-abs(z))
        of_clean = (small if z > 0 else 1.0) / (1 + small)
        z = share * rho_noisy - gamma
        small = math.exp(-abs(z))
        of_noisy = (small if z > 0 else 1.0) / (1 + small)
        z = felt * rho - gamma
        small = math.exp(-abs(z))
        rho += step * ((small if z > 0 else 1.0) / (1 + small))
        rho_clean += step * of_clean
        rho_noisy += step * of_noisy
        gamma += a * step * (clean * of_clean - noisy * of_noisy)
    return worst * rho - gamma


def root(high: float, halvings: int, secants: int, *of: float) -> float:
    """Where the margin of these arguments, positive at 0, falls below 0: the upper end of the last halving of
    [0, high]; inf where it is still positive at `high`.

    First ends at which the margin is >= 0 and < 0 are brought together, nearer to each other than the last
    halving or as near as `secants` false positions (with the Illinois rule) bring them: what the halvings
    would find between needs no evaluation.
    """
    at_high = margin(high, *of)
    if at_high >= 0:
        return math.inf
    short, enough, side = 0.0, high, 0
    at_short = margin(short, *of)
    near = high * 2.0**-halvings
    for _ in range(secants):
        if enough - short <= near or at_short <= 0:
            break
        a = (short * at_high - enough * at_short) / (at_high - at_short)
        # Never nearer to an end than that: the root may lie between, and both ends are wanted.
        a = min(max(a, short + near / 2), enough - near / 2)
        found = margin(a, *of)
        if found < 0:
            enough, at_high = a, found
            at_short = at_short / 2 if side < 0 else at_short
            side = -1
        else:
            short, at_short = a, found
            at_high = at_high / 2 if side > 0 else at_high
            side = 1
    low = 0.0
    for _ in range(halvings):
        middle = 0.5 * (low + high)
        if middle >= enough or (middle > short and margin(middle, *of) < 0):
            high = middle
        else:
            low = middle
    return high
