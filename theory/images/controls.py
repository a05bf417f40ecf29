"""What an experiment on images must do before anything it shows can be believed."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.claim import Claim
from theory.images.conditions import FLIPPED, SPREAD
from theory.images.experiments import RUNS, STILL
from theory.images.measures import flip_share
from theory.images.sources import here
from theory.rules import Event
from theory.run import NotApplicable

__all__ = ["CLAIMS", "flips_as_said", "says_the_same"]

#: Probability, on each side, that an honest draw of flips lies outside its limits.
_TAIL = 5e-4
#: Largest change of a margin that single precision may make, far below the size of margins (some .1).
_STILL = 1e-3


def flips_as_said(run: Any) -> bool | NotApplicable:
    """Whether the numbers of flipped labels in the training and in the validation part lie within the
    binomial limits of their rate, at 1e-3 each."""
    if run.failed:
        return NotApplicable(run.failed)
    if run.setting is None:
        return NotApplicable("a user's own images: no rate is stated for all of them")
    parts = [(len(run.y), flip_share(run))]
    if run.v:
        parts.append((run.v, run.val_flip_share))
    return all(_honest(n, share, run.setting.flip_rate) for n, share in parts)


def _honest(n: int, share: float, tau: float) -> bool:
    from scipy.stats import binom

    low, high = binom.ppf([_TAIL, 1 - _TAIL], n, tau)
    return bool(low <= round(n * share) <= high)


def says_the_same(run: Any) -> bool | NotApplicable:
    """Whether every margin is the same at every evaluation, up to rounding."""
    if run.failed:
        return NotApplicable(run.failed)
    return bool(np.abs(run.margins - run.margins[0]).max() < _STILL)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="images.flips",
        source=here("the experiment itself"),
        provenance="derived",
        statement=r"Observed and true labels differ in as many training images, and in as many validation "
        r"images, as flips at rate $\tau$ make",
        rule=Event(delta=0.05, reason="limits that an honest draw leaves in one of five hundred runs"),
        measure=flips_as_said,
        experiment=RUNS,
        conditions=(SPREAD, FLIPPED),
        measured="whether the numbers of training and of validation images whose observed label is wrong lie "
        "within the exact binomial limits of their number and tau, at .0005 on each side",
        note="what all other claims rest on: without it observed labels may be taken for true ones",
    ),
    Claim(
        id="images.still",
        source=here("the experiment itself"),
        provenance="derived",
        statement="A network with dropout whose weights do not move (learning rate $10^{-9}$) says the same "
        "of every training image at every evaluation",
        rule=Event(delta=0.05, reason="records are made in evaluation mode, or are not"),
        measure=says_the_same,
        experiment=STILL,
        conditions=(FLIPPED,),
        measured="whether no margin changes by .001 or more over the evaluations",
        note="the other networks of the default profile have neither dropout nor batch norm: their training "
        "and evaluation modes are the same",
    ),
)
