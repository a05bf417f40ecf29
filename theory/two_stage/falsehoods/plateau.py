"""A false condition of the half plateau."""

from __future__ import annotations

from collections.abc import Iterator

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.closed_forms import constant_off
from theory.two_stage.symbols import p, tau

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the plateau."""
    yield constant_off(known["two_stage.sharp.plateau.half"], threshold=p / (1 - 4 * tau))
