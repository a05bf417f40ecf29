"""Which images are wrongly labelled: the log 2 cut and the ranking by loss (Proposition 4.3 on images)."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.claim import Claim
from theory.images.conditions import FLIPPED, MODERATE, SEPARABLE, SPREAD, STRONG, TEN_CLASS
from theory.images.experiments import LARGER, MAPS, RUNS, TEN
from theory.images.measures import LOG2, auroc, flip_share, selection, stop_acc
from theory.images.sources import here, paper
from theory.images.stage_one import usable
from theory.images.thresholds import EARLY_RANKS, GAIN
from theory.rules import Band, Event, Ordering
from theory.run import NotApplicable

__all__ = ["CLAIMS", "cut_is_exact", "early_advantage", "gain_of_cut", "maps_differ"]

_SOURCE = here("selection on images")
_INSIDE = (SEPARABLE, SPREAD, MODERATE, FLIPPED)


def gain_of_cut(run: Any) -> float | NotApplicable:
    """`(min(precision, recall) - (1 - tau^))/tau^` of the log 2 cut at stop acc: 0 for keeping every image,
    whose precision is 1 - tau^ and recall 1; 1 for an exact cut; negative for a cut worse than none."""
    reason = usable(run)
    if reason:
        return reason
    return 1 - (1 - min(selection(run, stop_acc(run)))) / flip_share(run)


def cut_is_exact(run: Any) -> bool | NotApplicable:
    """Whether every clean loss is below log 2 and every noisy one above, at stop acc."""
    reason = usable(run)
    if reason:
        return reason
    losses, noisy = run.losses[stop_acc(run)], run.labels != run.y
    return bool(losses[~noisy].max() < LOG2 < losses[noisy].min())


def early_advantage(run: Any) -> float | NotApplicable:
    """AUROC of the loss for noisy images at stop acc less at the end."""
    reason = usable(run)
    if reason:
        return reason
    noisy = run.labels != run.y
    return auroc(run.losses[stop_acc(run)], noisy) - auroc(run.losses[-1], noisy)


def maps_differ(run: Any) -> bool | NotApplicable:
    """Whether maps of clean images change less than those of noisy ones: mean cosines compared."""
    reason = usable(run)
    if reason:
        return reason
    if run.maps is None:
        return NotApplicable("no attribution maps were made")
    noisy = run.labels != run.y
    return bool(np.mean(run.maps[~noisy]) > np.mean(run.maps[noisy]))


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="images.selection",
        source=_SOURCE,
        provenance="derived",
        statement=rf"Keeping the images with loss below $\log 2$ when the training accuracy first reaches "
        rf"$1 - \hat\tau$ has precision and recall at least $1 - {1 - GAIN:g}\hat\tau$, where keeping every "
        r"image has precision $1 - \hat\tau$",
        rule=Band(GAIN, 1.0, "threshold of the development block", delta=0.1),
        measure=gain_of_cut,
        experiment=RUNS,
        conditions=_INSIDE,
        measured="the worse of precision and recall, less 1 - tau^, over tau^: 0 for keeping every image, 1 "
        "for an exact cut; precision is the clean share of the kept images, recall the kept share of the "
        "clean ones",
        note="restated against keeping every image after runs at the former bar, .87 for both, were seen; "
        "the threshold follows from the development block by its rule",
    ),
    Claim(
        id="images.exact_cut",
        source=paper("Proposition 4.3"),
        provenance="derived",
        statement=r"When the training accuracy first reaches $1 - \hat\tau$ the loss $\log 2$ separates "
        r"clean from "
        "noisy images without any error",
        rule=Event(delta=0.05),
        measure=cut_is_exact,
        experiment=RUNS,
        conditions=_INSIDE,
        role="reading",
        corrected_by="images.selection",
        parents=("images.selection",),
        measured="whether the largest clean loss is below log 2 and the smallest noisy one above, when the "
        "training accuracy first reaches 1 - tau^",
        note="the proposition read literally on images: its model has no images that look like the other "
        "class",
    ),
    Claim(
        id="images.early_ranks",
        source=_SOURCE,
        provenance="derived",
        statement=r"The loss ranks noisy above clean images better when the training accuracy first reaches "
        rf"$1 - \hat\tau$ than at the end: its AUROC is higher by at least {EARLY_RANKS:g}",
        rule=Band(EARLY_RANKS, 1.0, "threshold of the development block", delta=0.1),
        measure=early_advantage,
        experiment=RUNS,
        conditions=(*_INSIDE, STRONG),
        measured="AUROC of the loss at the stop, training accuracy 1 - tau^, less that at the end",
    ),
    Claim(
        id="images.k_classes.early_ranks",
        source=_SOURCE,
        provenance="derived",
        statement=r"With ten classes too the loss ranks noisy above clean images better at the stop than "
        r"at the end: "
        rf"its AUROC is higher by at least {EARLY_RANKS:g}",
        rule=Band(EARLY_RANKS, 1.0, "as for two classes", delta=0.1),
        measure=early_advantage,
        experiment=TEN,
        conditions=(SEPARABLE, SPREAD, TEN_CLASS, FLIPPED),
        measured="AUROC of the loss at the stop, training accuracy 1 - tau^, less that at the end",
    ),
    Claim(
        id="images.larger.early_ranks",
        source=_SOURCE,
        provenance="derived",
        statement=r"On 28x28 images too the loss ranks noisy above clean images better at the stop than at "
        r"the end: "
        rf"its AUROC is higher by at least {EARLY_RANKS:g}",
        rule=Band(EARLY_RANKS, 1.0, "as for 8x8 images", delta=0.1),
        measure=early_advantage,
        experiment=LARGER,
        conditions=(*_INSIDE, STRONG),
        measured="AUROC of the loss at the stop, training accuracy 1 - tau^, less that at the end",
    ),
    Claim(
        id="images.attribution",
        source=here("attribution on images"),
        provenance="derived",
        statement="Between step 30 and the end the attribution map of a noisy image changes more than that "
        "of a clean "
        "one (mean cosine between an image's two maps)",
        rule=Ordering(delta=0.1, reason="averages over some 170 clean and 40 noisy images of one run"),
        measure=maps_differ,
        experiment=MAPS,
        conditions=_INSIDE,
        measured="whether the mean cosine of clean images is above that of noisy ones (expected gradients "
        "of the "
        "logit difference)",
        note="as a detector of single images the cosine is far below the loss",
    ),
)
