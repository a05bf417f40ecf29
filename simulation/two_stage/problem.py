"""A concrete data set with initial weights, validated; and its sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.noise import flip_probabilities, noise_patches, signal_direction
from theory.rng import generator
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["Problem", "patch_gram", "sample_labels", "sample_problem"]

Floats = NDArray[np.float64]

#: Above this, real d-dimensional arrays are refused; the law engine needs none.
_MAX_BYTES = 8 * 2**30


def _array(name: str, value: Any, ndim: int, shape: str) -> Floats:
    try:
        if np.iscomplexobj(value):
            raise TypeError("complex")
        # C order: views with negative strides are valid input, but torch takes none.
        array = np.asarray(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers of shape {shape}") from None
    if array.ndim != ndim:
        raise ValueError(f"{name} must have shape {shape}, was {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, holds NaN or infinity")
    return array


def _labels(name: str, value: Any, n: int) -> Floats:
    array = _array(name, value, 1, "(n,)")
    if array.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},) to match xi, was {array.shape}")
    if not np.all(np.abs(array) == 1.0):
        bad = array[np.abs(array) != 1.0][0]
        raise ValueError(f"{name} must hold only -1 and +1, holds {bad:g}")
    return array


def patch_gram(mu: Floats, xi: Floats) -> Floats:
    """`V^T V` (n+1, n+1) for `V = [mu, xi_1..xi_n]`, symmetric to the last bit, without forming V."""
    gram = np.empty((len(xi) + 1, len(xi) + 1))
    gram[0, 0] = mu @ mu
    gram[0, 1:] = gram[1:, 0] = xi @ mu
    gram[1:, 1:] = xi @ xi.T
    return gram


@dataclass(frozen=True, eq=False)
class Problem:
    """Training data and initial weights: all that gradient descent depends on, besides its step.

    Args:
        mu: signal, (d,).
        xi: noise patches, (n, d).
        y, y_observed: true and observed labels in {-1, +1}, (n,).
        w0: initial weights, (2, m, d); index 0 is the side j = +1, index 1 is j = -1.
        setting: what it was sampled from, if it was.

    Raises:
        ValueError: naming the array, for a wrong shape, NaN, labels outside {-1, +1}, `n + 1 > d`, or
            patches mu, xi_1..xi_n that are linearly dependent (the decomposition would not be unique).

    Source: Han et al. 2025, section 3.
    """

    mu: Floats
    xi: Floats
    y: Floats
    y_observed: Floats
    w0: Floats
    setting: Setting | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mu", _array("mu", self.mu, 1, "(d,)"))
        put(self, "xi", _array("xi", self.xi, 2, "(n, d)"))
        put(self, "w0", _array("w0", self.w0, 3, "(2, m, d)"))
        d = self.mu.shape[0]
        n = self.xi.shape[0]
        if n < 2:
            raise ValueError(f"xi must hold at least 2 samples, holds {n}")
        if self.xi.shape[1] != d:
            raise ValueError(f"xi must have shape (n, {d}) to match mu, was {self.xi.shape}")
        if self.w0.shape[0] != 2 or self.w0.shape[1] < 1 or self.w0.shape[2] != d:
            raise ValueError(f"w0 must have shape (2, m, {d}) to match mu, was {self.w0.shape}")
        put(self, "y", _labels("y", self.y, n))
        put(self, "y_observed", _labels("y_observed", self.y_observed, n))
        if n + 1 > d:
            raise ValueError(
                f"xi holds n = {n} patches in dimension d = {d}: the decomposition needs n + 1 <= d"
            )
        self._require_independent()

    def _require_independent(self) -> None:
        gram = patch_gram(self.mu, self.xi)
        norms = np.sqrt(np.diag(gram))
        if norms[0] == 0.0:
            raise ValueError("mu must not be zero")
        if np.any(norms == 0.0):
            raise ValueError(f"xi[{int(np.argmin(norms)) - 1}] must not be zero")
        # The Gram matrix squares the condition number, so its rounding level is eps * n, and patches
        # closer to dependence than sqrt of that could not be decomposed to useful accuracy anyway.
        smallest = float(np.linalg.eigvalsh(gram / norms / norms[:, None])[0])
        if smallest <= len(norms) * np.finfo(np.float64).eps * 8:
            raise ValueError(
                "xi and mu are linearly dependent patches: the decomposition is not unique "
                f"(smallest eigenvalue of the normalised Gram matrix {smallest:.1e})"
            )

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.xi.shape[0])

    @property
    def d(self) -> int:
        """Dimension of a patch."""
        return int(self.mu.shape[0])

    @property
    def m(self) -> int:
        """Filters a side."""
        return int(self.w0.shape[1])


def sample_true_labels(setting: Setting, seed: int) -> Floats:
    """True labels, uniform on {-1, +1}, (n,)."""
    return np.where(generator(seed, "labels").random(setting.n) < 0.5, 1.0, -1.0)


def flip(y: Floats, probability: Floats, seed: int) -> Floats:
    """Observed labels: each flipped with its own probability, (n,)."""
    return np.where(generator(seed, "flips").random(len(y)) < probability, -y, y)


def sample_labels(setting: Setting, seed: int) -> tuple[Floats, Floats]:
    """True labels and observed ones, flipped with tau_plus or tau_minus."""
    y = sample_true_labels(setting, seed)
    return y, flip(y, np.where(y > 0, setting.tau_plus, setting.tau_minus), seed)


def sample_problem(setting: Setting, seed: int = 0, variation: Variation = PLAIN) -> Problem:
    """Draw data and initial weights from a setting; mu points along the first axis.

    Nothing depends on the direction of mu while noise and weights are isotropic; other noise patches and
    label noise, and then another direction, come from the variation.

    Raises:
        ValueError: when `n + 1 > d`, or when the arrays would not fit in memory.
    """
    n, d, m = setting.n, setting.d, setting.m
    if n + 1 > d:
        raise ValueError(f"d must be at least n + 1 = {n + 1}, was {d}")
    bytes_needed = 8 * d * (n + 2 * m + 1)
    if bytes_needed > _MAX_BYTES:
        raise ValueError(
            f"d = {d} would need {bytes_needed / 2**30:.0f} GiB of arrays (at most "
            f"{_MAX_BYTES // 2**30}); the law engine needs none: train(setting, engine='law')"
        )
    mu = setting.signal_norm * signal_direction(setting, variation)
    xi = noise_patches(setting, seed, variation)
    y = sample_true_labels(setting, seed)
    y_observed = flip(y, flip_probabilities(setting, y, xi, seed, variation), seed)
    w0 = generator(seed, "weights").standard_normal((2, m, d))
    w0 *= setting.sigma_0
    return Problem(mu, xi, y, y_observed, w0, setting)
