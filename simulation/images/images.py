"""Labelled images as arrays, checked when they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError

__all__ = ["MIN_PER_CLASS", "Images", "choose_classes"]

#: Fewer images of a class than this say nothing about it.
MIN_PER_CLASS = 20

Ints = NDArray[np.int64]
Pixels = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Images:
    """Images with labels 0..k-1; a part set aside for tests where the data set has one.

    Args:
        x: pixels in [0, 1], (n, C, H, W), float32.
        y: labels, (n,). True labels where the source vouches for them, else the labels as given.
        source: where they come from, in words.
        class_names: one a class; the label c has the name `class_names[c]`.
        y_observed: observed labels, (n,), where they differ from `y` for some images; None: no flips known.
        x_test, y_test: the data set's own test part; None: it has none, and `split` makes one.
        files: the file that each image comes from, (n,); empty where images have no file of their own.

    Raises:
        DataError: naming the array.
    """

    x: Pixels
    y: Ints
    source: str
    class_names: tuple[str, ...]
    y_observed: Ints | None = None
    x_test: Pixels | None = None
    y_test: Ints | None = None
    files: tuple[str, ...] = field(default=(), compare=False)
    digest: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", _pixels("x", self.x))
        object.__setattr__(self, "y", self._labels("y", self.y, len(self.x)))
        if self.y_observed is not None:
            object.__setattr__(self, "y_observed", self._labels("y_observed", self.y_observed, len(self.x)))
        if (self.x_test is None) != (self.y_test is None):
            raise DataError("x_test and y_test must be given together")
        if self.x_test is not None:
            object.__setattr__(self, "x_test", _pixels("x_test", self.x_test))
            object.__setattr__(self, "y_test", self._labels("y_test", self.y_test, len(self.x_test)))
            if self.x_test.shape[1:] != self.x.shape[1:]:
                raise DataError(
                    f"x_test has images of shape {self.x_test.shape[1:]}, x of {self.x.shape[1:]}"
                )
        if self.files and len(self.files) != len(self.x):
            raise DataError(f"files must name one file an image, names {len(self.files)} for {len(self.x)}")
        if len(self.class_names) < 2:
            raise DataError(f"there must be at least 2 classes, found {len(self.class_names)}")
        counts = np.bincount(self.y, minlength=len(self.class_names))
        if counts.min() < MIN_PER_CLASS:
            worst = int(counts.argmin())
            raise DataError(
                f"class {self.class_names[worst]!r} has {counts[worst]} images; at least {MIN_PER_CLASS} "
                "are needed"
            )
        if not self.digest:
            object.__setattr__(self, "digest", self._digest())

    def _labels(self, name: str, values: NDArray[np.generic] | None, length: int) -> Ints:
        labels = np.asarray(values)
        if labels.shape != (length,):
            raise DataError(f"{name} must have shape ({length},), one label an image, has {labels.shape}")
        if not np.issubdtype(labels.dtype, np.integer):
            raise DataError(f"{name} must hold whole numbers, has {labels.dtype}")
        if length and not (labels.min() >= 0 and labels.max() < len(self.class_names)):
            raise DataError(
                f"{name} must lie in 0..{len(self.class_names) - 1}, has {labels.min()}..{labels.max()}"
            )
        return labels.astype(np.int64)

    def _digest(self) -> str:
        whole = sha256(repr((self.x.shape, self.class_names)).encode())
        for array in (self.x, self.y, self.y_observed, self.x_test, self.y_test):
            whole.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()[:16]

    @property
    def n(self) -> int:
        """Number of images outside the test part."""
        return len(self.y)

    @property
    def k(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def labels(self) -> Ints:
        """The labels a network is trained on: the observed ones where there are any."""
        return self.y if self.y_observed is None else self.y_observed

    @cached_property
    def noisy(self) -> NDArray[np.bool_]:
        """Images whose observed label is not the true one, (n,)."""
        return np.asarray(self.labels != self.y)

    def with_observed(self, observed: Ints) -> Images:
        """The same images with these observed labels."""
        return replace(self, y_observed=observed, digest="")


def _pixels(name: str, values: NDArray[np.generic]) -> Pixels:
    array = np.asarray(values)
    if array.ndim != 4:
        raise DataError(f"{name} must have shape (n, C, H, W), has {array.shape}")
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{name} must hold floating-point pixels, has {array.dtype}")
    if not np.isfinite(array).all():
        raise DataError(f"{name} must hold finite numbers, has NaN or infinity")
    return np.ascontiguousarray(array, dtype=np.float32)


def choose_classes(images: Images, names: Sequence[str]) -> Images:
    """Only the images of the named classes, whose labels become 0, 1, ... in the order named.

    Raises:
        DataError: fewer than two names, a name twice, or a class that is not there.
    """
    wanted = [str(name) for name in names]
    if len(wanted) < 2 or len(set(wanted)) < len(wanted):
        raise DataError(f"classes must be at least 2 different names, was {','.join(wanted)!r}")
    for name in wanted:
        if name not in images.class_names:
            raise DataError(f"class {name!r} is not in the data; there are: {', '.join(images.class_names)}")
    new = np.full(images.k, -1)
    for label, name in enumerate(wanted):
        new[images.class_names.index(name)] = label
    inside = new[images.y] >= 0
    if images.y_observed is not None:
        # An observed label outside the chosen classes belongs to none of them: such an image is left out.
        inside &= new[images.y_observed] >= 0
    tested = None if images.y_test is None else new[images.y_test] >= 0
    return Images(
        images.x[inside],
        new[images.y[inside]],
        images.source,
        tuple(wanted),
        None if images.y_observed is None else new[images.y_observed[inside]],
        None if tested is None or images.x_test is None else images.x_test[tested],
        None if tested is None or images.y_test is None else new[images.y_test[tested]],
        tuple(images.files[i] for i in np.flatnonzero(inside)) if images.files else (),
    )
