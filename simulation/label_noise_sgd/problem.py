"""A two-layer linear network at its start and the linear map it should learn, validated; and its sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

__all__ = ["LinearProblem", "checked", "sample_problem"]

Floats = NDArray[np.float64]


def checked(name: str, value: Any, shape: tuple[int | str, ...]) -> Floats:
    """`value` as a finite float64 array; integers in `shape` are required sizes, words stand for any size.

    Raises:
        ValueError: naming the array, what it was and what is allowed.
    """
    text = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
    try:
        if np.iscomplexobj(value):
            raise TypeError("complex")
        array = np.asarray(value, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers of shape {text}") from None
    fits = array.ndim == len(shape) and all(
        size >= 1 if isinstance(want, str) else size == want
        for size, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} must have shape {text}, was {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} must be finite, holds NaN or infinity")
    return array


@dataclass(frozen=True, eq=False)
class LinearProblem:
    """`f(x) = a . W x` at its start, and the target `y = theta* . x`.

    Args:
        w_0: first layer, (m, d), a row a neuron.
        a_0: second layer, (m,).
        theta_star: target, (d,).

    Raises:
        ValueError: naming the array, for a wrong shape, no entries, NaN or infinity.

    >>> LinearProblem([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], [1.0, 0.0]).m
    2

    Source: Zhang et al. 2026, the model of a secondary note (the paper's own text was not read in full).
    """

    w_0: Floats
    a_0: Floats
    theta_star: Floats

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "w_0", checked("w_0", self.w_0, ("m", "d")))
        m, d = self.w_0.shape
        put(self, "a_0", checked("a_0", self.a_0, (m,)))
        put(self, "theta_star", checked("theta_star", self.theta_star, (d,)))

    @property
    def m(self) -> int:
        """Neurons."""
        return int(self.w_0.shape[0])

    @property
    def d(self) -> int:
        """Inputs."""
        return int(self.w_0.shape[1])

    @property
    def z_0(self) -> Floats:
        """`[W, a]`, (m, d+1)."""
        return np.concatenate([self.w_0, self.a_0[:, None]], axis=1)


def sample_problem(
    m: int, d: int, theta_star: Any = 1.0, *, scale: float | None = None, seed: int = 0
) -> LinearProblem:
    """Draw a start: w_ij ~ N(0, 1/d), a_i ~ N(0, 1/m), or N(0, scale^2) for every entry.

    Args:
        m, d: neurons and inputs, at least 1.
        theta_star: the target (d,), or its length along the first axis (nothing depends on its direction
            while inputs are isotropic).
        scale: None for the lazy ("NTK") start.
        seed: of the draws.

    Raises:
        ValueError: naming the argument.

    >>> sample_problem(3, 2, seed=1).w_0.shape
    (3, 2)
    """
    for name, size in (("m", m), ("d", d)):
        if int(size) != size or size < 1:
            raise ValueError(f"{name} must be an integer >= 1, was {size!r}")
    if scale is not None and not (scale > 0 and np.isfinite(scale)):
        raise ValueError(f"scale must be > 0 and finite, or None, was {scale!r}")
    target = np.asarray(theta_star, dtype=np.float64)
    if target.ndim == 0:
        target = np.concatenate([[float(target)], np.zeros(d - 1)])
    z = generator(seed, "label_noise_sgd.start").standard_normal((m, d + 1))
    w, a = z[:, :d], z[:, d]
    if scale is None:
        return LinearProblem(w / np.sqrt(d), a / np.sqrt(m), target)
    return LinearProblem(scale * w, scale * a, target)
