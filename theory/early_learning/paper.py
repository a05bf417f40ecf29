"""All that the paper offers to commands and reports, gathered under its name."""

from __future__ import annotations

from collections.abc import Iterable

from theory.claim import Claim
from theory.early_learning.claims import (
    clamp,
    compared,
    field,
    field_equations,
    first_step,
    frozen,
    identities,
    late,
    lemma_2,
    memory,
    proportional,
    slips,
    small_nets,
    stage,
    strength,
    theorem_1,
)
from theory.early_learning.conditions import CONDITIONS, CONSTANT_REASONS, CONSTANTS
from theory.early_learning.digits_setting import DigitsSetting
from theory.early_learning.exhibits import EXHIBITS
from theory.early_learning.items import ITEMS
from theory.early_learning.letters import LETTERS, PARAMETERS, QUANTITIES, regime
from theory.early_learning.places import REFERENCE as MIXTURES
from theory.early_learning.planes import PLANES
from theory.early_learning.questions import QUESTIONS
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.sources import REFERENCE
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.paper import Paper

__all__ = ["CLAIMS", "THIS"]

CLAIMS: tuple[Claim, ...] = (
    *theorem_1.CLAIMS,
    *lemma_2.CLAIMS,
    *slips.CLAIMS,
    *identities.CLAIMS,
    *first_step.CLAIMS,
    *stage.CLAIMS,
    *field_equations.CLAIMS,
    *field.CLAIMS,
    *proportional.CLAIMS,
    *late.CLAIMS,
    *frozen.CLAIMS,
    *strength.CLAIMS,
    *memory.CLAIMS,
    *clamp.CLAIMS,
    *compared.CLAIMS,
    *small_nets.CLAIMS,
)


def _falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    from theory.early_learning.falsehoods import falsehoods

    return falsehoods(ledger)


THIS = Paper(
    name="early_learning",
    reference=REFERENCE,
    claims=CLAIMS,
    settings=(
        MixtureSetting,
        DigitsSetting,
        lemma_2.LogitSetting,
        field_equations.FieldSetting,
        frozen.SeparatrixSetting,
        slips.GradientSetting,
        slips.LabelSetting,
        slips.SphereSetting,
    ),
    conditions=CONDITIONS,
    constants=CONSTANTS,
    reasons=CONSTANT_REASONS,
    parameters={MixtureSetting: PARAMETERS},
    reference_box=(MIXTURES, field_equations.FIELDS),
    regime=regime,
    exhibits=EXHIBITS,
    questions=QUESTIONS,
    items=ITEMS,
    planes=PLANES,
    quantities=QUANTITIES,
    letters=LETTERS,
    falsehoods=_falsehoods,
)
