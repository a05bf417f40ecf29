"""A false law of the error on fresh noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.mean_field.iid import iid_difference
from theory.two_stage.mean_field.iid_law import SideSums, filter_covariance, side_sums
from theory.two_stage.run import Run

__all__ = ["falsehoods"]


def _own_parts_twice(run: Run, clock: float) -> SideSums:
    """The side sums with the mean of the whole block for their variance, its diagonal included."""
    blocks, right = filter_covariance(run, clock), side_sums(run, clock)
    whole = [float(blocks[j, :, j].mean()) for j in (0, 1)]
    own = [math.sqrt(max(float(np.trace(blocks[j, :, j])) / right.m - whole[j], 0.0)) for j in (0, 1)]
    return replace(right, covariance=(whole[0], whole[1], right.covariance[2]), own=(own[0], own[1]))


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the law on fresh noise."""
    yield changed(
        known["two_stage.sharp.iid_error"],
        "own parts counted twice",
        "symbols",
        "the mean of a whole block holds q^2/m of the filters' own parts, which the law adds again: at "
        "kappa_0 > 1 that is more than the side sum itself",
        partial(iid_difference, sums=_own_parts_twice),
    )
