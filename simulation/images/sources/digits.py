"""The 1,797 grey 8x8 digits that scikit-learn ships (test part of UCI's optical digits; CC BY 4.0).

The file follows its 13 writers and a random split puts one writer on both sides: test accuracies are
optimistic.
"""

from __future__ import annotations

import numpy as np

from simulation.files import bundled_digits, digits_missing
from simulation.images.errors import MissingData
from simulation.images.images import Images

__all__ = ["load_digits"]


def load_digits() -> Images:
    """All ten classes, pixels 0..16 scaled to [0, 1].

    Raises:
        MissingData: scikit-learn, or its file of digits, is not here.
    """
    why = digits_missing()
    if why is not None:
        raise MissingData(f"{why}: pip install scikit-learn")
    pixels, labels = bundled_digits()
    x = (pixels / 16.0).reshape(-1, 1, 8, 8).astype(np.float32)
    return Images(x, labels.copy(), "scikit-learn digits", tuple("0123456789"))
