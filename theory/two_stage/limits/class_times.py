"""When each class memorises half of its flipped labels, with its realised strength and flip rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.run import NotApplicable
from theory.two_stage.run import Run

__all__ = ["LEAST_FLIPPED", "ClassTransition", "class_transitions"]

#: Fewest flipped labels of a class: with fewer the median is a single sample's time.
LEAST_FLIPPED = 5


@dataclass(frozen=True)
class ClassTransition:
    """A class of a run: its label, `a_y = 2 a n_y/n`, realised `rate`, and the `clock` from which half of
    its flipped labels stay memorised (inf where that is not reached)."""

    label: int
    a: float
    rate: float
    clock: float


def class_transitions(run: Run, least_strength: float = 1.0) -> list[ClassTransition] | NotApplicable:
    """Both classes, as far as they have flipped labels to take a median of and Stage I exists in them.

    Args:
        least_strength: least `a_y (1 - 2 tau_y)`; Stage I needs more than 2p = 1.
    """
    found = []
    for label in (1, -1):
        of = run.y == label
        flipped, count = int((run.noisy & of).sum()), int(of.sum())
        if flipped < LEAST_FLIPPED:
            continue
        a, rate = 2 * run.setting.n_snr2 * count / run.setting.n, flipped / count
        if a * (1 - 2 * rate) <= least_strength:
            continue
        clock = run.t_half_of(label) * run.setting.clock_step
        found.append(ClassTransition(label, a, rate, clock if math.isfinite(clock) else math.inf))
    if not found:
        return NotApplicable(f"no class has {LEAST_FLIPPED} flipped labels and a Stage I")
    return found
