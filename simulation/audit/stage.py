"""Is there a Stage I: probes against other samples over the checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.audit.record import Record

__all__ = ["Stage", "find_stage", "rank_auroc"]

Floats = NDArray[np.float64]

#: Stage I is where the separation is at least this share of its best.
_PLATEAU = 0.95


@dataclass(frozen=True, eq=False)
class Stage:
    """Curves over T checkpoints, means over runs.

    Args:
        fit: share of other samples predicted as labelled, (T,). probes_fit: of probes, (T,).
        separation: J = fit - probes_fit, (T,); smooth: its mean over 3 checkpoints.
        auroc: chance that a probe's margin is below another sample's, (T,).
        at: checkpoint of the best smooth J. first, last: around it, J >= 95 % of that.
        se: standard error of J at the best. swing: largest J less smallest within 2 checkpoints of it.
    """

    steps: NDArray[np.int64]
    fit: Floats
    probes_fit: Floats
    separation: Floats
    smooth: Floats
    auroc: Floats
    at: int
    first: int
    last: int
    se: float
    swing: float

    @property
    def memorised_at_end(self) -> float:
        """Share of probes fit at the last checkpoint."""
        return float(self.probes_fit[-1])


def find_stage(records: Sequence[Record]) -> Stage:
    """The stage over runs with equal checkpoints.

    J(s) = P(M > 0 | other) - P(M > 0 | probe) = (1 - t - b)(TPR - FPR) of the log 2 cut: what separates
    probes best separates the unknown flips best, though their share t is unknown.
    """
    fits, caught, ranks = [], [], []
    probes = others = 0
    for record in records:
        mask = _mask(record)
        positive = record.margins > 0
        fits.append(positive[:, ~mask].mean(axis=1))
        caught.append(positive[:, mask].mean(axis=1))
        ranks.append([rank_auroc(-row, mask) for row in record.margins])
        probes, others = probes + int(mask.sum()), others + int((~mask).sum())
    fit, probes_fit = np.mean(fits, axis=0), np.mean(caught, axis=0)
    separation = fit - probes_fit
    padded = np.concatenate([separation[:1], separation, separation[-1:]])
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    at = int(smooth.argmax())
    good = smooth >= _PLATEAU * smooth[at]
    first = last = at
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(good) and good[last + 1]:
        last += 1
    window = separation[max(at - 2, 0) : at + 3]
    se = np.sqrt(fit[at] * (1 - fit[at]) / others + probes_fit[at] * (1 - probes_fit[at]) / probes)
    return Stage(
        records[0].steps, fit, probes_fit, separation, smooth, np.mean(ranks, axis=0), at, first, last,
        float(se), float(window.max() - window.min()),
    )  # fmt: skip


def _mask(record: Record) -> NDArray[np.bool_]:
    mask = np.zeros(len(record.observed), dtype=bool)
    mask[record.probes] = True
    return mask


def rank_auroc(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Probability that a positive's score is above another's, ties counting half.

    >>> rank_auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    ordered = np.sort(scores[~positive])
    below = np.searchsorted(ordered, scores[positive], side="left")
    upto = np.searchsorted(ordered, scores[positive], side="right")
    return float((below + upto).mean() / (2 * len(ordered)))
