"""What a training run on labelled images says: fits, stage times, stops, selection, ranking.

All functions take a run (see `theory.images.run`) whose records are made in evaluation mode at fixed weights.
"Clean" and "noisy" images have an observed label that equals, or differs from, the true one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from theory.images.run import ImageRun

__all__ = [
    "LOG2",
    "auroc",
    "average_margin",
    "clean_fit",
    "flip_share",
    "memorised",
    "oracle",
    "selection",
    "stop_acc",
    "stop_val",
    "t_clean",
    "t_half",
    "training_accuracy",
    "true_share",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Loss of a two-class network at margin 0: below it the observed label is predicted.
LOG2 = math.log(2.0)


def _share(hits: Bools, who: Bools) -> Floats:
    chosen = hits[:, who]
    return np.asarray(chosen.mean(axis=1) if who.any() else np.full(len(hits), np.nan))


def flip_share(run: ImageRun) -> float:
    """Realised flip rate tau^: share of training images whose observed label is wrong."""
    return float(np.mean(run.labels != run.y))


def _noisy(run: ImageRun) -> Bools:
    return np.asarray(run.labels != run.y)


def clean_fit(run: ImageRun) -> Floats:
    """Share of clean training images predicted as labelled, (T,)."""
    return _share(run.predictions == run.labels, ~_noisy(run))


def memorised(run: ImageRun) -> Floats:
    """Share of noisy training images predicted as their observed (wrong) label, (T,)."""
    return _share(run.predictions == run.labels, _noisy(run))


def true_share(run: ImageRun) -> Floats:
    """Share of noisy training images predicted as their true label, (T,)."""
    return _share(run.predictions == run.y, _noisy(run))


def training_accuracy(run: ImageRun) -> Floats:
    """Share of training images predicted as labelled, (T,): what a user sees."""
    return np.asarray((run.predictions == run.labels).mean(axis=1))


def t_clean(run: ImageRun, share: float = 0.95) -> float:
    """First evaluation with clean fit >= share, in steps; inf if there is none."""
    reached = np.flatnonzero(clean_fit(run) >= share)
    return float(run.steps[reached[0]]) if len(reached) else math.inf


def t_half(run: ImageRun) -> float:
    """First evaluation from which on memorised >= 1/2, in steps; inf if there is none."""
    below = np.flatnonzero(~(memorised(run) >= 0.5))
    first = int(below[-1]) + 1 if len(below) else 0
    return float(run.steps[first]) if first < len(run.steps) else math.inf


def stop_acc(run: ImageRun, rate: float | None = None) -> int:
    """Number of the first evaluation with training accuracy >= 1 - rate; the last if there is none.

    Args:
        rate: the flip rate, known or estimated; None: the realised one.
    """
    target = 1.0 - (flip_share(run) if rate is None else rate)
    reached = np.flatnonzero(training_accuracy(run) >= target - 1e-12)
    return int(reached[0]) if len(reached) else len(run.steps) - 1


def stop_val(run: ImageRun) -> int:
    """Number of the evaluation with the best validation accuracy on observed labels, median of 3; the first
    of equals.

    Raises:
        ValueError: the run has no validation part.
    """
    if not run.v:
        raise ValueError("the run has no validation images")
    padded = np.concatenate([run.val_accuracy[:1], run.val_accuracy, run.val_accuracy[-1:]])
    smooth = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return int(smooth.argmax())


def oracle(run: ImageRun) -> int:
    """Number of the evaluation with the best test accuracy: uses true test labels, no rule may."""
    return int(run.test_accuracy.argmax())


def selection(run: ImageRun, at: int) -> tuple[float, float]:
    """Precision and recall of keeping images with loss < log 2: clean share of the kept, kept share of the
    clean.

    Precision is 0 where nothing is kept.
    """
    kept = run.losses[at] < LOG2
    clean = ~_noisy(run)
    return (float(clean[kept].mean()) if kept.any() else 0.0), float(kept[clean].mean())


def auroc(scores: Floats, positive: Bools) -> float:
    """Probability that a positive's score is above a negative's, ties counting half.

    Raises:
        ValueError: no positives or no negatives.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    from scipy.stats import rankdata

    p, q = int(positive.sum()), int((~positive).sum())
    if not p or not q:
        raise ValueError("auroc needs positives and negatives")
    ranks = rankdata(scores)
    return float((ranks[positive].sum() - p * (p + 1) / 2) / (p * q))


def average_margin(run: ImageRun, until: int | None = None) -> Floats:
    """Mean margin of each training image over the evaluations up to one (Pleiss's AUM), (n,)."""
    return np.asarray(run.margins[: None if until is None else until + 1].mean(axis=0))
