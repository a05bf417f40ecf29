r"""The adaptive stop: keep the checkpoint at which the sorted losses are parted most widely.

A practitioner sees n losses and no labels' truth. In Stage I they fall into two heaps, clean samples below
log 2 and flipped ones above it, and the gap between the heaps grows and closes again. Two readings of "the
largest gap of the sorted losses":

* **at log 2**: between the largest loss below log 2 and the smallest one above it, in margins
  `z = -ln(e^loss - 1)`, where log 2 is 0 (0 where all samples lie on one side);
* **anywhere**: between any two neighbours, in losses.

A checkpoint is kept whenever the gap is a new largest one. Training ends at the first checkpoint whose gap is
below `CLOSED` of it, so that late stragglers, which part the losses again, are not waited for. The second
reading does not need that rule, nor does it help: there stragglers are the trouble from the start.

What it guarantees: at a stop with Theorem 4.1's event nothing is memorised, and by the memorisation law
(`docs/derivations/test_errors.md`) the D_test error there, and with it the regret, is the share of clean
samples whose noise outweighs the signal against it, over 2.

Source: derived here (`docs/questions.md`, When to stop).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLOSED", "gap_at_log_2", "gap_kept", "widest_gap"]

Floats = NDArray[np.float64]

#: A gap below half of the largest one has closed.
CLOSED = 0.5


def gap_at_log_2(margins: Floats) -> float:
    """Smallest margin above 0 minus the largest one at or below it; 0 where all lie on one side.

    >>> gap_at_log_2(np.array([2.0, -0.5, 0.5, -3.0])), gap_at_log_2(np.array([1.0, 2.0]))
    (1.0, 0.0)
    """
    fit = margins > 0
    if fit.all() or not fit.any():
        return 0.0
    return float(margins[fit].min() - margins[~fit].max())


def widest_gap(margins: Floats) -> float:
    """Largest difference of neighbours among the sorted losses `log(1 + e^-margin)`.

    >>> round(widest_gap(np.array([5.0, 4.0, -1.0, -1.2])), 3)
    1.295
    """
    return float(np.max(np.diff(np.sort(np.logaddexp(0.0, -margins)))))


def gap_kept(gaps: Floats, closed: float = CLOSED) -> int:
    """Index of the checkpoint kept: of the largest gap before one falls below `closed` times it.

    >>> gap_kept(np.array([1.0, 3.0, 2.0, 1.4, 9.0])), gap_kept(np.array([1.0, 3.0, 2.0, 1.6, 9.0]))
    (1, 4)
    """
    best = 0
    for k in range(1, len(gaps)):
        if gaps[k] > gaps[best]:
            best = k
        elif gaps[k] < closed * gaps[best]:
            break
    return best
