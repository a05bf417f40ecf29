"""All that the paper offers to commands and reports, gathered under its name."""

from __future__ import annotations

from theory.claim import Claim
from theory.label_noise_sgd import boxes, conditions
from theory.label_noise_sgd.claims import beyond, edges, identities, lazy, readings, rich, sam
from theory.label_noise_sgd.net_settings import DeepSetting, NotebookSetting
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import REFERENCE
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
    reference_box=boxes.REFERENCE,
)
