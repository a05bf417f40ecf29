"""Records from scikit-learn: `partial_fit` round by round, or the stages of a boosted model."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.audit.planning import Plan
from simulation.audit.record import Record, Recorder
from theory.rng import derive_seed

__all__ = ["staged"]


def staged(estimator: Any, x: Any, plan: Plan, rounds: int = 60, seed: int = 0) -> list[Record]:
    """One record a run of the plan; the estimator itself is not touched, each run trains a copy.

    Args:
        estimator: with `partial_fit(x, y, classes=)` and `predict_proba`, or with `fit` and
            `staged_predict_proba` (gradient boosting). Where it has a `random_state`, every run gets its own.
        x: features, (n, ...), in the order of the labels.
        rounds: calls of `partial_fit`, each a checkpoint; of a boosted model all its stages are used.

    Raises:
        ValueError: the estimator offers neither way, or rounds < 5.
    """
    if rounds < 5:
        raise ValueError(f"rounds must be at least 5, was {rounds}")
    return [_one(_copy(estimator, seed, r), x, plan, r, rounds).record() for r in range(plan.runs)]


def _copy(estimator: Any, seed: int, run: int) -> Any:
    """A new estimator with the same parameters, as `sklearn.clone` makes it."""
    if not hasattr(estimator, "get_params"):
        raise ValueError(
            f"estimator must have get_params, as scikit-learn's have; was {type(estimator).__name__}"
        )
    parameters = estimator.get_params(deep=False)
    if "random_state" in parameters:
        parameters["random_state"] = derive_seed(seed, "audit.estimator", run) % 2**31
    return type(estimator)(**parameters)


def _one(model: Any, x: Any, plan: Plan, run: int, rounds: int) -> Recorder:
    recorder = Recorder(plan, run)
    labels = recorder.labels
    every = np.arange(plan.k)
    if hasattr(model, "staged_predict_proba"):
        model.fit(x, labels)
        for step, probabilities in enumerate(model.staged_predict_proba(x), start=1):
            if recorder.due(step):
                recorder(step, probabilities)
    elif hasattr(model, "partial_fit") and hasattr(model, "predict_proba"):
        for step in range(1, rounds + 1):
            model.partial_fit(x, labels, classes=every)
            recorder(step, model.predict_proba(x))
    else:
        raise ValueError(
            f"estimator must have partial_fit and predict_proba, or staged_predict_proba; "
            f"{type(model).__name__} has neither"
        )
    return recorder
