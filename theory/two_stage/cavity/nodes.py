"""The samples that the cavity law follows: their classes, labels, norms and weights."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.mean_field import Population

__all__ = ["Nodes", "samples"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nodes:
    """n samples in four groups: clean +1, noisy of class -1, noisy of class +1, clean -1.

    The first two are labelled +1 and belong to side j = +1 (index 0 of a side axis), the others to j = -1.
    `weight` (n,) is the share of the data set that a sample stands for, 1/n each for a data set itself.
    """

    sizes: tuple[int, int, int, int]
    weight: Floats

    @property
    def n(self) -> int:
        """Number of samples followed."""
        return sum(self.sizes)

    @property
    def groups(self) -> tuple[slice, ...]:
        """Where each group stands."""
        return tuple(slice(int(a), int(b)) for a, b in pairwise(np.cumsum([0, *self.sizes])))

    @property
    def own(self) -> tuple[slice, slice]:
        """The samples labelled +1 and -1."""
        first = self.sizes[0] + self.sizes[1]
        return slice(0, first), slice(first, self.n)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Whether side j is a sample's label's, (2, n, 1)."""
        out = np.zeros((2, self.n, 1), dtype=bool)
        for j, own in enumerate(self.own):
            out[j, own] = True
        return out

    @property
    def y(self) -> NDArray[np.int64]:
        """True labels, (n,)."""
        return np.repeat(np.array([1, -1, 1, -1]), self.sizes)

    @property
    def agree(self) -> NDArray[np.int64]:
        """`eps_i = y_i y~_i`: 1 of a clean sample, -1 of a noisy one, (n,)."""
        return np.repeat(np.array([1, -1, -1, 1]), self.sizes)


def samples(population: Population) -> Nodes:
    """Every sample of a data set with these label counts.

    >>> pop = Population(6.0, ((3, 1), (4, 2)), 1e-3, 0.1, 0.05, 20, 10**6)
    >>> samples(pop).sizes, samples(pop).y.tolist()
    ((3, 2, 1, 4), [1, 1, 1, -1, -1, 1, -1, -1, -1, -1])
    """
    (clean_plus, noisy_plus), (clean_minus, noisy_minus) = population.counts
    n = population.n
    return Nodes((clean_plus, noisy_minus, noisy_plus, clean_minus), np.full(n, 1 / n))
