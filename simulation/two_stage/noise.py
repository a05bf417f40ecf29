"""Noise patches and flips of a `Variation`, each normalised to `E |xi|^2 = sigma_xi^2 d`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator
from theory.two_stage.setting import Setting
from theory.two_stage.variation import Noise, Variation

__all__ = ["FREEDOM", "draw_patches", "flip_probabilities", "noise_patches", "signal_direction", "spectrum"]

Floats = NDArray[np.float64]
_SPARSITY = 0.05
#: Degrees of freedom of the heavy-tailed laws.
FREEDOM = 5


def signal_direction(setting: Setting, variation: Variation) -> Floats:
    """Unit direction of mu, (d,): the first axis for Gaussian noise, where nothing depends on it.

    Else the diagonal: along one axis a patch's product with mu would be a single coordinate.
    """
    if variation.noise == "gaussian":
        return np.asarray(np.eye(1, setting.d)[0])
    return np.full(setting.d, float(setting.d) ** -0.5)


def spectrum(d: int, decay: float) -> Floats:
    """Eigenvalues `k^-decay`, mean 1, (d,).

    >>> bool(abs(spectrum(100, 0.5).mean() - 1) < 1e-12)
    True
    """
    values = np.arange(1, d + 1, dtype=np.float64) ** -decay
    return np.asarray(values / values.mean())


def noise_patches(setting: Setting, seed: int, variation: Variation) -> Floats:
    """Noise patches (n, d) of mean 0 and mean squared norm `sigma_xi^2 d`."""
    xi = draw_patches(generator(seed, "noise"), variation.noise, setting.n, setting.d, variation.decay)
    xi *= setting.sigma_xi
    return xi


def draw_patches(rng: np.random.Generator, kind: Noise, count: int, d: int, decay: float = 0.0) -> Floats:
    """Patches (count, d) of this law, of mean 0 and mean squared norm d."""
    shape = (count, d)
    if kind == "gaussian":
        xi = rng.standard_normal(shape)
    elif kind == "rademacher":
        xi = np.where(rng.random(shape) < 0.5, 1.0, -1.0)
    elif kind == "laplace":
        xi = rng.laplace(scale=2**-0.5, size=shape)
    elif kind == "student_t5":
        xi = rng.standard_t(FREEDOM, size=shape) * np.sqrt((FREEDOM - 2) / FREEDOM)
    elif kind == "sparse":
        xi = rng.standard_normal(shape) * (rng.random(shape) < _SPARSITY) / np.sqrt(_SPARSITY)
    elif kind == "correlated":
        xi = rng.standard_normal(shape) * np.sqrt(spectrum(d, decay))
    else:
        scale = np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM, size=(count, 1)))
        xi = rng.standard_normal(shape) * scale
    return xi


def flip_probabilities(setting: Setting, y: Floats, xi: Floats, seed: int, variation: Variation) -> Floats:
    """Probability that each label is flipped, (n,); mean `tau_+` or `tau_-` by class."""
    rate = np.where(y > 0, setting.tau_plus, setting.tau_minus)
    if variation.label_noise == "uniform":
        return rate
    from scipy.special import ndtr

    direction = generator(seed, "flip direction").standard_normal(setting.d)
    projection = xi @ direction / (setting.sigma_xi * np.linalg.norm(direction))
    return np.asarray(2.0 * rate * ndtr(projection))
