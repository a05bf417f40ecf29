"""A concrete data set with initial weights, validated; and its sampler."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.fresh_noise import (
    FreshNoise,
    GivenNoise,
    Isotropic,
    law_of_variation,
    named_law,
)
from simulation.two_stage.noise import flip_probabilities, noise_patches, signal_direction
from theory.rng import generator
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["Problem", "patch_gram", "sample_labels", "sample_problem"]

Floats = NDArray[np.float64]

#: Above this, real d-dimensional arrays are refused; the law engine needs none.
_MAX_BYTES = 8 * 2**30
#: Least and most size of a patch's largest entry: its square, times d, must stay within the range of a float.
_LEAST, _MOST = 1e-120, 1e120


def _array(name: str, value: Any, ndim: int, shape: str) -> Floats:
    """A copy of the caller's array, so that nothing that happens to theirs happens to the problem's."""
    try:
        if np.iscomplexobj(value) or np.ma.is_masked(value):
            raise TypeError("complex or masked")
        # C order: views with negative strides are valid input, but torch takes none.
        array = np.array(value, dtype=np.float64, order="C", copy=True)
    except (
        Exception
    ) as error:  # whatever a foreign array raises when it is read, such as torch's RuntimeError
        why = "" if isinstance(error, TypeError | ValueError) else f": {' '.join(str(error).split())}"
        raise ValueError(f"{name} must be an array of numbers of shape {shape}{why}") from None
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


def _largest(values: Floats) -> Floats:
    """Largest absolute value along the last axis, without a copy of the array."""
    return np.asarray(np.maximum(values.max(axis=-1), -values.min(axis=-1)))


def patch_gram(mu: Floats, xi: Floats) -> Floats:
    """`V^T V` (n+1, n+1) for `V = [mu, xi_1..xi_n]`, symmetric to the last bit, without forming V."""
    gram = np.empty((len(xi) + 1, len(xi) + 1))
    gram[0, 0] = mu @ mu
    gram[0, 1:] = gram[1:, 0] = xi @ mu
    gram[1:, 1:] = xi @ xi.T
    return gram


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """Training data and initial weights: all that gradient descent depends on, besides its step.

    The arrays are copies of those given, and read-only.

    Args:
        mu: signal, (d,).
        xi: noise patches, (n, d).
        y, y_observed: true and observed labels in {-1, +1}, (n,).
        w0: initial weights, (2, m, d); index 0 is the side j = +1, index 1 is j = -1.
        setting: what it was sampled from, if it was.
        fresh_noise: law of the patches that "iid" test errors draw: "isotropic" `N(0, sigma^2 I)`,
            "orthogonal" `N(0, sigma^2 (I - mu mu^T/|mu|^2))`, a function of (generator, count) that returns
            patches (count, d), or a law of `simulation.two_stage.fresh_noise`. The default is isotropic;
            sigma is the setting's `sigma_xi`, or the root mean square of the patches' coordinates. A sampled
            problem has the law that it was sampled from.

    Raises:
        ValueError: naming the array, for a wrong shape, NaN, labels outside {-1, +1}, `n + 1 > d`, patches
            in units whose squares leave the range of floats, or patches mu, xi_1..xi_n that are linearly
            dependent (the decomposition would not be unique).

    Source: Han et al. 2025, section 3.
    """

    mu: Floats
    xi: Floats
    y: Floats
    y_observed: Floats
    w0: Floats
    setting: Setting | None = None
    fresh_noise: GivenNoise | None = None

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
        self._require_range()
        self._require_independent()
        _ = self.noise_law
        self._freeze()

    @classmethod
    def _of_own(cls, *values: Any) -> Problem:
        """From arrays of the right shapes that nobody else holds: large ones are not copied."""
        problem = object.__new__(cls)
        for field, value in zip(fields(cls), values, strict=True):
            object.__setattr__(problem, field.name, value)
        problem._require_range()
        problem._require_independent()
        problem._freeze()
        return problem

    def in_units(self, unit: float) -> Problem:
        """The same problem with lengths divided by this power of two, for an engine of little range.

        Gradient descent on it with `unit^2 eta` has the same margins and coefficients.
        """
        problem = object.__new__(Problem)
        scaled = {"mu": self.mu / unit, "xi": self.xi / unit, "w0": self.w0 * unit}
        problem.__setstate__({**self.__dict__, **scaled})
        return problem

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._freeze()

    def _freeze(self) -> None:
        for array in (self.mu, self.xi, self.y, self.y_observed, self.w0):
            array.flags.writeable = False

    def __repr__(self) -> str:
        flipped = int(np.count_nonzero(self.y != self.y_observed))
        default = " (the default)" if self.fresh_noise is None else ""
        return (
            f"Problem(n {self.n}, d {self.d}, m {self.m}, {flipped} flipped labels; "
            f"fresh noise {self.noise_law}{default})"
        )

    @cached_property
    def noise_law(self) -> FreshNoise:
        """The law of a fresh noise patch: what "iid" test errors draw."""
        sigma = float(np.sqrt(np.mean(self.xi**2))) if self.setting is None else self.setting.sigma_xi
        return (
            Isotropic(sigma)
            if self.fresh_noise is None
            else named_law("fresh_noise", self.fresh_noise, sigma, self.d)
        )

    def _require_range(self) -> None:
        """In units in which squares of the data are floats; a patch of tiny units is not zero."""
        sizes = np.concatenate([[_largest(self.mu)], _largest(self.xi)])
        for k, size in enumerate(sizes):
            name = "mu" if k == 0 else f"xi[{k - 1}]"
            if size == 0.0:
                raise ValueError(f"{name} must not be zero")
            if not _LEAST <= size <= _MOST:
                raise ValueError(
                    f"{name} must be in units in which its largest entry lies between {_LEAST:g} and "
                    f"{_MOST:g}, was {size:g}: scale mu and xi by c, w0 by 1/c and eta by 1/c^2"
                )
        # Of the products that training starts from. Weights of 0 are allowed.
        size = float(_largest(self.w0.reshape(-1)))
        if size > _MOST or size * float(sizes.max()) > _MOST:
            raise ValueError(
                f"w0 must give products with mu and xi below {_MOST:g}, its largest entry was {size:g} and "
                f"theirs {sizes.max():g}"
            )

    def _require_independent(self) -> None:
        gram = patch_gram(self.mu, self.xi)
        norms = np.sqrt(np.diag(gram))
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
    return Problem._of_own(mu, xi, y, y_observed, w0, setting, law_of_variation(variation, setting.sigma_xi))
