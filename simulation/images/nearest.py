"""Prediction by the nearest training image: what memorising labels amounts to without a network."""

from __future__ import annotations

import numpy as np

from simulation.images.task import Task

__all__ = ["nearest_error"]


def nearest_error(task: Task, chunk: int = 256) -> float:
    """Error on true test labels of predicting the observed label of the nearest training image
    (Euclidean)."""
    train = task.x.reshape(len(task.x), -1).astype(np.float64)
    test = task.x_test.reshape(len(task.x_test), -1).astype(np.float64)
    norms = (train**2).sum(axis=1)
    wrong = 0
    for start in range(0, len(test), chunk):
        part = test[start : start + chunk]
        nearest = (norms - 2 * part @ train.T).argmin(axis=1)
        wrong += int((task.labels[nearest] != task.y_test[start : start + chunk]).sum())
    return wrong / len(test)
