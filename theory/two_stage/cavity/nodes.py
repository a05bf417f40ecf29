"""The samples that the cavity law follows: their classes, labels and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.mean_field.mean_field import Population

__all__ = ["Nodes", "samples"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Nodes:
    """n samples in R replicates. `y` are true labels; `agree` is `eps_i = y_i y~_i`, 1 of a clean sample and
    -1 of a noisy one: (n, R), or (n, 1) where all replicates have the same labels.

    `weight` (n,) is the share of the data set that a sample stands for, 1/n each for a data set itself.
    """

    y: Ints
    agree: Ints
    weight: Floats

    @property
    def n(self) -> int:
        """Number of samples followed."""
        return len(self.weight)

    @cached_property
    def labelled(self) -> Bools:
        """Whether side j (index 0 is +1) is a sample's label's, (2, n, R)."""
        plus = self.y * self.agree > 0
        return np.stack([plus, ~plus])

    @cached_property
    def classes(self) -> Bools:
        """Whether a sample is of class +1, of class -1, (2, n, R)."""
        return np.stack([self.y > 0, self.y < 0])

    def of_label(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """By side -> the side of each sample's label; index 0 of `values` is side +1."""
        return np.asarray(np.where(self.labelled[0], values[0], values[1]))


def samples(*populations: Population) -> Nodes:
    """Every sample of data sets with these label counts, a replicate each (one for all where there is one).

    Clean samples of class +1 come first, then noisy ones of class -1, noisy of +1, clean of -1.

    >>> pop = Population(6.0, ((3, 1), (4, 2)), 1e-3, 0.1, 0.05, 20, 10**6)
    >>> nodes = samples(pop)
    >>> nodes.y[:, 0].tolist(), nodes.labelled[0, :, 0].sum()
    ([1, 1, 1, -1, -1, 1, -1, -1, -1, -1], np.int64(5))
    """

    def columns(values: Sequence[int]) -> Ints:
        return np.stack([np.repeat(np.array(values), _groups(p)) for p in populations], axis=1)

    n = populations[0].n
    return Nodes(columns((1, -1, 1, -1)), columns((1, -1, -1, 1)), np.full(n, 1 / n))


def _groups(population: Population) -> tuple[int, int, int, int]:
    (clean_plus, noisy_plus), (clean_minus, noisy_minus) = population.counts
    return clean_plus, noisy_minus, noisy_plus, clean_minus
