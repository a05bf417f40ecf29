"""Training, validation and test parts; drawn from their own stream, so flips and weights do not move them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError
from simulation.images.images import Images
from theory.rng import generator

__all__ = ["Parts", "split"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Parts:
    """Indices into `images.x`; `test` is None where the data set has its own test part."""

    train: Ints
    validation: Ints
    test: Ints | None


def split(images: Images, *, n: int = 0, validation: float = 0.2, test: float = 0.25, seed: int) -> Parts:
    """A random split: `test` of all images (where there is no test part), then `validation` of the rest.

    Args:
        n: number of training images; 0: as many as there are. With n given, the validation part keeps its
            share (n validation/(1 - validation), rounded) and what is left over is tested on, where there is
            no test part.
        validation: share of validation images among training and validation together, in [0, 1/2].
        test: share of test images, where there is no test part and n is 0.

    Raises:
        DataError: too few images, or a part without one of the classes.
    """
    if not 0 <= validation <= 0.5:
        raise DataError(f"validation must lie in [0, 0.5], was {validation}")
    order = generator(seed, "images.split").permutation(images.n)
    own_test = images.x_test is not None
    if n:
        held = round(n * validation / (1 - validation))
        left = images.n - n - held
        if left < (0 if own_test else 20):
            raise DataError(f"n must be at most {images.n} less validation and test images, was {n}")
        train, held_out, rest = order[:n], order[n : n + held], order[n + held :]
    else:
        tested = 0 if own_test else round(test * images.n)
        held = round(validation * (images.n - tested))
        train, held_out, rest = np.split(order, [images.n - tested - held, images.n - tested])
    parts = Parts(np.sort(train), np.sort(held_out), None if own_test else np.sort(rest))
    for name, part in (("training", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if part is not None and len(part) and len(np.unique(images.y[part])) < images.k:
            raise DataError(
                f"the {name} part ({len(part)} images) lacks a class; give more images or a larger share"
            )
    return parts
