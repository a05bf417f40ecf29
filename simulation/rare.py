r"""Rare test errors by importance sampling: `ln P(error)` down to e^-100 and beyond.

A fresh patch is `z = b + sigma L g`, `g ~ N(0, I)`, with `b` the pre-activations of a training patch
under D_test (0 for iid). For each label and each `b` the most likely failing `g` is found (the nearest
point of `{y f <= 0}`, Hasofer-Lind iteration), then draws are centred there, re-centred on their own
weighted failures, and weighted back. The estimate is unbiased wherever the centre lies; the centre only
decides the variance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.rng import generator

__all__ = ["log_error"]

Floats = NDArray[np.float64]
_ITERATIONS = 60
_RECENTRINGS = 3


def log_error(
    *,
    root: Floats,
    signal_products: Floats,
    noise_products: Floats | None,
    sigma: float,
    samples: int,
    seed: int,
) -> tuple[float, float, float]:
    """`ln` of the 0-1 error: estimate and 95 % limits.

    Args:
        root: (2m, 2m) with `root root^T = W W^T`.
        signal_products: `W mu`, (2m,), rows j = +1 first.
        noise_products: `W xi_i` (2m, n) for D_test, None for iid.
        sigma: standard deviation of the added noise.
        samples: draws in all, shared among the centres.

    The limits come from the standard error of the weighted mean; they are widened to minus infinity
    below when fewer than 30 effective draws carry the estimate.
    """
    width = root.shape[0]
    m = width // 2
    head = np.where(np.arange(width) < m, 1.0, -1.0) / m
    offsets = np.zeros((1, width)) if noise_products is None else noise_products.T
    base = np.repeat(offsets, 2, axis=0)
    label = np.tile([1.0, -1.0], len(offsets))
    signal = np.where(
        label > 0,
        head @ np.maximum(signal_products, 0.0),
        head @ np.maximum(-signal_products, 0.0),
    )
    jacobian = sigma * root
    centre = _nearest_failures(base, label, signal, head, jacobian)

    cases = len(label)
    draws = max(64, samples // cases)
    rng = generator(seed, "rare")
    for _ in range(_RECENTRINGS):
        u = rng.standard_normal((cases, max(64, draws // 4), width))
        log_weight, g = _weights(u, centre, base, label, signal, head, jacobian)
        peak = log_weight.max(axis=1, keepdims=True)
        weight = np.where(np.isfinite(peak), np.exp(log_weight - np.maximum(peak, -1e300)), 0.0)
        total = weight.sum(axis=1)
        moved = np.einsum("cs,csk->ck", weight, g) / np.maximum(total, 1e-300)[:, None]
        # Too few failures would drag the centre after one draw's noise: shrink by effective size.
        effective = total**2 / np.maximum((weight**2).sum(axis=1), 1e-300)
        trust = np.where(total > 0, effective / (effective + width), 0.0)[:, None]
        centre = centre + trust * (moved - centre)

    sums = np.full(cases, -np.inf)
    squares = np.full(cases, -np.inf)
    for case in range(cases):
        one = slice(case, case + 1)
        u = rng.standard_normal((1, draws, width))
        log_weight, _ = _weights(
            u, centre[one], base[one], label[one], signal[one], head, jacobian
        )
        sums[case] = _logsumexp(log_weight[0])
        squares[case] = _logsumexp(2 * log_weight[0])
    log_mean = sums - np.log(draws)
    value = _logsumexp(log_mean) - np.log(cases)
    if not np.isfinite(value):
        return -np.inf, -np.inf, 0.0
    # Variance of each case's mean, relative to the total squared, in logarithms.
    total_log = value + np.log(cases)
    second_moment = np.exp(squares - 2 * np.log(draws) - 2 * total_log)
    squared_mean = np.exp(2 * (log_mean - total_log)) / draws
    variance = float(np.sum(np.maximum(second_moment - squared_mean, 0.0)))
    error = 1.96 * np.sqrt(variance)
    effective_draws = np.exp(2 * _logsumexp(sums) - _logsumexp(squares))
    low = value + np.log1p(-error) if error < 1 and effective_draws >= 30 else -np.inf
    high = min(0.0, value + np.log1p(error)) if effective_draws >= 30 else 0.0
    return float(value), float(low), float(high)


def _logsumexp(x: Floats) -> float:
    peak = float(np.max(x))
    return peak if not np.isfinite(peak) else peak + float(np.log(np.exp(x - peak).sum()))


def _margin(z: Floats, label: Floats, signal: Floats, head: Floats) -> Floats:
    """`y f` for pre-activations z (..., 2m); label and signal broadcast over the leading axes."""
    out: Floats = label * (signal + np.maximum(z, 0.0) @ head)
    return out


def _weights(
    u: Floats,
    centre: Floats,
    base: Floats,
    label: Floats,
    signal: Floats,
    head: Floats,
    jacobian: Floats,
) -> tuple[Floats, Floats]:
    """Log importance weights (-inf where the draw does not fail) and the draws g, for u (c, S, 2m)."""
    g = centre[:, None, :] + u
    z = base[:, None, :] + g @ jacobian.T
    failed = _margin(z, label[:, None], signal[:, None], head) <= 0.0
    log_weight = -np.einsum("ck,csk->cs", centre, u) - 0.5 * np.sum(centre**2, axis=1)[:, None]
    return np.where(failed, log_weight, -np.inf), g


def _nearest_failures(
    base: Floats, label: Floats, signal: Floats, head: Floats, jacobian: Floats
) -> Floats:
    """Per case a local minimiser of |g| over {y f <= 0}, (c, 2m); 0 where g = 0 already fails."""
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
    fails_at_once = _margin(base, label, signal, head) <= 0.0
    centre[fails_at_once] = 0.0
    return centre
