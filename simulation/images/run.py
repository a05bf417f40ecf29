"""One training, recorded: losses, margins and predictions of every training image at every evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ImageRun", "margins_and_losses"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ImageRun:
    """T evaluations in evaluation mode with fixed weights, n training images, k classes.

    Args:
        steps: (T,). losses: cross-entropy on the observed label, (T, n). margins: log p(observed) minus the
            largest other log p, (T, n): above 0 where the observed label is predicted.
        predictions: (T, n). test_accuracy: on true labels, (T,). val_accuracy: on observed labels, (T,);
            nan without a validation part.
        y, labels: true and observed labels, (n,). index: their places in the data set, (n,).
        k, v, u: classes, validation images, test images.
        failed: "" or what went wrong ("loss is not finite at step 40 (lr 5)"); records after it are nan.
        setting, seed, engine, dtype, clock: as every run has them; setting is None for a user's own
            training, dtype
            is that of the records: networks themselves compute in float32.
        val_flip_share: share of validation images whose observed label is wrong; nan without any.
        nearest_error: of predicting a test image by the observed label of the nearest training image; nan
            where it was not asked for.
        audit, maps: what the run's options asked for besides; None where they did not.
    """

    steps: Ints
    losses: Floats
    margins: Floats
    predictions: Ints
    test_accuracy: Floats
    val_accuracy: Floats
    y: Ints
    labels: Ints
    index: Ints
    k: int
    v: int
    u: int
    seed: int
    clock: Floats
    failed: str = ""
    setting: Any = None
    engine: str = "torch"
    dtype: str = "float64"
    control: Any = None
    val_flip_share: float = float("nan")
    nearest_error: float = float("nan")
    audit: Any = None
    maps: Any = None

    @property
    def n(self) -> int:
        """Number of training images."""
        return len(self.labels)

    @property
    def noisy(self) -> NDArray[np.bool_]:
        """Training images whose observed label is wrong, (n,)."""
        return np.asarray(self.labels != self.y)


def margins_and_losses(logits: NDArray[Any], labels: Ints) -> tuple[Floats, Floats, Ints]:
    """Margins, losses (nat) and predictions of outputs (..., n, k) on labels (n,), in float64.

    For two classes the margin is the difference f of the outputs towards the label and the loss log(1 +
    exp(-f)).
    """
    z = np.asarray(logits, dtype=np.float64)
    own = np.take_along_axis(z, np.broadcast_to(labels, z.shape[:-1])[..., None], axis=-1)[..., 0]
    others = np.array(z)
    np.put_along_axis(others, np.broadcast_to(labels, z.shape[:-1])[..., None], -np.inf, axis=-1)
    margin = own - others.max(axis=-1)
    top = others.max(axis=-1)
    rest = top + np.log(np.exp(others - top[..., None]).sum(axis=-1))
    return margin, np.logaddexp(0.0, rest - own), z.argmax(axis=-1)
