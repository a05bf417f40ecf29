"""A false reading of Theorem 4.4: with label noise there are two stages."""

from __future__ import annotations

from collections.abc import Iterator

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.experiments import STAGE_ONE
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.falsehoods.theorem_4_1 import MISFIT

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of Theorem 4.4."""
    noisy = known["two_stage.theorem_4_1.noisy_misfit"]
    one_stage = known["two_stage.theorem_4_4.one_stage"]
    yield changed(
        one_stage, "with label noise", "condition", MISFIT, experiment=STAGE_ONE, conditions=noisy.conditions
    )
