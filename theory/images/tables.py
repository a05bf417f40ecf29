"""Tables of the runs behind the claims on images, written as csv by the core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from theory.images.experiments import RUNS
from theory.images.measures import (
    clean_fit,
    flip_share,
    memorised,
    oracle,
    selection,
    stop_acc,
    stop_val,
    t_clean,
    t_half,
    training_accuracy,
    true_share,
)
from theory.table import Table

__all__ = ["CURVE_COLUMNS", "STOP_COLUMNS", "TABLES", "curve_rows", "stop_rows"]

CURVE_COLUMNS = (
    "seed",
    "step",
    "clean_fit",
    "memorised",
    "true_share",
    "train_accuracy",
    "val_accuracy",
    "test_accuracy",
    "loss",
)
STOP_COLUMNS = (
    "seed", "flip_rate", "t_clean", "t_half", "rule", "step", "test_accuracy", "cost", "precision", "recall",
)  # fmt: skip


def curve_rows(run: Any) -> Iterable[Mapping[str, Any]]:
    """One row an evaluation."""
    columns = (
        run.steps, clean_fit(run), memorised(run), true_share(run), training_accuracy(run), run.val_accuracy,
        run.test_accuracy, run.losses.mean(axis=1),
    )  # fmt: skip
    for values in zip(*(np.asarray(c).tolist() for c in columns), strict=True):
        yield dict(zip(CURVE_COLUMNS, (run.seed, *values), strict=True))


def stop_rows(run: Any) -> Iterable[Mapping[str, Any]]:
    """One row a stopping rule; `oracle` uses true test labels and is no rule."""
    rules = {"acc": stop_acc(run), "oracle": oracle(run), "end": len(run.steps) - 1}
    if run.v:
        rules["val"] = stop_val(run)
    best = float(run.test_accuracy.max())
    for rule, at in rules.items():
        precision, recall = selection(run, at)
        accuracy = float(run.test_accuracy[at])
        values = (
            run.seed,
            flip_share(run),
            t_clean(run),
            t_half(run),
            rule,
            int(run.steps[at]),
            accuracy,
            best - accuracy,
            precision,
            recall,
        )
        yield dict(zip(STOP_COLUMNS, values, strict=True))


TABLES: tuple[Table, ...] = (
    Table("curves", CURVE_COLUMNS, RUNS, curve_rows),
    Table("stops", STOP_COLUMNS, RUNS, stop_rows),
)
