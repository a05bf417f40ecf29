r"""Laws of a fresh noise patch: what the error on fresh data ("iid") draws.

A run is tested on the noise that it was trained on. A sampled problem knows its law; for arrays the caller
says which (`Problem(..., fresh_noise=...)`), and the default is isotropic Gaussian noise.

Only the 2m pre-activations `W xi` of a fresh patch matter. For a Gaussian patch `xi = sigma S g` they are
Gaussian with covariance `sigma^2 (W S)(W S)^T`, so that 2m-vectors are drawn instead of d-vectors; a random
scale that multiplies the whole patch multiplies them too. Every other law is drawn in R^d.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.noise import FREEDOM, draw_patches, spectrum

if TYPE_CHECKING:
    from simulation.two_stage.weights import Weights
    from theory.two_stage.variation import Noise, Variation

__all__ = [
    "Correlated", "Elliptical", "FreshNoise", "GaussianNoise", "GivenNoise", "IndependentCoordinates",
    "Isotropic", "Mixture", "OrthogonalToSignal", "Sampled", "law_of_variation", "named_law",
]  # fmt: skip

Floats = NDArray[np.float64]
#: `(rng, count)` to the pre-activations `W xi` of so many fresh patches, (count, 2m).
Draw: TypeAlias = Callable[[np.random.Generator, int], Floats]
Sampler: TypeAlias = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Pre-activations `scale root g` with `g ~ N(0, I)`; scale is one of `scales` (K,), drawn with weights
    that sum to 1, `log_weights` (K,)."""

    root: Floats
    scales: Floats
    log_weights: Floats


class FreshNoise:
    """A law of noise patches in R^d."""

    #: Numbers in memory a drawn patch, given (2m, d).
    def numbers(self, width: int, d: int) -> int:
        """Numbers that one draw holds in memory."""
        return width

    def draw(self, weights: Weights) -> Draw:
        """How to draw `W xi`.

        Raises:
            ValueError: where patches must be drawn in R^d and the run has no weights there (engine "law").
        """
        raise NotImplementedError

    def mixture(self, weights: Weights) -> Mixture | None:
        """The same law as a mixture of Gaussians, for errors below 1/samples; None when it is none."""
        return None


class GaussianNoise(FreshNoise):
    """`xi = sigma S g` with `g ~ N(0, I)`."""

    sigma: float

    def root(self, weights: Weights) -> Floats:
        """A root (2m, 2m) of `(W S)(W S)^T`."""
        raise NotImplementedError

    def draw(self, weights: Weights) -> Draw:
        root = self.root(weights)
        return lambda rng, count: self.sigma * (rng.standard_normal((count, len(root))) @ root.T)

    def mixture(self, weights: Weights) -> Mixture:
        return Mixture(self.root(weights), np.array([self.sigma]), np.zeros(1))


@dataclass(frozen=True)
class Isotropic(GaussianNoise):
    """`N(0, sigma^2 I)`, the paper's."""

    sigma: float

    def root(self, weights: Weights) -> Floats:
        return weights.root()

    def __str__(self) -> str:
        return f"isotropic Gaussian, sigma {self.sigma:.4g}"


@dataclass(frozen=True)
class OrthogonalToSignal(GaussianNoise):
    """`N(0, sigma^2 (I - mu mu^T/|mu|^2))`: noise with no part along the signal (Kou et al. 2023)."""

    sigma: float

    def root(self, weights: Weights) -> Floats:
        return weights.root(off_signal=True)

    def __str__(self) -> str:
        return f"Gaussian orthogonal to mu, sigma {self.sigma:.4g}"


@dataclass(frozen=True)
class Correlated(GaussianNoise):
    """`N(0, sigma^2 diag(k^-decay))`, the eigenvalues with mean 1, along the axes."""

    sigma: float
    decay: float

    def root(self, weights: Weights) -> Floats:
        matrix = weights.matrix(str(self))
        return weights.root_of(matrix * np.sqrt(spectrum(matrix.shape[1], self.decay)))

    def __str__(self) -> str:
        return f"correlated Gaussian, sigma {self.sigma:.4g}, decay {self.decay:g}"


