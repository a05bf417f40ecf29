"""The flip rate from the tails of two samples of scores: other samples' and probes'.

With F0, F1 the laws of the score for right and wrong labels, others follow (1 - t) F0 + t F1 and uniform
probes (1 - b) F1 + b F0, b = t/(k - 1): a probe hits the true label only where the observed one was wrong.
Beyond a cut where F0 has no mass the shares A of others and B of probes have the ratio r = A/B = t/(1 - b),
so t = r/(1 + r/(k - 1)). What mass F0 has there makes the ratio too large, less and less as the cut rises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FRACTIONS", "Rate", "estimate_rate"]

Floats = NDArray[np.float64]

#: Cuts are placed so that these shares of the caught probes lie beyond them.
FRACTIONS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
_POINT = 0.8
_LOWER = (0.5, 0.6, 0.8)


@dataclass(frozen=True, eq=False)
class Rate:
    """Flip rate t of the observed labels.

    Args:
        estimate, low, high: the point and its interval.
        profile: (fraction, t at that cut), from all caught probes to 40 % of them.
        recall: share of the wrong labels beyond the first cut. flagged: share of other samples beyond it.
        spoiled: b, share of probes that carry the true label.
    """

    estimate: float
    low: float
    high: float
    profile: tuple[tuple[float, float], ...]
    recall: float
    flagged: float
    spoiled: float


def estimate_rate(
    others: Floats, probes: Floats, n: int, k: int, z: float, spoiled: float | None = None
) -> Rate:
    """The rate from scores of other samples and of probes (a suspect's is above 0).

    Args:
        n: samples. k: classes. z: normal quantile of the interval's ends (1.645 for 90 %).
        spoiled: b where the probes were matched to class pairs; None: uniform probes.

    Raises:
        ValueError: no probe is beyond 0.
    """
    caught = np.sort(probes[probes > 0])[::-1]
    if not len(caught):
        raise ValueError("no probe is caught: there is nothing to compare with")
    count = len(probes)
    profile, errors, spoil = [], [], []
    for fraction in FRACTIONS:
        kept = max(1, round(fraction * len(caught)))
        # Halfway to the next probe, so that the cut belongs to neither.
        cut = 0.0 if kept == len(caught) else float((caught[kept - 1] + caught[kept]) / 2)
        ratio = float(np.mean(others > cut)) / float(np.mean(probes > cut))
        if spoiled is None:
            t = ratio / (1 + ratio / (k - 1))
            b = t / (k - 1)
        else:
            t, b = ratio * (1 - spoiled), spoiled
        t, b = min(t, 1.0), min(b, 0.5)
        share = kept / count
        found = min(share / (1 - b), 1.0)
        # B is a binomial share of the K probes (those spoiled by chance included); of the flips, whose
        # number is the target itself, only the part found is random. d log t/d log(A/B) is 1 - b for uniform
        # probes.
        relative = (1 - share) / (share * count) + ((1 - found) / (found * t * n) if t > 0 else 0.0)
        errors.append(np.sqrt(relative) * ((1 - b) if spoiled is None else 1.0))
        profile.append((fraction, t))
        spoil.append(b)
    by_fraction = dict(profile)
    spread = dict(zip(FRACTIONS, errors, strict=True))
    low = min(by_fraction[f] * np.exp(-z * spread[f]) for f in _LOWER) - 1 / n
    high = by_fraction[1.0] * np.exp(z * spread[1.0]) + 1.5 / n
    at = FRACTIONS.index(_POINT)
    return Rate(
        estimate=by_fraction[_POINT],
        low=float(max(low, 0.0)),
        high=float(min(high, 1.0)),
        profile=tuple(profile),
        recall=float(min(1.0, len(caught) / count / (1 - spoil[at]))),
        flagged=float(np.mean(others > 0)),
        spoiled=spoil[at],
    )
