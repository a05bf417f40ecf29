"""Thresholds of the claims on images, set once on a development block before any judged run.

The block: 128 runs of digits pairs (3v8, 4v9, 1v7; flip rate uniform in [.1, .3]; 214 training images), seeds of
purpose "images.development", which no experiment uses. A threshold is the .02 quantile of the block (.98 for costs)
less a tenth of its distance to 1/2. `tests/papers/images/test_thresholds.py` holds the block's figures and
computes the thresholds again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "COST_ACC",
    "COST_VAL",
    "DECLINE",
    "EARLY_RANKS",
    "MEMORISED",
    "NO_NOISE",
    "PRECISION",
    "RECALL",
    "TRUE_SHARE",
    "threshold",
]

#: At stop acc at least this share of noisy images is predicted as its true label.
TRUE_SHARE = 0.75
#: At the end at least this share of noisy images is predicted as its observed label.
MEMORISED = 0.95
#: Test accuracy at stop acc less at the end, flip rate at least .2.
DECLINE = 0.03
#: Without noise the best test accuracy less the last: the size of the decline that noise must exceed.
NO_NOISE = 0.03
#: Precision and recall of the log 2 cut at stop acc.
PRECISION = 0.89
RECALL = 0.89
#: AUROC of the loss at stop acc less at the end, flip rate at least .2.
EARLY_RANKS = 0.13
#: Best test accuracy less that at the stop by training accuracy, and (flip rate at most .2) by validation accuracy.
COST_ACC = 0.15
COST_VAL = 0.20


def threshold(values: ArrayLike, *, upper: bool = False) -> float:
    """The .02 quantile (.98 where `upper`) less (plus) a tenth of its distance to 1/2.

    >>> round(threshold([0.6] * 100), 3), round(threshold([0.1] * 100, upper=True), 3)
    (0.59, 0.14)
    """
    quantile = float(np.quantile(np.asarray(values, dtype=np.float64), 0.98 if upper else 0.02))
    step = 0.1 * abs(quantile - 0.5)
    return quantile + step if upper else quantile - step
