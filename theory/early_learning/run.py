"""What claims on the mixture model measure: a run as its engines give it back."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from theory.early_learning.setting import MixtureSetting

__all__ = ["MixtureRun"]

Floats = NDArray[np.float64]


class MixtureRun(Protocol):
    """A run at its T recorded steps on n examples; clocks are training times `tau = eta t`."""

    @property
    def setting(self) -> MixtureSetting: ...
    @property
    def seed(self) -> int: ...
    @property
    def engine(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def steps(self) -> NDArray[np.int64]:
        """Recorded steps, (T,)."""

    @property
    def clock(self) -> Floats:
        """Training times of the records, (T,)."""

    @property
    def s(self) -> Floats:
        """+1 for a right label, -1 for a wrong one, (n,)."""

    @property
    def share(self) -> float:
        """Realised share of wrong labels."""

    @property
    def f(self) -> Floats:
        """Margins towards the true sign, (T, n)."""

    @property
    def coefficients(self) -> Floats:
        """`c = eta sum F`, (T, n)."""

    @property
    def a(self) -> Floats:
        """`theta . v`, (T,)."""

    @property
    def noise_norm(self) -> Floats:
        """Length of theta orthogonal to v, (T,)."""

    @property
    def cosine(self) -> Floats:
        """Cosine of theta with v, (T,); 0 where theta is 0."""

    @property
    def displacement(self) -> Floats:
        """`|theta - theta_0|`, (T,)."""

    @property
    def gradient_cosine(self) -> Floats:
        """Cosine of minus the gradient of the cross entropy with v, (T,)."""

    @property
    def largest_eigenvalue(self) -> float:
        """Of K; gradient descent on the cross entropy is stable for eta below 8 over it."""

    @property
    def mean_wrong(self) -> Floats:
        """Mean margin of the wrongly labelled examples, (T,)."""

    @property
    def mean_clean(self) -> Floats:
        """Mean margin of the rightly labelled examples, (T,)."""

    @property
    def median_wrong(self) -> Floats:
        """Median margin of the wrongly labelled examples, (T,)."""

    @property
    def memorised(self) -> Floats:
        """Share of wrong labels that are fitted, (T,)."""

    @property
    def accuracy_wrong(self) -> Floats:
        """`A_W`, (T,)."""

    @property
    def accuracy_clean(self) -> Floats:
        """`A_C`, (T,)."""

    @property
    def test_accuracy(self) -> Floats:
        """Exact accuracy on a new example, (T,)."""

    @property
    def train_loss(self) -> Floats:
        """Mean cross entropy on the observed labels, (T,)."""

    def at(self, clock: float) -> int:
        """Index of the first record whose clock is at least this (the last if none)."""

    def near(self, clock: float) -> int:
        """Index of the record whose clock is nearest to this."""

    def time_of(self, values: Floats, level: float, direction: Literal["up", "down"]) -> float:
        """Training time at which values (T,) first cross a level in a direction, interpolated; inf if never.

        "down" looks after the values' first rise above the level.
        """

    def rates(self, share: float) -> tuple[float, float]:
        """Mean growth of the coefficients per unit of training time over the last `share` of the run: of
        right and of wrong labels."""

    #: Set by the solvers: whether the labels are separable; the hard margin's |w|^2, share of support vectors
    #: and cosine with v.
    separable: bool
    hard_margin: Any
    #: Set by the engine "three_ways": margins f and coefficients on the same inputs by the engines "dual" and
    #: "two_row", (T, n) each.
    ways: Any
