r"""A Gaussian process drawn as time goes on, its covariance being the inner products of a moving vector.

Wanted are independent copies of a process U with `Cov(U(s), U(s')) = <V(s), V(s')>`, where V(s) is known only
once U has been drawn at all earlier times. With an orthonormal list `E_1 .. E_K` of the directions that V has
taken so far, and independent normals `xi_l` for every copy,

    V(s) = sum_l c_l E_l,   U(s) = sum_l c_l xi_l

is exact: drawing `xi_{K+1}` when V first leaves the span of the list is drawing U given its own past. The
list is kept short: a new direction is opened only when the part of V outside the span holds more than a share
`LEAVES` of `|V|^2`; a smaller part, or one that comes after the list is full, is added to the last
coefficient, so that the variance of U is right at every time.

Source: derived here (`docs/derivations/cavity.md`, Sampling).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAVES", "LONGEST", "CausalProcess"]

Singles = NDArray[np.float32]

#: Share of `|V|^2` outside the span from which on a new direction is opened, and most directions. With .001
#: and 8 the median stage time changes by less than .3 %.
LEAVES, LONGEST = 0.004, 5


class CausalProcess:
    """Independent standard normal copies over an array of this shape, moved by the coefficients of V.

    Args:
        shape: of one draw.
        centred: the copies sum to 0 over the first axis, each with variance 1 still.
        antithetic: copies 2 k and 2 k + 1 of the first axis are opposite.
        rotating: whether U follows the direction of V; else it keeps its first one, with the norm of V.
        longest: most directions.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        rng: np.random.Generator,
        *,
        centred: bool = False,
        antithetic: bool = False,
        rotating: bool = True,
        longest: int = LONGEST,
    ) -> None:
        self._shape, self._rng, self._centred, self._antithetic = shape, rng, centred, antithetic
        self._rotating, self._longest = rotating, longest
        self._opened = 0
        self._directions: Singles = np.empty((0, 0), np.float32)
        self._normals: Singles = np.empty((longest, math.prod(shape)), np.float32)

    def _fresh(self) -> Singles:
        x = self._rng.standard_normal(self._shape, dtype=np.float32)
        if self._antithetic:
            half = x.shape[0] // 2
            x[1 : 2 * half : 2] = -x[0 : 2 * half : 2]
        if self._centred:
            m = self._shape[0]
            x -= x.mean(axis=0)
            x *= np.float32((m / (m - 1)) ** 0.5)
        return x

    def draw(self, vector: Singles, scale: float) -> Singles | None:
        """U now, with `<V, V'> = scale * sum V V'` and V of any shape, always the same; None while V is 0.

        `vector` is used up: what is left in it has no meaning.
        """
        rest = vector.reshape(-1)
        total = scale * float(np.dot(rest, rest))
        if total <= 0.0:
            return None
        if not self._rotating:
            if not self._opened:
                self._open(None)
            fixed: Singles = np.float32(total**0.5) * self._normals[0].reshape(self._shape)
            return fixed
        known = self._opened
        if not known:
            self._directions = np.empty((self._longest, rest.size), np.float32)
        coefficients = np.zeros(known + 1)
        outside = self._project(rest, scale, coefficients)
        if not known or (outside > LEAVES * total and known < self._longest):
            # Once more: rounding of sums over all of V is not small against the part that is left.
            outside = self._project(rest, scale, coefficients)
            self._open(rest * np.float32(outside**-0.5))
            coefficients[known] = outside**0.5
        else:
            last = coefficients[known - 1]
            coefficients[known - 1] = np.copysign((last**2 + outside) ** 0.5, last)
        kept = coefficients[: self._opened].astype(np.float32)
        out: Singles = (kept @ self._normals[: self._opened]).reshape(self._shape)
        return out

    def _project(self, rest: Singles, scale: float, coefficients: NDArray[np.float64]) -> float:
        """Take what lies in the span out of `rest` and add it to the coefficients; the square left."""
        known = self._directions[: self._opened]
        found = scale * (known @ rest)
        coefficients[: self._opened] += found
        rest -= found @ known
        return scale * float(np.dot(rest, rest))

    def _open(self, direction: Singles | None) -> None:
        """A new direction with its normals."""
        if direction is not None:
            self._directions[self._opened] = direction
        self._normals[self._opened] = self._fresh().reshape(-1)
        self._opened += 1
