"""All that the paper offers to commands and reports, gathered under its name."""

from __future__ import annotations

from collections.abc import Iterable

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.paper import Paper
from theory.source import Reference
from theory.two_stage import (
    answers,
    any_size,
    drawn_claims,
    engine_identities,
    exact,
    lemmas_initial,
    lemmas_training,
    proposition_4_3,
    theorem_4_1,
    theorem_4_2,
    theorem_4_4,
)
from theory.two_stage.answers import QUESTIONS
from theory.two_stage.cavity import claims as cavity
from theory.two_stage.cavity import threshold_claims as cavity_threshold
from theory.two_stage.cavity.scope import CAVITY_SCOPE
from theory.two_stage.certified import claims as certificates
from theory.two_stage.certified import transitions
from theory.two_stage.certified.transitions import CLASSES, TransitionSetting
from theory.two_stage.clock import claims as clocks
from theory.two_stage.clock import law_claims as clock_law
from theory.two_stage.conditions import (
    COMPANIONS,
    CONDITION_4_1,
    CONSTANT_REASONS,
    DEFAULT_CONSTANTS,
    NO_LABEL_NOISE,
    READING,
    SCOPE,
)
from theory.two_stage.decay import claims as weight_decay
from theory.two_stage.decay import law_claims as decay_law
from theory.two_stage.decay.experiments import DECAYED
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.exhibits import EXHIBITS
from theory.two_stage.items import ITEMS
from theory.two_stage.letters import GLOSSARY
from theory.two_stage.limits import error_constants as sharp_error_constants
from theory.two_stage.limits import flow as sharp_flow
from theory.two_stage.limits import late_claims as sharp_late
from theory.two_stage.limits import plateau as sharp_plateau
from theory.two_stage.limits import stage_one as sharp_stage_one
from theory.two_stage.limits import strong_signal as sharp_strong_signal
from theory.two_stage.limits import transition_claims as sharp_transition
from theory.two_stage.limits import transition_integral as sharp_integral
from theory.two_stage.mean_field import activation as sharp_activation
from theory.two_stage.mean_field import dtest as sharp_dtest
from theory.two_stage.mean_field import iid as sharp_iid
from theory.two_stage.mean_field import time_laws as sharp_time_laws
from theory.two_stage.mean_field import times as sharp_times
from theory.two_stage.parameters import PARAMETERS
from theory.two_stage.places import REFERENCE
from theory.two_stage.planes import PLANES
from theory.two_stage.quantities import QUANTITIES
from theory.two_stage.regime import regime
from theory.two_stage.setting import Setting

__all__ = ["CLAIMS", "QUESTIONS", "THIS"]

CLAIMS: tuple[Claim, ...] = (
    *exact.CLAIMS,
    *any_size.CLAIMS,
    *drawn_claims.CLAIMS,
    *engine_identities.CLAIMS,
    *lemmas_initial.CLAIMS,
    *lemmas_training.CLAIMS,
    *theorem_4_1.CLAIMS,
    *theorem_4_2.CLAIMS,
    *proposition_4_3.CLAIMS,
    *theorem_4_4.CLAIMS,
    *sharp_flow.CLAIMS,
    *sharp_stage_one.CLAIMS,
    *sharp_transition.CLAIMS,
    *sharp_integral.CLAIMS,
    *sharp_strong_signal.CLAIMS,
    *sharp_activation.CLAIMS,
    *sharp_late.CLAIMS,
    *sharp_plateau.CLAIMS,
    *sharp_error_constants.CLAIMS,
    *sharp_times.CLAIMS,
    *sharp_iid.CLAIMS,
    *sharp_dtest.CLAIMS,
    *sharp_time_laws.CLAIMS,
    *certificates.CLAIMS,
    *transitions.CLAIMS,
    *weight_decay.CLAIMS,
    *decay_law.CLAIMS,
    *clocks.CLAIMS,
    *clock_law.CLAIMS,
    *cavity.CLAIMS,
    *cavity_threshold.CLAIMS,
    *answers.CLAIMS,
)


def _falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    from theory.two_stage.falsehoods import falsehoods

    return falsehoods(ledger)


THIS = Paper(
    name="two_stage",
    reference=Reference(
        authors="Han et al.",
        year=2025,
        title="On the Role of Label Noise in the Feature Learning Process",
        where="ICML",
        link="https://arxiv.org/abs/2505.18909",
    ),
    claims=CLAIMS,
    settings=(Setting, DecayedSetting, TransitionSetting),
    conditions={
        "Condition 4.1": CONDITION_4_1,
        "companions (framework)": COMPANIONS,
        "Theorem 4.4": NO_LABEL_NOISE,
        "scope of this project's laws": SCOPE,
        "scope of the cavity law": (*CAVITY_SCOPE, *cavity_threshold.SHARP_SCOPE),
    },
    asked=("Condition 4.1", "companions (framework)"),
    constants=DEFAULT_CONSTANTS,
    reasons=CONSTANT_REASONS,
    reading=READING,
    parameters={Setting: PARAMETERS},
    reference_box=(REFERENCE, DECAYED, CLASSES),
    regime=regime,
    planes=PLANES,
    quantities=QUANTITIES,
    exhibits=EXHIBITS,
    questions=QUESTIONS,
    items=ITEMS,
    letters=GLOSSARY,
    falsehoods=_falsehoods,
    commands={"conformance": "simulation.two_stage.conformance.command.main"},
)
