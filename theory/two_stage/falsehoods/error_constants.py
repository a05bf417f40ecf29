"""False constants of the test errors."""

from __future__ import annotations

from collections.abc import Iterator

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.closed_forms import of_closed_form
from theory.two_stage.limits import errors as limit_errors

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the constants."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    yield from of_closed_form(of("no_noise_constant"), limit_errors.derived_no_noise_constant())
    yield from of_closed_form(of("early_stopping_constant"), limit_errors.derived_early_stopping_constant())
