"""Observed labels of a real noisy data set: a .npy or .csv file, or CIFAR-10N's .pt; in the order of the
images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulation.files import DataError, read_labels
from simulation.images.images import Images
from simulation.images.sources.human_labels import read_pt

__all__ = ["with_observed"]


def with_observed(images: Images, path: Path, key: str = "worse_label") -> Images:
    """The images with the observed labels of a file; its own true labels, where it has any, must agree.

    Raises:
        DataError: wrong length, an unknown label, or labels in another order than the images.
    """
    if path.suffix == ".pt":
        arrays = read_pt(path, key)
        observed, clean = arrays[key], arrays.get("clean_label")
    else:
        observed, clean = _numbered(read_labels(path).astype(str).tolist(), images, path), None
    if len(observed) != images.n:
        raise DataError(f"{path} has {len(observed)} labels for {images.n} images")
    if clean is not None and not (len(clean) == images.n and np.array_equal(clean, images.y)):
        raise DataError(f"{path}: labels are in another order than the images (its clean_label differs)")
    return images.with_observed(observed)


def _numbered(labels: list[str], images: Images, path: Path) -> NDArray[np.int64]:
    number = {name: label for label, name in enumerate(images.class_names)}
    unknown = next((label for label in labels if label not in number), None)
    if unknown is not None:
        raise DataError(
            f"{path}: label {unknown!r} is no class; there are: {', '.join(images.class_names[:20])}"
        )
    return np.array([number[label] for label in labels], dtype=np.int64)
