r"""0-1 test error against the TRUE label, for fresh noise ("iid") and for D_test ("spurious").

The 2m pre-activations of a fresh patch are drawn by its law (`fresh_noise`); under D_test those of a training
patch are added.

Source: iid - Kou et al. 2023, section 3; D_test - Han et al. 2025, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

__all__ = ["Distribution", "binomial_interval", "monte_carlo_error"]

Floats = NDArray[np.float64]
Distribution = Literal["iid", "spurious"]
_CHUNK_BYTES = 32 * 2**20


def binomial_interval(errors: int, samples: int, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) two-sided interval of a proportion.

    >>> low, high = binomial_interval(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    from scipy.special import betainccinv, betaincinv

    tail = (1 - level) / 2
    low = 0.0 if errors == 0 else float(betaincinv(errors, samples - errors + 1, tail))
    high = 1.0 if errors == samples else float(betainccinv(errors + 1, samples - errors, tail))
    return low, high


def monte_carlo_error(
    *,
    draw: Callable[[np.random.Generator, int], Floats],
    signal_products: Floats,
    noise_products: Floats,
    distribution: Distribution,
    samples: int,
    seed: int,
    numbers: int | None = None,
    biases: Floats | None = None,
) -> tuple[float, float, float]:
    """Estimate with exact 95 % limits.

    Args:
        draw: of (generator, count): pre-activations `W xi` of so many fresh patches, (count, 2m).
        signal_products: `W mu` (2m,), rows j = +1 first.
        noise_products: `W xi_i` (2m, n); used for "spurious".
        biases: of the filters, (2m,); None: none.
        numbers: that one draw holds in memory; default 2m.
    """
    width = len(signal_products)
    m = width // 2
    head = np.where(np.arange(width) < m, 1.0, -1.0) / m
    threshold = 0.0 if biases is None else -biases
    signal = {
        1.0: float(head @ np.maximum(signal_products - threshold, 0.0)),
        -1.0: float(head @ np.maximum(-signal_products - threshold, 0.0)),
    }
    chunk = max(1, min(samples, _CHUNK_BYTES // (8 * (numbers or width))))
    errors = 0
    for index, start in enumerate(range(0, samples, chunk)):
        count = min(chunk, samples - start)
        rng = generator(seed, f"test {distribution}", index)
        z = draw(rng, count)
        y = np.where(rng.random(count) < 0.5, 1.0, -1.0)
        if distribution == "spurious":
            z = z + noise_products.T[rng.integers(0, noise_products.shape[1], count)]
        f = np.maximum(z - threshold, 0.0) @ head + np.where(y > 0, signal[1.0], signal[-1.0])
        errors += int(np.count_nonzero(y * f <= 0.0))
    low, high = binomial_interval(errors, samples)
    return errors / samples, low, high
