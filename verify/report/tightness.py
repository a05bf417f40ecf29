"""How tight the bounds are: bound over observed, per claim."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.outcome import Judgement, Verification
from verify.rules.registry import is_bound, judge_of, read

__all__ = ["Tightness", "log10_slacks", "tightness"]


@dataclass(frozen=True)
class Tightness:
    """Quantiles of the factor between bound and observation for one claim; `zero` counts exact zeros,
    `loose` is the rule's factor."""

    claim_id: str
    runs: int
    least: float
    median: float
    largest: float
    zero: int
    rounding: bool
    loose: float = 10.0

    @property
    def remark(self) -> str:
        """What the median factor says."""
        if self.rounding:
            return "rounding allowance"
        if self.least < 1:
            return "crossed in some runs"
        if self.median > self.loose:
            return "loose: the constant could be far smaller"
        return "tight" if self.median < 3 else "of the right order"


def log10_slacks(judgement: Judgement) -> NDArray[np.float64]:
    """log10 of bound over observed for the judged runs, finite values only, (k,)."""
    factors = [read(judgement, o).factor for o in judgement.judged]
    return np.array([math.log10(f) for f in factors if 0 < f < math.inf])


def tightness(verification: Verification) -> list[Tightness]:
    """One row for each claim that bounds a number and was judged."""
    out = []
    for judgement in verification.judgements:
        if not is_bound(judgement):
            continue
        factors = [read(judgement, o).factor for o in judgement.judged]
        kept = [f for f in factors if math.isfinite(f)]
        zero = sum(f == math.inf for f in factors)
        if not kept and not zero:
            continue
        quantiles = (min(kept), float(np.median(kept)), max(kept)) if kept else (math.inf,) * 3
        out.append(
            Tightness(
                judgement.claim.id,
                len(kept) + zero,
                *quantiles,
                zero=zero,
                rounding=judge_of(judgement.claim.rule).rounding,
                loose=getattr(judgement.claim.rule, "loose", 10.0),
            )
        )
    return out
