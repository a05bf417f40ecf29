"""Declared falsehoods of the paper's claims: mistakes inside a formula, a measurement or a proof.

Those that follow from a claim's rule (negated events, wrong exponents, constants halved) are made by
`verify.soundness`. Here stand the others, a file beside each file of claims, each with the reason why it is
false when the true claim holds.
"""

from __future__ import annotations

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods import (
    activation,
    cavity,
    clock,
    decay,
    error_constants,
    exact,
    flow,
    iid,
    late_claims,
    lemmas_initial,
    lemmas_training,
    plateau,
    proposition_4_3,
    stage_one,
    strong_signal,
    theorem_4_1,
    theorem_4_2,
    theorem_4_4,
    transition_claims,
)

__all__ = ["falsehoods"]

#: In the order of the paper's claims.
_FILES = (
    exact,
    lemmas_initial,
    lemmas_training,
    theorem_4_1,
    theorem_4_2,
    proposition_4_3,
    theorem_4_4,
    flow,
    stage_one,
    transition_claims,
    strong_signal,
    activation,
    late_claims,
    plateau,
    error_constants,
    iid,
    decay,
    clock,
    cavity,
)


def falsehoods(known: Ledger) -> tuple[Falsehood, ...]:
    """All of them, beside the claims of a ledger that has the paper's."""
    return tuple(falsehood for file in _FILES for falsehood in file.falsehoods(known))
