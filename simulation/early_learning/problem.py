"""A concrete data set of the mixture model, validated; and its sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.early_learning.setting import MixtureSetting
from theory.rng import generator

__all__ = ["MixtureProblem", "draw_signs", "draw_start", "sample_problem"]

Floats = NDArray[np.float64]

#: Larger arrays of inputs are refused: the engine that draws Gram matrices in law needs none.
_MAX_BYTES = 4 * 2**30


def _array(name: str, value: Any, ndim: int, shape: str) -> Floats:
    try:
        if np.iscomplexobj(value):
            raise TypeError("complex")
        array = np.asarray(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers of shape {shape}") from None
    if array.ndim != ndim:
        raise ValueError(f"{name} must have shape {shape}, was {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, holds NaN or infinity")
    return array


def _signs(name: str, value: Any, n: int) -> Floats:
    array = _array(name, value, 1, "(n,)")
    if array.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},) to match x, was {array.shape}")
    if not np.all(np.abs(array) == 1.0):
        raise ValueError(f"{name} must hold only -1 and +1, holds {array[np.abs(array) != 1.0][0]:g}")
    return array


@dataclass(frozen=True, eq=False)
class MixtureProblem:
    """Training data of the two-class mixture.

    Args:
        x: inputs, (n, p).
        e, e_observed: true and observed signs in {-1, +1}, (n,).
        v: unit vector between the classes, (p,).
        sigma: noise of a coordinate where it is known; the exact test accuracy needs it.
        setting: what the problem was sampled from, if it was.

    Raises:
        ValueError: naming the array, for a wrong shape, NaN, signs outside {-1, +1} or a v of another length.

    Source: Liu et al. 2020, section 3.
    """

    x: Floats
    e: Floats
    e_observed: Floats
    v: Floats
    sigma: float | None = None
    setting: MixtureSetting | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "x", _array("x", self.x, 2, "(n, p)"))
        n, p = self.x.shape
        if n < 1 or p < 1:
            raise ValueError(f"x must hold at least one example and one coordinate, was {self.x.shape}")
        put(self, "e", _signs("e", self.e, n))
        put(self, "e_observed", _signs("e_observed", self.e_observed, n))
        put(self, "v", _array("v", self.v, 1, "(p,)"))
        if self.v.shape != (p,):
            raise ValueError(f"v must have shape ({p},) to match x, was {self.v.shape}")
        if abs(float(self.v @ self.v) - 1.0) > 1e-9:
            raise ValueError(f"v must have length 1, was {float(np.linalg.norm(self.v)):g}")
        if self.sigma is not None and not self.sigma > 0.0:
            raise ValueError(f"sigma must be > 0 or None, was {self.sigma!r}")

    @property
    def s(self) -> Floats:
        """+1 where the observed sign is the true one, -1 where it was flipped, (n,)."""
        return self.e * self.e_observed


def draw_signs(setting: MixtureSetting, seed: int) -> tuple[Floats, Floats]:
    """True signs e and agreements s of one run, (n,) each; s by exact count or by independent flips."""
    e = np.where(generator(seed, "mixture.signs").random(setting.n) < 0.5, -1.0, 1.0)
    s = np.ones(setting.n)
    flips = generator(seed, "mixture.flips")
    if setting.flips == "exact":
        s[flips.permutation(setting.n)[: setting.wrong]] = -1.0
    else:
        s[flips.random(setting.n) < setting.flip_rate] = -1.0
    return e, s


def draw_start(setting: MixtureSetting, v: Floats, seed: int) -> Floats:
    """Initial vector of length `setting.start`, uniform on the sphere orthogonal to v, (p,)."""
    if setting.start == 0.0:
        return np.zeros(setting.p)
    raw = generator(seed, "mixture.start").standard_normal(setting.p)
    raw -= (raw @ v) * v
    return setting.start * raw / np.linalg.norm(raw)


def sample_problem(setting: MixtureSetting, seed: int) -> MixtureProblem:
    """Data of a setting with real p-dimensional inputs.

    Raises:
        ValueError: naming p, when the inputs would not fit; use the engine "dual", which needs none.

    >>> s = MixtureSetting(n=10, p=4, sigma=.5, flip_rate=.2, eta=.1)
    >>> int((sample_problem(s, seed=0).s < 0).sum())
    2
    """
    if 8 * setting.n * setting.p > _MAX_BYTES:
        raise ValueError(
            f"p = {setting.p} with n = {setting.n} needs arrays above {_MAX_BYTES >> 30} GiB; train the "
            'setting with engine="dual", which forms no p-vector'
        )
    e, s = draw_signs(setting, seed)
    raw = generator(seed, "mixture.direction").standard_normal(setting.p)
    v = raw / np.linalg.norm(raw)
    x = generator(seed, "mixture.noise").standard_normal((setting.n, setting.p))
    x *= setting.sigma
    x += v
    x *= e[:, None]
    return MixtureProblem(x, e, e * s, v, setting.sigma, setting)