@dataclass(frozen=True)
class Elliptical(FreshNoise):
    """A Gaussian patch times one scale `sqrt(3/chi^2_5)`: Student's law with 5 degrees of freedom in R^d."""

    sigma: float

    def draw(self, weights: Weights) -> Draw:
        root = weights.root()

        def draw(rng: np.random.Generator, count: int) -> Floats:
            scale = self.sigma * np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM, size=(count, 1)))
            return np.asarray(scale * (rng.standard_normal((count, len(root))) @ root.T))

        return draw

    def mixture(self, weights: Weights) -> Mixture:
        """By the trapezoidal rule in `x = ln chi^2`: the density is smooth and dies out at both ends, so the
        rule errs by less than 1e-6 of the value."""
        x = np.arange(-45.0, 5.5, 0.5)
        half = FREEDOM / 2
        log_density = half * (x - math.log(2.0)) - np.exp(x) / 2 - math.lgamma(half)
        log_weights = log_density - np.log(np.exp(log_density).sum())
        return Mixture(weights.root(), self.sigma * np.sqrt((FREEDOM - 2) * np.exp(-x)), log_weights)

    def __str__(self) -> str:
        return f"elliptical, 5 degrees of freedom, sigma {self.sigma:.4g}"


@dataclass(frozen=True)
class IndependentCoordinates(FreshNoise):
    """Independent coordinates of mean 0 and variance sigma^2, of a law of `Variation` but not Gaussian."""

    kind: Noise
    sigma: float

    def numbers(self, width: int, d: int) -> int:
        return 3 * d + width

    def draw(self, weights: Weights) -> Draw:
        matrix = weights.matrix(str(self))
        return lambda rng, count: (
            draw_patches(rng, self.kind, count, matrix.shape[1]) @ (self.sigma * matrix).T
        )

    def __str__(self) -> str:
        return f"{self.kind} coordinates, sigma {self.sigma:.4g}"


@dataclass(frozen=True)
class Sampled(FreshNoise):
    """Patches drawn by the caller's own function of (generator, count): an array (count, d)."""

    sampler: Sampler

    def numbers(self, width: int, d: int) -> int:
        return 3 * d + width

    def draw(self, weights: Weights) -> Draw:
        matrix = weights.matrix(str(self))

        def draw(rng: np.random.Generator, count: int) -> Floats:
            drawn = np.asarray(self.sampler(rng, count), dtype=np.float64)
            if drawn.shape != (count, matrix.shape[1]):
                raise ValueError(
                    f"fresh_noise must return patches of shape (count, d) = ({count}, {matrix.shape[1]}), "
                    f"returned {drawn.shape}"
                )
            if not np.isfinite(drawn).all():
                raise ValueError("fresh_noise must return finite patches, returned NaN or infinity")
            return np.asarray(drawn @ matrix.T)

        return draw

    def __str__(self) -> str:
        return f"drawn by {getattr(self.sampler, '__name__', type(self.sampler).__name__)}"


#: What a caller may say: a law, its name, or a function that draws patches.
GivenNoise: TypeAlias = FreshNoise | str | Sampler


def named_law(name: str, given: GivenNoise, sigma: float, d: int) -> FreshNoise:
    """The law that argument `name` gives; `sigma` (the r.m.s. of a coordinate) is for the named ones.

    Raises:
        ValueError: for anything else.

    >>> str(named_law("noise", "isotropic", 0.5, 10))
    'isotropic Gaussian, sigma 0.5'
    """
    if isinstance(given, FreshNoise):
        return given
    if given == "isotropic":
        return Isotropic(sigma)
    if given == "orthogonal":
        return OrthogonalToSignal(sigma * math.sqrt(d / (d - 1)))
    if callable(given):
        return Sampled(given)
    raise ValueError(
        f"{name} must be 'isotropic', 'orthogonal', a function of (generator, count) that draws patches "
        f"(count, d), or a law of simulation.two_stage.fresh_noise, was {given!r}"
    )


def law_of_variation(variation: Variation, sigma: float) -> FreshNoise:
    """The law that `noise_patches` draws from, so that fresh patches are like those trained on.

    >>> from theory.two_stage.variation import Variation
    >>> str(law_of_variation(Variation("correlated", decay=1.0), 2.0))
    'correlated Gaussian, sigma 2, decay 1'
    """
    if variation.noise == "gaussian":
        return Isotropic(sigma)
    if variation.noise == "correlated":
        return Correlated(sigma, variation.decay)
    if variation.noise == "elliptical_t5":
        return Elliptical(sigma)
    return IndependentCoordinates(variation.noise, sigma)
