"""False closed forms of the transition."""

from __future__ import annotations

from collections.abc import Iterator

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.closed_forms import of_closed_form
from theory.two_stage.limits import transition as limit_transition

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the transition."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    # The closed form of s_inf has no real value at 1 - tau.
    yield from of_closed_form(
        of("strong_signal"), limit_transition.derived_strong_signal_limit(), symbols=False
    )
    yield from of_closed_form(of("comparison_curve"), limit_transition.comparison_inverse())
