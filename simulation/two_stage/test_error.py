r"""0-1 test error against the TRUE label, for fresh noise ("iid") and for D_test ("spurious").

Given the trained weights, the 2m pre-activations of a fresh Gaussian patch are Gaussian with covariance
`sigma^2 W W^T = sigma^2 M M^T`, `M = [W_par, L_perp]`; under D_test those of a training patch are added.
So Monte Carlo draws 2m-vectors instead of d-vectors, exactly in law, at any d.

Source: iid - Kou et al. 2023, section 3; D_test - Han et al. 2025, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

if TYPE_CHECKING:
    from simulation.two_stage.geometry import WeightFactor

__all__ = ["Distribution", "binomial_interval", "monte_carlo_error", "weight_root"]

Floats = NDArray[np.float64]
Distribution = Literal["iid", "spurious"]
_CHUNK_BYTES = 32 * 2**20


def weight_root(factor: WeightFactor, coefficients: Floats, norms_sq: Floats) -> Floats:
    """A square lower-triangular root `L` (2m, 2m) of `W W^T`.

    `W^(t)` in the basis Q of span(V) is `B0 + C D^-1 R^T`; the part off span(V) never moves. The root
    comes from a QR of `M^T`, never from a Cholesky factor of the sum.
    """
    W_par = factor.B0 + (coefficients / norms_sq) @ factor.R.T
    M = np.concatenate([W_par, factor.L_perp], axis=1)
    rows = M.shape[0]
    triangle: Floats = np.linalg.qr(M.T, mode="r")  # type: ignore[assignment]  # numpy stub
    root = triangle.T
    if root.shape[1] < rows:
        root = np.pad(root, ((0, 0), (0, rows - root.shape[1])))
    return root


def binomial_interval(errors: int, samples: int, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) two-sided interval of a proportion.

    >>> low, high = binomial_interval(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if errors == 0 else float(betaincinv(errors, samples - errors + 1, tail))
    high = 1.0 if errors == samples else float(betaincinv(errors + 1, samples - errors, 1 - tail))
    return low, high


def monte_carlo_error(
    *,
    root: Floats,
    signal_products: Floats,
    noise_products: Floats,
    distribution: Distribution,
    sigma: float,
    samples: int,
    seed: int,
) -> tuple[float, float, float]:
    """Estimate with exact 95 % limits.

    Args:
        root: (2m, 2m) with `root root^T = W W^T`.
        signal_products: `W mu` (2m,), rows j = +1 first.
        noise_products: `W xi_i` (2m, n); used for "spurious".
        sigma: `sigma_xi` for iid, `sigma_zeta` for spurious.
    """
    width = root.shape[0]
    m = width // 2
    head = np.where(np.arange(width) < m, 1.0, -1.0) / m
    signal = {
        1.0: float(head @ np.maximum(signal_products, 0.0)),
        -1.0: float(head @ np.maximum(-signal_products, 0.0)),
    }
    chunk = max(1, min(samples, _CHUNK_BYTES // (8 * width)))
    errors = 0
    for index, start in enumerate(range(0, samples, chunk)):
        count = min(chunk, samples - start)
        rng = generator(seed, f"test {distribution}", index)
        z = sigma * (rng.standard_normal((count, width)) @ root.T)
        y = np.where(rng.random(count) < 0.5, 1.0, -1.0)
        if distribution == "spurious":
            z += noise_products.T[rng.integers(0, noise_products.shape[1], count)]
        f = np.maximum(z, 0.0) @ head + np.where(y > 0, signal[1.0], signal[-1.0])
        errors += int(np.count_nonzero(y * f <= 0.0))
    low, high = binomial_interval(errors, samples)
    return errors / samples, low, high
