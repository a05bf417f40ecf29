"""All that the paper offers to commands and reports, gathered under its name."""

from __future__ import annotations

from collections.abc import Iterable

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.label_noise_sgd import conditions, parameters, places
from theory.label_noise_sgd.claims import (
    durations,
    forced,
    identities,
    notebook,
    one_step,
    phase_one,
    released_setting,
    relu,
    rest_point,
    rich_state,
    second_layer,
    slow_curve,
    small_start,
    stability,
    which_noise,
    without_noise,
)
from theory.label_noise_sgd.claims.sam import full_batch, label_noise, one_sample
from theory.label_noise_sgd.claims.sam import identities as sam_identities
from theory.label_noise_sgd.exhibits import EXHIBITS
from theory.label_noise_sgd.items import ITEMS
from theory.label_noise_sgd.letters import LETTERS, QUANTITIES
from theory.label_noise_sgd.net_settings import DeepSetting, NotebookSetting
from theory.label_noise_sgd.planes import PLANES
from theory.label_noise_sgd.questions import QUESTIONS
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import REFERENCE
from theory.ledger import Ledger
from theory.paper import Paper

__all__ = ["CLAIMS", "THIS"]

#: In the order of the theory: what is exact, Phase I, Phase II, SAM, beyond two linear layers.
CLAIMS: tuple[Claim, ...] = tuple(
    claim
    for part in (
        identities, one_step, without_noise, phase_one, durations, second_layer, forced, stability,
        which_noise, slow_curve, rest_point, rich_state, small_start, released_setting, sam_identities,
        one_sample, full_batch, label_noise, relu, notebook,
    )
    for claim in part.CLAIMS
)  # fmt: skip


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
    reference_box=places.REFERENCE,
    regime=parameters.regime,
    exhibits=EXHIBITS,
    questions=QUESTIONS,
    items=ITEMS,
    planes=PLANES,
    quantities=QUANTITIES,
    letters=LETTERS,
    caveat="The paper's own text was not at hand: its statements are those of its abstract, of a public "
    "secondary note and of the released code, and none is claimed to be its wording.",
    falsehoods=_falsehoods,
)
