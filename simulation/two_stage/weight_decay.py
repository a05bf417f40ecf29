"""How much of the weights a step takes off, and where that is refused."""

from __future__ import annotations

import math
import numbers

from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.setting import Setting
from theory.two_stage.variation import Variation

__all__ = ["decay_of", "decay_of_step"]


def decay_of(setting: Setting | None) -> float:
    """lambda of a setting, in clock units: 0 unless it is a `DecayedSetting`."""
    return setting.weight_decay if isinstance(setting, DecayedSetting) else 0.0


def decay_of_step(weight_decay: object, clock_step: float, variation: Variation) -> float:
    """`h lambda`, what a step takes off the weights.

    Raises:
        ValueError: for a decay that is no number >= 0, leaves nothing after a step, or meets what it is not
            defined with: under a schedule or momentum, or with biases, there is more than one of that name.
    """
    if isinstance(weight_decay, bool) or not isinstance(weight_decay, numbers.Real):
        raise ValueError(f"weight_decay must be a finite number >= 0, was {weight_decay!r}")
    if not 0.0 <= float(weight_decay) < math.inf:
        raise ValueError(f"weight_decay must be a finite number >= 0, was {weight_decay!r}")
    if weight_decay and (variation.schedule is not None or variation.momentum):
        raise ValueError("weight_decay is not defined together with a schedule or momentum: leave out one")
    if weight_decay and variation.biases:
        raise ValueError("weight_decay is not defined together with biases: leave out one")
    lost = float(weight_decay) * clock_step
    if not lost < 1.0:
        raise ValueError(
            f"weight_decay must leave something of the weights: h lambda < 1, was {lost:.3g}"
            f" (h = {clock_step:.3g}, lambda = {float(weight_decay):.3g})"
        )
    return lost
