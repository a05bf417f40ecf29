"""Claims that are wrong in one place, beside those they were made from: what the judge must find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.label_noise_sgd.falsehoods import beyond, exact, phase_one, rich, sam
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.ledger import Ledger
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["SLIPS", "falsehoods"]

SLIPS: tuple[Slip, ...] = (*exact.SLIPS, *phase_one.SLIPS, *rich.SLIPS, *sam.SLIPS, *beyond.SLIPS)

#: A prediction moved by so many margins is off by at least 1.4 of them wherever the claim holds.
_MARGINS = 2.4


def _moved(measure: Callable[[Any], Any], factor: float, shift: float, run: Any) -> Any:
    value = measure(run)
    if isinstance(value, NotApplicable):
        return value
    return value[0], value[1] * factor + shift


def _off_by_margins(claim: Claim) -> Iterable[Falsehood]:
    """The prediction of a law or a difference, moved up and down."""
    why = f"the claim leaves room for one margin, so at least {_MARGINS - 1:g} are left"
    for word, sign in (("up", 1), ("down", -1)):
        if isinstance(claim.rule, Law):
            factor, shift = (1 + claim.rule.margin) ** (sign * _MARGINS), 0.0
        elif isinstance(claim.rule, Difference):
            factor, shift = 1.0, sign * _MARGINS * claim.rule.margin
        else:
            return
        measure = partial(_moved, claim.measure, factor, shift)
        name = f"prediction {_MARGINS:g} margins {word}"
        yield Falsehood(claim.id, name, "constant", replace(claim, measure=measure), why)


def falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    """The false variants of the claims that a ledger holds."""
    for slip in SLIPS:
        of = f"label_noise_sgd.{slip.of}"
        if of in ledger:
            claim = replace(ledger[of], measure=slip.measure, proof=slip.proof)
            yield Falsehood(of, slip.name, slip.kind, claim, slip.why)
    for claim in ledger:
        if claim.id.startswith("label_noise_sgd.") and claim.role == "claim":
            yield from _off_by_margins(claim)
