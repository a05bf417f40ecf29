"""Scikit-learn's 8x8 digits with noisy labels, split by seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulation.files import bundled_digits
from theory.early_learning.digits_setting import DigitsSetting
from theory.rng import generator

__all__ = ["CLASSES", "Digits", "load_digits", "noisy_labels"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

CLASSES = 10
_TRAIN = 1000
#: Class-dependent noise: pairs of digits that look alike; other classes stay clean.
_CONFUSED = {3: 8, 8: 3, 7: 1, 9: 3, 5: 6}


@dataclass(frozen=True, eq=False)
class Digits:
    """A split: images (N, 64) standardised by one global mean and deviation, true and noisy labels."""

    train: Floats
    test: Floats
    true: Ints
    noisy: Ints
    test_true: Ints

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Training images whose label is wrong, (n,)."""
        return np.asarray(self.noisy != self.true)


@cache
def _images() -> tuple[Floats, Ints]:
    pixels, labels = bundled_digits()
    x = pixels.astype(np.float32)
    # One mean and deviation for all pixels: it is the scaling that reproduces the published behaviour.
    return (x - x.mean()) / x.std(), labels


def noisy_labels(true: Ints, setting: DigitsSetting, seed: int, purpose: str = "digits.noise") -> Ints:
    """Labels with noise: exactly `rate n` redrawn uniformly over all classes, or flipped within fixed
    pairs."""
    draws = generator(seed, purpose)
    noisy = true.copy()
    if setting.noise == "symmetric":
        chosen = draws.permutation(len(true))[: round(setting.rate * len(true))]
        noisy[chosen] = draws.integers(0, CLASSES, len(chosen))
        return noisy
    for k in np.nonzero(np.isin(true, list(_CONFUSED)))[0]:
        if draws.random() < setting.rate:
            noisy[k] = _CONFUSED[int(true[k])]
    return noisy


def load_digits(setting: DigitsSetting, seed: int) -> Digits:
    """The split and noise of one run."""
    x, y = _images()
    order = generator(seed, "digits.split").permutation(len(y))
    train, test = order[:_TRAIN], order[_TRAIN:]
    return Digits(x[train], x[test], y[train], noisy_labels(y[train], setting, seed), y[test])
