r"""Dynamical mean field of the proportional regime, p/n = O(1): one example with memory, by Monte Carlo.

A cavity derivation, expected exact as n, p -> infinity and not proved here. For a scalar force F(f, s), with
h = 1 + sigma N and u Gaussian, at step t

    f(t) = h a(t) + u(t) + eta kappa sum_{q<t} G(t, q+1) F(q),      a(t+1) = a(t) + eta E[h F(t)],
    Cov(u_t, u_s) = sigma^2 r0^2 G(t,0) G(s,0)
                    + eta^2 sigma^2 kappa sum_{q<t, r<s} G(t,q+1) G(s,r+1) E[F(q) F(r)],
    G(t+1, q) = G(t, q) + eta sigma^2 sum_{l=q..t} R(t, l) G(l, q),  G(q, q) = 1,
    R(t, q) = E[F'(f(t)) D(t, q)],
    D(t, q) = eta kappa sum_{l=q..t-1} G(t, l+1) F'(f(l)) D(l, q),  D(t, t) = 1.

Samples keep one path each: a row of the covariance's Cholesky factor times stored normals at every step.
Half of the samples have wrong labels and are reweighted, and normals are standardised within each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["CavityPath", "cavity_path", "cavity_path_averaged"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CavityPath:
    """Predictions at every step, (T,): memorised share, A_W, A_C, signal, noise norm, test accuracy."""

    memorised: Floats
    accuracy_clean: Floats
    a: Floats
    noise_norm: Floats
    test_accuracy: Floats


def _standard(rng: np.random.Generator, size: int, columns: int) -> Floats:
    x = rng.standard_normal((size, columns))
    x -= x.mean(axis=0)
    x /= x.std(axis=0)
    return x


def _forces(f: Floats, s: Floats, lam: float) -> tuple[Floats, Floats]:
    """Force and its slope: cross entropy for lam = 0, ELR with t = p otherwise."""
    from scipy.special import expit

    if lam == 0.0:
        force = s * expit(-s * f)
        return force, -expit(f) * expit(-f)
    return (s + (lam - 1.0) * np.tanh(f / 2.0)) / 2.0, (lam - 1.0) * expit(f) * expit(-f)


def cavity_path(
    w: float,
    gamma: float,
    sigma: float,
    eta: float,
    steps: int,
    *,
    start: float = 0.0,
    lam: float = 0.0,
    samples: int = 4000,
    seed: int = 0,
) -> CavityPath:
    """One Monte Carlo solution. Memory: samples * steps^2 / 2 numbers.

    Args:
        w, gamma, sigma, eta: flip rate, p/n, noise of a coordinate, step.
        steps: at most about 80.
        start: norm of the initial vector, orthogonal to v.
        lam: 0 for cross entropy; otherwise ELR with the prediction as target.

    Raises:
        ValueError: for too many steps.
    """
    from scipy.special import ndtr

    if not 1 <= steps <= 120:
        raise ValueError(f"steps must lie in 1..120, was {steps!r}: memory grows as its square")
    kappa = sigma**2 * gamma
    rng = np.random.default_rng(seed)
    half = samples // 2
    normals = np.concatenate([_standard(rng, half, steps + 2), _standard(rng, half, steps + 2)])
    s = np.concatenate([np.ones(half), -np.ones(half)])
    weight = np.concatenate([np.full(half, (1 - w) / half), np.full(half, w / half)])
    h, path = 1.0 + sigma * normals[:, -1], normals[:, : steps + 1]

    T = steps + 1
    response = np.zeros((T + 1, T + 1))
    response[0, 0] = 1.0
    moments, factor, covariance = np.zeros((T, T)), np.zeros((T, T)), np.zeros((T, T))
    force, slope = np.zeros((T, 2 * half)), np.zeros((T, 2 * half))
    derivative = np.zeros((T, T, 2 * half))
    f_all, a = np.zeros((T, 2 * half)), np.zeros(T + 1)
    for t in range(T):
        for r in range(t + 1):
            past: float = 0.0
            if t and r:
                past = float(response[t, 1 : t + 1] @ moments[:t, :r] @ response[r, 1 : r + 1])
            covariance[t, r] = covariance[r, t] = (
                sigma**2 * start**2 * response[t, 0] * response[r, 0] + eta**2 * sigma**2 * kappa * past
            )
        _next_row(factor, covariance, t)
        u = path[:, : t + 1] @ factor[t, : t + 1]
        own = eta * kappa * np.asarray(response[t, 1 : t + 1] @ force[:t])
        f_all[t] = h * a[t] + u + own
        force[t], slope[t] = _forces(f_all[t], s, lam)
        derivative[t, t] = 1.0
        for q in range(t):
            pull = response[t, q + 1 : t + 1, None] * slope[q:t]
            derivative[t, q] = eta * kappa * np.einsum("li,li->i", pull, derivative[q:t, q])
        through = derivative[t, : t + 1] @ (weight * slope[t])
        moments[t, : t + 1] = moments[: t + 1, t] = force[: t + 1] @ (weight * force[t])
        for q in range(t + 1):
            response[t + 1, q] = response[t, q] + eta * sigma**2 * through[q:] @ response[q : t + 1, q]
        response[t + 1, t + 1] = 1.0
        a[t + 1] = a[t] + eta * float(weight @ (h * force[t]))
    norm = np.sqrt(np.maximum(np.diag(covariance), 0.0)) / sigma
    length = np.hypot(a[:T], norm)
    score = np.divide(a[:T], sigma * length, out=np.zeros(T), where=length > 0)
    wrong = f_all[:, half:]
    return CavityPath(
        (wrong < 0).mean(axis=1), (f_all[:, :half] > 0).mean(axis=1), a[:T], norm, np.asarray(ndtr(score))
    )


def _next_row(factor: Floats, covariance: Floats, t: int) -> None:
    """Row t of the Cholesky factor; a pivot below 1e-9 is zero (a start from zero has u_0 = 0)."""
    for r in range(t):
        if factor[r, r] > 0.0:
            factor[t, r] = (covariance[t, r] - factor[t, :r] @ factor[r, :r]) / factor[r, r]
    pivot = covariance[t, t] - factor[t, :t] @ factor[t, :t]
    factor[t, t] = np.sqrt(pivot) if pivot > 1e-9 else 0.0


@cache
def cavity_path_averaged(
    w: float,
    gamma: float,
    sigma: float,
    eta: float,
    steps: int,
    start: float = 0.0,
    lam: float = 0.0,
    repeats: int = 4,
) -> CavityPath:
    """Mean of several solutions of 4,000 samples: the theory's own noise falls as 1/sqrt(repeats)."""
    paths = [
        cavity_path(w, gamma, sigma, eta, steps, start=start, lam=lam, seed=seed) for seed in range(repeats)
    ]
    names = ("memorised", "accuracy_clean", "a", "noise_norm", "test_accuracy")
    return CavityPath(*(np.mean([getattr(x, name) for x in paths], axis=0) for name in names))
