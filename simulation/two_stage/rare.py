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

from theory.rng import generator

__all__ = ["log_error"]

Floats = NDArray[np.float64]
_ITERATIONS = 60
_LEAST_EFFECTIVE = 10.0


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
    for case in range(cases):
        u = rng.standard_normal((lines, width))
        v = direction[case]
        u -= np.outer(u @ v, v)
        logs = _line_probability(base[case] + u @ jacobian.T, jacobian @ v, label[case], signal[case], head)
        log_mean[case] = _logsumexp(logs) - np.log(lines) + weight[case]
        log_square[case] = _logsumexp(2 * logs) - np.log(lines) + 2 * weight[case]
    total = _logsumexp(log_mean)
    value = total - np.log(cases // len(scales))
    if not np.isfinite(value):
        return -np.inf, -np.inf, 0.0
    # Each case's variance of the mean, relative to the squared total, formed in logarithms.
    spread = np.exp(log_square - 2 * total) - np.exp(2 * (log_mean - total))
    error = 1.96 * float(np.sqrt(np.sum(np.maximum(spread, 0.0)) / lines))
    effective = float(np.exp(2 * total - _logsumexp(log_square))) * lines
    if effective < _LEAST_EFFECTIVE or error >= 1.0:
        return float(value), -np.inf, 0.0
    return float(value), float(value + np.log1p(-error)), min(0.0, float(value + np.log1p(error)))


def _line_probability(z: Floats, slope: Floats, label: float, signal: float, head: Floats) -> Floats:
    """`ln P(y f(z + t slope) <= 0)` over t ~ N(0, 1), exactly, for lines z (S, 2m) of one slope (2m,).

    Between kinks `t_r = -z_r/slope_r` the margin is linear: its coefficients follow by adding up what
    each kink switches on (slope_r > 0) or off (slope_r < 0).
    """
    moving = np.abs(slope) > 1e-300
    safe = np.where(moving, slope, 1.0)
    kinks = np.where(moving, -z / safe, np.inf)
    order = np.argsort(kinks, axis=1)
    switch = np.where(moving, np.sign(slope), 0.0)
    first = slope < 0
    constant = np.where(moving, 0.0, np.maximum(z, 0.0)) @ head
    intercept_0 = (z * (head * first)).sum(axis=1, keepdims=True) + constant[:, None]
    slope_0 = float((slope * head * first).sum())
    steps_a = np.take_along_axis(z * (switch * head), order, axis=1)
    steps_b = (slope * switch * head)[order]
    intercept = np.concatenate([intercept_0, intercept_0 + np.cumsum(steps_a, axis=1)], axis=1)
    gradient = np.concatenate([np.full((len(z), 1), slope_0), slope_0 + np.cumsum(steps_b, axis=1)], axis=1)
    ends = np.take_along_axis(kinks, order, axis=1)
    left = np.concatenate([np.full((len(z), 1), -np.inf), ends], axis=1)
    right = np.concatenate([ends, np.full((len(z), 1), np.inf)], axis=1)
    a = label * (signal + intercept)
    b = label * gradient
    zero = np.where(b != 0.0, -a / np.where(b != 0.0, b, 1.0), 0.0)
    # Where a + b t <= 0: above the zero when b < 0, below it when b > 0, everywhere or nowhere if b = 0.
    low = np.where(b < 0, np.maximum(left, zero), left)
    high = np.where(b > 0, np.minimum(right, zero), right)
    high = np.where((b == 0) & (a > 0), low, high)
    pieces = _log_normal_mass(low, np.maximum(high, low))
    peak = pieces.max(axis=1, keepdims=True)
    scale = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        out: Floats = scale[:, 0] + np.log(np.exp(pieces - scale).sum(axis=1))
    return out


def _log_normal_mass(low: Floats, high: Floats) -> Floats:
    """`ln(Phi(high) - Phi(low))` for low <= high, -inf where equal; tails are never subtracted from 1."""
    from scipy.special import log_ndtr

    flip = low > 0
    bottom = np.where(flip, -high, low)
    top = np.where(flip, -low, high)
    with np.errstate(invalid="ignore"):
        upper, lower = log_ndtr(top), log_ndtr(bottom)
        gap = np.where(np.isneginf(lower), -np.inf, lower - upper)
    empty = ~(high > low) | np.isneginf(upper)
    gap = np.where(empty, -1.0, np.minimum(gap, -1e-300))
    out: Floats = np.where(empty, -np.inf, np.where(empty, 0.0, upper) + np.log(-np.expm1(gap)))
    return out


def _logsumexp(x: Floats) -> float:
    peak = float(np.max(x))
    return peak if not np.isfinite(peak) else peak + float(np.log(np.exp(x - peak).sum()))


def _directions(base: Floats, label: Floats, signal: Floats, head: Floats, jacobian: Floats) -> Floats:
    """Per case the unit vector toward a local minimiser of |g| over {y f <= 0}, (c, 2m)."""
    toward = -label[:, None] * head  # raising these pre-activations lowers y f
    active = (toward > 0).astype(np.float64)
    centre = np.zeros_like(base)
    for step in range(_ITERATIONS):
        z = base + centre @ jacobian.T
        if step:
            active = (z > 0).astype(np.float64)
        value = label * (signal + np.where(active > 0, z, 0.0) @ head)
        gradient = label[:, None] * ((active * head) @ jacobian)
        norm = np.maximum(np.sum(gradient**2, axis=1), 1e-300)
        target = gradient * ((np.sum(gradient * centre, axis=1) - value) / norm)[:, None]
        centre = target if step == 0 else 0.5 * (centre + target)
    size = np.linalg.norm(centre, axis=1, keepdims=True)
    fallback = np.eye(centre.shape[1])[0]
    out: Floats = np.where(size > 1e-12, centre / np.maximum(size, 1e-300), fallback)
    return out
