"""A mistake in one formula, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from theory.claim import Proof
from theory.falsehood import FalsehoodKind

__all__ = ["Slip"]


@dataclass(frozen=True)
class Slip:
    """What is wrong in the claim `label_noise_sgd.OF`: its measure, or its proof; and why that is false."""

    of: str
    name: str
    kind: FalsehoodKind
    measure: Callable[[Any], Any]
    why: str
    proof: Callable[[], Proof] | None = None
