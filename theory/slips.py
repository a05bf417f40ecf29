"""What a formula at a model's settings may get wrong, as data: soundness plants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FormulaSlips"]

Factors = Mapping[str, Callable[[Any], float]]


@dataclass(frozen=True)
class FormulaSlips:
    """A setting's class may say it as `slips`; without, each parameter named in `trends` may be lost.

    Args:
        factors: name -> a factor that a formula may have lost, at a setting.
        group_factors: the same of dimensionless groups alone, which an unnamed constant may contain.
        step_size: the field that every increment of a run is proportional to; "" where there is none.
    """

    factors: Factors = field(default_factory=dict)
    group_factors: Factors = field(default_factory=dict)
    step_size: str = ""
