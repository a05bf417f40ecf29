"""What a claim on images may ask of a run."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from theory.run import Run

__all__ = ["ImageRun"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ImageRun(Run, Protocol):
    """One training: T evaluations in evaluation mode, n training images, k classes."""

    @property
    def steps(self) -> Ints:
        """Evaluated steps, (T,), the first 0, the last the run's length."""

    @property
    def clock(self) -> Floats:
        """The same in epochs, (T,)."""

    @property
    def losses(self) -> Floats:
        """Cross-entropy on the observed label in nat, (T, n)."""

    @property
    def margins(self) -> Floats:
        """log p(observed) minus the largest other log p, (T, n)."""

    @property
    def predictions(self) -> Ints:
        """Predicted classes of the training images, (T, n)."""

    @property
    def test_accuracy(self) -> Floats:
        """On true labels of images apart, (T,)."""

    @property
    def val_accuracy(self) -> Floats:
        """On observed labels of images apart, (T,)."""

    @property
    def y(self) -> Ints:
        """True labels of the training images, (n,)."""

    @property
    def labels(self) -> Ints:
        """Observed labels, (n,)."""

    @property
    def k(self) -> int:
        """Classes."""

    @property
    def v(self) -> int:
        """Validation images."""

    @property
    def val_flip_share(self) -> float:
        """Share of validation images whose observed label is wrong; nan without any."""

    @property
    def u(self) -> int:
        """Test images."""

    @property
    def failed(self) -> str:
        """ "" or what went wrong in the training."""

    @property
    def audit(self) -> Any:
        """What an audit of the training said, beside the truth; None where none was asked for."""

    @property
    def maps(self) -> Any:
        """Cosines between each image's attribution maps early and at the end; None where none were asked
        for."""
