"""What a reader wants to know of labels on images, answered by the claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from theory.images.experiments import NO_NOISE_RUNS, RUNS
from theory.images.measures import clean_fit, memorised, true_share
from theory.images.stage_one import usable
from theory.question import Curve, Part, Question
from theory.run import NotApplicable

__all__ = ["QUESTIONS"]

#: Epochs at which curves are shown, geometrically spaced.
_AT = tuple(float(x) for x in np.geomspace(0.15, 110.0, 24).round(3))


def _on_grid(run: Any, values: Any) -> list[float]:
    index = np.minimum(np.searchsorted(run.clock, np.array(_AT) * (1 - 1e-9)), len(run.clock) - 1)
    return [float(v) for v in np.asarray(values)[index]]


def _fits(run: Any) -> Mapping[str, Sequence[float]] | NotApplicable:
    return usable(run) or {
        "clean images fit": _on_grid(run, clean_fit(run)),
        "noisy images memorised": _on_grid(run, memorised(run)),
        "noisy images predicted as true": _on_grid(run, true_share(run)),
    }


def _accuracy(run: Any) -> Mapping[str, Sequence[float]] | NotApplicable:
    return usable(run, noise=False) or {"test accuracy": _on_grid(run, run.test_accuracy)}


def _ids(prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    return {f"images.{prefix}{name}": words for name, words in names.items()}


_STAGES = Question(
    "Does the two-stage picture hold on real images?",
    (
        Part(
            _ids(
                "",
                {
                    "order": "clean images come first",
                    "stage_one": "noisy ones are then predicted as true",
                    "memorised": "are memorised at the end",
                },
            ),
            "On pairs of digits with spread flips, yes: {these}.",
            "On pairs of digits these parts of the picture fail: {these}.",
            "on pairs of digits,",
        ),
        Part(
            _ids("", {"decline": "training on costs test accuracy", "no_noise": "without flips it does not"}),
            "The cost is the noise's: {these}.",
            "These do not hold of the cost of training on: {these}.",
            "what training on costs,",
        ),
        Part(
            _ids(
                "spread_needed.",
                {
                    "boundary.stage_one": "flips nearest to the other class",
                    "cluster.stage_one": "flips in one group of look-alikes",
                },
            ),
            "Even concentrated flips leave a Stage I: {these}.",
            "Flips must be spread over the images; Stage I is not there for: {these}.",
            "whether flips must be spread:",
        ),
    ),
    (
        Curve(
            "images.curve.fits",
            RUNS,
            _AT,
            _fits,
            "pairs of digits, 10 to 30 % flips",
            "share of images",
            (0.0, 1.0),
            "epochs",
        ),
        Curve(
            "images.curve.accuracy",
            NO_NOISE_RUNS,
            _AT,
            _accuracy,
            "no flips",
            "test accuracy",
            (0.4, 1.0),
            "epochs",
        ),
    ),
)

_USE = Question(
    "What is early stopping worth on images, and what does selection keep?",
    (
        Part(
            _ids(
                "",
                {
                    "stop_acc": "when training accuracy reaches 1 - tau^",
                    "stop_val": "at the best noisy validation",
                },
            ),
            "Both simple rules are near the best stop, in test accuracy lost: {these}.",
            "These rules lose too much: {these}.",
            "stopping",
        ),
        Part(
            _ids(
                "",
                {
                    "selection": "precision and recall of the log 2 cut",
                    "early_ranks": "ranking, against the end",
                },
            ),
            "At the stop the loss tells right from wrong labels: {these}.",
            "At the stop the loss does not tell right from wrong labels well enough: {these}.",
            "selection by the loss:",
        ),
        Part(
            _ids("", {"generalises": "at the stop", "floor": "at the end"}),
            "The network is better than its labels at the stop and no longer at the end: {these}.",
            "These comparisons of test error and flip rate fail: {these}.",
            "test error against flip rate:",
        ),
    ),
)

_AUDIT = Question(
    "What may one believe of an audit of one's own labels?",
    (
        Part(
            _ids("audit.", {"interval_of_scores": "where its assumptions hold", "covers": "on trainings"}),
            "Its interval for the flip rate covers: {these}.",
            "Its interval for the flip rate does not cover as promised: {these}.",
            "the interval,",
        ),
        Part(
            _ids(
                "audit.",
                {"precision": "lower limit of precision", "stop": "its stop", "suspects": "its list"},
            ),
            "Its list and its stop are as good as it says: {these}.",
            "Its list or stop is worse than it says: {these}.",
            "list and stop,",
        ),
        Part(
            _ids(
                "audit.",
                {
                    "silent": "labels without flips",
                    "refuses": "no Stage I",
                    "notices": "class-dependent flips",
                },
            ),
            "It is silent where it should be: {these}.",
            "It speaks where it should not: {these}.",
            "its refusals:",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (_STAGES, _USE, _AUDIT)
