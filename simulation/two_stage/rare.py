r"""Rare test errors by line sampling: `ln P(error)` down to e^-1000 and beyond.

A fresh patch is `z = b + sigma L g`, `g ~ N(0, I)`, with `b` the pre-activations of a training patch
under D_test (0 for iid). Split `g = u + t v` with a unit direction v: `u` orthogonal to v is drawn, and
the probability over `t ~ N(0, 1)` is EXACT, because `y f` is piecewise linear in t with a kink where a
pre-activation changes sign. The estimate is unbiased for every direction; v points to the most likely
failure (nearest point of `{y f <= 0}`, Hasofer-Lind iteration), which makes the variance small.

Source: derived here (docs/engines.md, Rare errors); checked against plain Monte Carlo where both resolve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.compiled import compiled
from theory.rng import generator

__all__ = ["log_error"]

Floats = NDArray[np.float64]
_ITERATIONS = 60
_LEAST_EFFECTIVE = 10.0
#: Numbers of the pre-activations of a block of lines.
_BLOCK = 2**16


def log_error(
    *,
    root: Floats,
    signal_products: Floats,
    noise_products: Floats | None,
    sigma: float,
    samples: int,
    seed: int,
    scales: Floats | None = None,
    log_weights: Floats | None = None,
    biases: Floats | None = None,
) -> tuple[float, float, float]:
    """`ln` of the 0-1 error: estimate and 95 % limits.

    Args:
        root: (2m, 2m) with `root root^T = W W^T`.
        signal_products: `W mu`, (2m,), rows j = +1 first.
        noise_products: `W xi_i` (2m, n) for D_test, None for iid.
        sigma: standard deviation of the added noise.
        samples: lines in all, shared among the labels (training patches, scales), at least 12 each.
        scales, log_weights: (K,); the added noise is multiplied by one of these scales, drawn with these
            weights, which sum to 1. Default: by 1.
        biases: of the filters, (2m,); None: none.

    The limits come from the standard error of the mean over lines; with fewer than 10 effective lines
    the estimate is not trusted and the limits are -inf and 0.
    """
    width = root.shape[0]
    m = width // 2
    head = np.where(np.arange(width) < m, 1.0, -1.0) / m
    shift = np.zeros(width) if biases is None else biases
    offsets = shift[None] if noise_products is None else noise_products.T + shift
    base = np.repeat(offsets, 2, axis=0)
    label = np.tile([1.0, -1.0], len(offsets))
    signal = np.where(
        label > 0,
        head @ np.maximum(signal_products + shift, 0.0),
        head @ np.maximum(-signal_products + shift, 0.0),
    )
    if scales is None or log_weights is None:
        scales, log_weights = np.ones(1), np.zeros(1)
    # relu is homogeneous: noise times a scale is noise against a base and a signal divided by it.
    shrink = np.repeat(scales, len(label))
    weight = np.repeat(log_weights, len(label))
    base = np.tile(base, (len(scales), 1)) / shrink[:, None]
    signal, label = np.tile(signal, len(scales)) / shrink, np.tile(label, len(scales))
    jacobian = sigma * root
    direction = _directions(base, label, signal, head, jacobian)

    cases = len(label)
    lines = max(12, samples // cases)
    rng = generator(seed, "rare")
    log_mean = np.empty(cases)
    log_square = np.empty(cases)
    # A block of cases at a time, so that its arrays stay in the cache.
    size = max(1, _BLOCK // (lines * width))
    for first in range(0, cases, size):
        block = slice(first, min(first + size, cases))
        v = direction[block, :, None]
        u = rng.standard_normal((len(v), lines, width))
        u -= (u @ v) * direction[block, None]
        z = base[block, None] + u @ jacobian.T
        logs = _line_probability(z, direction[block] @ jacobian.T, label[block], signal[block], head)
        log_mean[block] = _logsumexp(logs) - np.log(lines) + weight[block]
        log_square[block] = _logsumexp(2 * logs) - np.log(lines) + 2 * weight[block]
    total = float(_logsumexp(log_mean))
    value = total - np.log(cases // len(scales))
    if not np.isfinite(value):
        return -np.inf, -np.inf, 0.0
    # Each case's variance of the mean, relative to the squared total, formed in logarithms.
    spread = np.exp(log_square - 2 * total) - np.exp(2 * (log_mean - total))
    error = 1.96 * float(np.sqrt(np.sum(np.maximum(spread, 0.0)) / lines))
    effective = float(np.exp(2 * total - float(_logsumexp(log_square)))) * lines
    if effective < _LEAST_EFFECTIVE or error >= 1.0:
        return float(value), -np.inf, 0.0
    return float(value), float(value + np.log1p(-error)), min(0.0, float(value + np.log1p(error)))


def _line_probability(z: Floats, slope: Floats, label: Floats, signal: Floats, head: Floats) -> Floats:
    """`ln P(y f(z + t slope) <= 0)` over t ~ N(0, 1), exactly: (c, S) for lines z (c, S, 2m) of c cases, each
    with one slope (c, 2m), label and signal (c,).

    Between kinks `t_r = -z_r/slope_r` the margin is linear: its coefficients follow by adding up what
    each kink switches on (slope_r > 0) or off (slope_r < 0).
    """
    low, high = np.empty((2, *z.shape[:-1], z.shape[-1] + 1))
    _wrong_pieces(z, slope, label, signal, head, low, high)
    # Of most pieces nothing is wrong: their mass is not computed.
    some = high > low
    pieces = np.full(some.shape, -np.inf)
    pieces[some] = _log_normal_mass(low[some], high[some])
    return _logsumexp(pieces)


@compiled
def _wrong_pieces(z, slope, label, signal, head, low, high):  # type: ignore[no-untyped-def]
    """Of each piece of each line the interval of t in which y f <= 0, low >= high where there is none."""
    cases, lines, width = z.shape
    kinks = np.empty(width)
    for c in range(cases):
        y = label[c]
        start = 0.0
        for r in range(width):
            start += slope[c, r] * head[r] if slope[c, r] < 0 else 0.0
        for s in range(lines):
            # f = a + b t on the piece; at first those are on whose slope is negative.
            a, b = signal[c], start
            for r in range(width):
                moving = abs(slope[c, r]) > 1e-300
                kinks[r] = -z[c, s, r] / slope[c, r] if moving else np.inf
                if slope[c, r] < 0 if moving else z[c, s, r] > 0:
                    a += z[c, s, r] * head[r]
            order = np.argsort(kinks)
            left = -np.inf
            for k in range(width + 1):
                right = kinks[order[k]] if k < width else np.inf
                bottom, top = left, right
                if b == 0.0:
                    if y * a > 0.0:
                        top = bottom
                else:
                    zero = -a / b
                    if y * b < 0.0:
                        bottom = max(left, zero)
                    else:
                        top = min(right, zero)
                low[c, s, k], high[c, s, k] = bottom, top
                if k < width and abs(slope[c, order[k]]) > 1e-300:
                    r = order[k]
                    sign = 1.0 if slope[c, r] > 0 else -1.0
                    a += sign * head[r] * z[c, s, r]
                    b += sign * head[r] * slope[c, r]
                left = right


def _log_normal_mass(low: Floats, high: Floats) -> Floats:
    """`ln(Phi(high) - Phi(low))` for low < high, -inf where it underflows; tails are never subtracted
    from 1."""
    from scipy.special import log_ndtr

    flip = low > 0
    bottom = np.where(flip, -high, low)
    top = np.where(flip, -low, high)
    with np.errstate(invalid="ignore"):
        upper, lower = log_ndtr(top), log_ndtr(bottom)
        gap = np.where(np.isneginf(lower), -np.inf, lower - upper)
    empty = np.isneginf(upper)
    gap = np.where(empty, -1.0, np.minimum(gap, -1e-300))
    out: Floats = np.where(empty, -np.inf, np.where(empty, 0.0, upper) + np.log(-np.expm1(gap)))
    return out


def _logsumexp(x: Floats) -> Floats:
    """Over the last axis."""
    peak = x.max(axis=-1, keepdims=True)
    scale = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        out: Floats = scale[..., 0] + np.log(np.exp(x - scale).sum(axis=-1))
    return out


def _directions(base: Floats, label: Floats, signal: Floats, head: Floats, jacobian: Floats) -> Floats:
    """Per case the unit vector toward a local minimiser of |g| over {y f <= 0}, (c, 2m)."""
    toward = -label[:, None] * head > 0  # raising these pre-activations lowers y f
    centre = np.empty_like(base)
    _nearest(base, toward, signal, head, np.ascontiguousarray(jacobian), centre)
    size = np.linalg.norm(centre, axis=1, keepdims=True)
    fallback = np.eye(centre.shape[1])[0]
    out: Floats = np.where(size > 1e-12, centre / np.maximum(size, 1e-300), fallback)
    return out


@compiled(reorder=True)
def _nearest(base, toward, signal, head, jacobian, out):  # type: ignore[no-untyped-def]
    """Of each case the point that the Hasofer-Lind steps end at, into `out` (c, 2m).

    On the piece where the pre-activations `active` are on, f is `value + gradient g`; its zero nearest to 0
    is the target, and a step goes half-way there. Where the target lies on the same piece as the point does,
    so does all that is between: the steps end at the target.
    """
    cases, width = base.shape
    gradient, target, centre = np.empty(width), np.empty(width), np.empty(width)
    for c in range(cases):
        active = toward[c].copy()
        for step in range(_ITERATIONS):
            value = signal[c]
            gradient[:] = 0.0
            for r in range(width):
                if active[r]:
                    value += head[r] * base[c, r]
                    for k in range(width):
                        gradient[k] += head[r] * jacobian[r, k]
            norm = 0.0
            for k in range(width):
                norm += gradient[k] * gradient[k]
            for k in range(width):
                target[k] = -value / max(norm, 1e-300) * gradient[k]
                centre[k] = target[k] if step == 0 else 0.5 * (centre[k] + target[k])
            same = step > 0
            for r in range(width):
                here = there = base[c, r]
                for k in range(width):
                    here += jacobian[r, k] * centre[k]
                    there += jacobian[r, k] * target[k]
                same = same and active[r] == (there > 0.0)
                active[r] = here > 0.0
            if same:
                centre[:] = target
                break
        out[c] = centre
