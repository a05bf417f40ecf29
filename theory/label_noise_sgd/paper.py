"""All that the paper offers to commands and reports, gathered under its name."""

from __future__ import annotations

from collections.abc import Iterable

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.label_noise_sgd import boxes, conditions, parameters
from theory.label_noise_sgd.claims import beyond, edges, identities, lazy, readings, rich, sam
from theory.label_noise_sgd.exhibits import EXHIBITS
from theory.label_noise_sgd.letters import LETTERS, QUANTITIES
from theory.label_noise_sgd.net_settings import DeepSetting, NotebookSetting
from theory.label_noise_sgd.planes import PLANES
from theory.label_noise_sgd.questions import QUESTIONS
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import REFERENCE
from theory.ledger import Ledger
from theory.paper import Paper

__all__ = ["CLAIMS", "THIS"]

CLAIMS: tuple[Claim, ...] = (
    *identities.CLAIMS,
    *lazy.CLAIMS,
    *rich.CLAIMS,
    *sam.CLAIMS,
    *beyond.CLAIMS,
    *edges.CLAIMS,
    *readings.CLAIMS,
)


def _falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    from theory.label_noise_sgd.falsehoods import falsehoods

    return falsehoods(ledger)


THIS = Paper(
    name="label_noise_sgd",
    reference=REFERENCE,
    claims=CLAIMS,
    settings=(LinearSetting, DeepSetting, NotebookSetting),
    conditions={
        "scope of the closed forms": (
            conditions.STABLE,
            conditions.WIDE,
            conditions.ADIABATIC,
            conditions.SMALL_STEP_SAM,
        ),
        "small starts": (conditions.SMALL, conditions.SLOW_STEP),
    },
    constants=conditions.CONSTANTS,
    parameters={LinearSetting: parameters.LINEAR, NotebookSetting: parameters.NOTEBOOK},
    reference_box=boxes.REFERENCE,
    regime=parameters.regime,
    exhibits=EXHIBITS,
    questions=QUESTIONS,
    planes=PLANES,
    quantities=QUANTITIES,
    letters=LETTERS,
    falsehoods=_falsehoods,
)
