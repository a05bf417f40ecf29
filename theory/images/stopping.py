"""What stopping is worth on images, and what the test error becomes without it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from theory.claim import Claim
from theory.images.conditions import FLIPPED, LOW_NOISE, MODERATE, SEPARABLE, SPREAD, STRONG
from theory.images.experiments import CLUSTER, RUNS
from theory.images.measures import flip_share, oracle, stop_acc, stop_val, true_share
from theory.images.sources import here, paper
from theory.images.stage_one import usable
from theory.images.thresholds import COST_ACC, COST_VAL, TRUTH_AT_VAL
from theory.images.validation import observed_accuracy
from theory.rules import Band, Difference, Event
from theory.run import NotApplicable

__all__ = [
    "CLAIMS",
    "above_floor",
    "below_half_rate",
    "cost_acc",
    "cost_val",
    "end_and_nearest",
    "noisy_validation",
    "truth_at_val",
]

_SOURCE = here("stopping on images")
_INSIDE = (SEPARABLE, SPREAD, MODERATE, FLIPPED)
_WHY = "threshold of the development block; costs against the best of all evaluations are upper bounds"


def _cost(run: Any, at: int) -> float:
    return float(run.test_accuracy[oracle(run)] - run.test_accuracy[at])


def cost_acc(run: Any) -> float | NotApplicable:
    """Best test accuracy less that at the stop by training accuracy."""
    return usable(run) or _cost(run, stop_acc(run))


def cost_val(run: Any) -> float | NotApplicable:
    """Best test accuracy less that at the stop by validation accuracy on observed labels."""
    return usable(run) or _cost(run, stop_val(run))


def truth_at_val(run: Any) -> bool | NotApplicable:
    """Whether at stop val enough of the noisy images are predicted as their true label."""
    return usable(run) or bool(true_share(run)[stop_val(run)] >= TRUTH_AT_VAL)


def below_half_rate(run: Any) -> bool | NotApplicable:
    """Whether the test error at stop acc is below half of the realised flip rate."""
    return usable(run) or bool(1 - run.test_accuracy[stop_acc(run)] < flip_share(run) / 2)


def noisy_validation(run: Any) -> tuple[float, float] | NotApplicable:
    """Validation accuracy on observed labels at stop acc, and (1 - t) A + t (1 - A)/(k - 1), A the accuracy
    on test images and t the realised share of wrong labels among the validation images.

    With the rate tau in place of t the two differ by how many of some fifty labels chance flipped, which is
    twice what is left: sd .06 against .03 a run."""
    reason = usable(run)
    if reason:
        return reason
    if not run.v:
        return NotApplicable("the run has no validation images")
    at = stop_acc(run)
    accuracy = float(run.test_accuracy[at])
    return float(run.val_accuracy[at]), observed_accuracy(accuracy, run.val_flip_share, run.k)


def above_floor(run: Any) -> bool | NotApplicable:
    """Whether the final test error is at least half of the realised flip rate."""
    return usable(run) or bool(1 - run.test_accuracy[-1] >= flip_share(run) / 2)


def end_and_nearest(run: Any) -> tuple[float, float] | NotApplicable:
    """Final test error, and that of predicting by the observed label of the nearest training image."""
    return usable(run) or (float(1 - run.test_accuracy[-1]), run.nearest_error)


_TRUTH_AT_VAL = Claim(
    id="images.truth_at_val",
    source=_SOURCE,
    provenance="derived",
    statement="At the best accuracy on validation images with observed labels at least "
    f"{TRUTH_AT_VAL:g} of the noisy training images are predicted as their true label",
    rule=Event(delta=0.2, reason="one run in five may differ: some fifty validation images"),
    measure=truth_at_val,
    experiment=RUNS,
    conditions=(*_INSIDE, LOW_NOISE),
    measured="whether that share of the noisy training images is predicted as its true label at the "
    "evaluation with the best accuracy on observed validation labels, median of three",
    parents=("images.stop_val",),
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="images.stop_acc",
        source=_SOURCE,
        provenance="derived",
        statement=rf"Stopping when the training accuracy first reaches $1 - \hat\tau$, $\hat\tau$ the "
        rf"realised share of "
        rf"wrong labels, costs at most {COST_ACC:g} of test accuracy against the best evaluation",
        rule=Band(-math.inf, COST_ACC, _WHY, delta=0.1),
        measure=cost_acc,
        experiment=RUNS,
        conditions=_INSIDE,
        measured="best test accuracy of all evaluations less that at the stop",
    ),
    Claim(
        id="images.stop_val",
        source=_SOURCE,
        provenance="derived",
        statement=rf"Stopping at the best accuracy on validation images with observed labels costs at most "
        rf"{COST_VAL:g} of test accuracy against the best evaluation",
        rule=Band(-math.inf, COST_VAL, _WHY, delta=0.1),
        measure=cost_val,
        experiment=RUNS,
        conditions=(*_INSIDE, LOW_NOISE),
        measured="best test accuracy of all evaluations less that at the stop",
        note="54 validation images: at higher flip rates they are too few, see the number needed in `--plan`",
    ),
    _TRUTH_AT_VAL,
    replace(
        _TRUTH_AT_VAL,
        id="images.spread_needed.cluster.stop_val",
        rule=Event(delta=0.2, reason="as for spread flips"),
        experiment=CLUSTER,
        drops=(SPREAD.name,),
        parents=(),
        note="probe: the flips are one group of look-alike images a class; those among the validation images "
        "sit in the same group, so that validation prefers memorisation",
    ),
    Claim(
        id="images.floor",
        source=paper("Theorem 4.2"),
        provenance="derived",
        statement=r"On ordinary test images the final error is at least $\hat\tau/2$, the floor that the "
        r"theorem gives "
        r"for $\mathcal{D}_{test}$",
        rule=Event(delta=0.1, reason="ninety test images resolve .011"),
        measure=above_floor,
        experiment=RUNS,
        conditions=(*_INSIDE, STRONG),
        measured="whether the final test error is at least half of the realised flip rate",
        note="in the model the error on fresh noise stays tiny; test images share features with training "
        "images",
    ),
    Claim(
        id="images.generalises",
        source=_SOURCE,
        provenance="derived",
        statement=r"When the training accuracy first reaches $1 - \hat\tau$ the test error is below "
        r"$\hat\tau/2$, the "
        "floor that holds at the end: the network is better than its labels",
        rule=Event(delta=0.2, reason="ninety test images resolve .011"),
        measure=below_half_rate,
        experiment=RUNS,
        conditions=(*_INSIDE, STRONG),
        measured="whether the test error at that stop is below half of the realised flip rate",
        parents=("images.floor",),
    ),
    Claim(
        id="images.noisy_validation",
        source=_SOURCE,
        provenance="derived",
        statement=r"Accuracy on observed validation labels is $(1-\hat\tau)A + \hat\tau(1-A)/(k-1)$ in the "
        r"median, with $A$ the accuracy on true labels and $\hat\tau$ the share of wrong labels among those "
        "of validation (symmetric flips)",
        rule=Difference(0.03, "a seventh of what flips of one in five take away"),
        measure=noisy_validation,
        experiment=RUNS,
        conditions=_INSIDE,
        measured="validation accuracy on observed labels, and the formula with the test accuracy as A, "
        "when the training accuracy first reaches 1 - tau^",
        note="exact in expectation, with the rate in place of the realised share too; it fails where flips "
        "depend on the image, and then validation prefers memorisation",
    ),
    Claim(
        id="images.nearest",
        source=_SOURCE,
        provenance="derived",
        statement="In the median the final test error is that of the nearest neighbour with observed "
        "labels, within "
        ".05",
        rule=Difference(0.05, "half of the difference that two flip rates of the box make"),
        measure=end_and_nearest,
        experiment=RUNS,
        conditions=_INSIDE,
        measured="final test error, and the error of the observed label of the nearest training image",
        note="run by run the two are hardly correlated",
    ),
)
