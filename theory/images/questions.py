"""What a reader wants to know of labels on images, answered by the claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from theory.images.experiments import NO_NOISE_RUNS, RUNS
from theory.images.measures import clean_fit, memorised, true_share
from theory.images.stage_one import usable
from theory.question import Comparison, Curve, Part, Question
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
            "on pairs of digits with spread flips, that",
        ),
        Part(
            _ids("", {"decline": "training on costs test accuracy", "no_noise": "without flips it does not"}),
            "The cost is the noise's: {these}.",
            "These do not hold of the cost of training on: {these}.",
            "whether",
        ),
        Part(
            _ids(
                "spread_needed.",
                {
                    "boundary.stage_one": "flips of the images nearest to the other class",
                    "cluster.stage_one": "flips of one group of look-alikes",
                },
            ),
            "Even where the flips are concentrated Stage I is there: {these}.",
            "Not where the flips are concentrated; runs with a Stage I: {these}.",
            "whether flips must be spread over the images:",
            glance=True,
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
                    "stop_acc": "stopping when training accuracy reaches 1 less the share of wrong labels",
                    "stop_val": "stopping at the best accuracy on validation images with observed labels",
                },
            ),
            "On pairs of digits with 10 to 30 % of the labels wrong, spread over the images, this comes near "
            "the best stop, in test accuracy lost against it ({these}); the share of wrong labels is the "
            "realised one, which a user estimates by `python -m verify audit` or on validation images with "
            "checked labels.",
            "This loses too much, in test accuracy against the best stop: {these}.",
            "the test accuracy lost by",
            glance=True,
        ),
        Part(
            _ids(
                "",
                {
                    "selection": "of the share of wrong labels, which keeping every image leaves in, "
                    "the log 2 cut wins in the worse of precision and recall",
                    "early_ranks": "AUROC of the loss, less that at the end",
                },
            ),
            "At the stop the loss tells right from wrong labels: {these}.",
            "At the stop the loss does not tell right from wrong labels well enough: {these}.",
            "selection by the loss:",
            glance=True,
        ),
        Part(
            _ids("", {"decline": "test accuracy lost by training to the end"}),
            "Not stopping costs more, from 20 % wrong labels on: {these}.",
            "Not stopping costs no more than the declared bar: {these}.",
            "the cost of not stopping:",
            glance=True,
        ),
        Part(
            _ids("", {"generalises": "at the stop the error is below half of the flip rate"}),
            "The network is better than its labels: {these}.",
            "The network is no better than its labels: that {these} fails.",
            "whether",
        ),
        Part(
            _ids("", {"floor": "at the end the error is half of the flip rate or more"}),
            "Not without a stop: {these}.",
            "It is so without a stop too: that {these} fails.",
            "whether",
        ),
    ),
    compared=Comparison(
        "What a stop costs in test accuracy against the best one, and what selection keeps and loses there",
        ("rule", "measured"),
        {
            "stop where training accuracy reaches 1 less the share of wrong labels": ("images.stop_acc",),
            "stop at the best accuracy on validation images with observed labels": ("images.stop_val",),
            "no stop, from 20 % wrong labels on: lost against the first rule": ("images.decline",),
            "keep losses below log 2: worse of precision and recall, from keeping all (0) to exact (1)": (
                "images.selection",
            ),
            "rank by loss: AUROC at the stop less that at the end": ("images.early_ranks",),
        },
    ),
)

_AUDIT = Question(
    "What may one believe of an audit of one's own labels?",
    (
        Part(
            _ids(
                "audit.",
                {
                    "interval_of_scores": "on scores drawn as it assumes",
                    "covers": "on trainings where it says `spread`",
                },
            ),
            "Its interval for the flip rate holds the true one: {these}.",
            "Its interval for the flip rate misses the true one more often than promised: {these}.",
            "whether its interval for the flip rate holds the true one,",
        ),
        Part(
            _ids(
                "audit.",
                {
                    "precision": "precision of its suspects above its lower limit",
                    "stop": "test accuracy lost at its stop",
                    "suspects": "F1 of its suspects",
                },
            ),
            "Its list and its stop are as good as it says: {these}.",
            "Its list or stop is worse than it says: {these}.",
            "its list and its stop:",
            glance=True,
        ),
        Part(
            _ids(
                "audit.",
                {
                    "silent": "on labels without flips",
                    "refuses": "where there is no Stage I",
                    "notices": "at class-dependent flips",
                },
            ),
            "It is silent where it should be: {these}.",
            "It speaks where it should not: {these}.",
            "its refusals:",
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (_STAGES, _USE, _AUDIT)
