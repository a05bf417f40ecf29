"""Han et al. 2025, *On the Role of Label Noise in the Feature Learning Process*.

With the paper in hand: section 3 is `network` and `recursions`, Condition 4.1 `conditions`, each theorem a
file of its name, the lemmas of the framework `lemmas_initial` and `lemmas_training`; the runs they are
judged on stand in `experiments`.
"""

from __future__ import annotations

from theory.claim import Claim
from theory.two_stage import (
    answers,
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
from theory.two_stage.certified import claims as certificates
from theory.two_stage.experiments import EXHIBITS
from theory.two_stage.limits import error_constants as sharp_error_constants
from theory.two_stage.limits import flow as sharp_flow
from theory.two_stage.limits import late_claims as sharp_late
from theory.two_stage.limits import plateau as sharp_plateau
from theory.two_stage.limits import stage_one as sharp_stage_one
from theory.two_stage.limits import transition_claims as sharp_transition
from theory.two_stage.mean_field import activation as sharp_activation
from theory.two_stage.mean_field import dtest as sharp_dtest
from theory.two_stage.mean_field import time_laws as sharp_time_laws
from theory.two_stage.mean_field import times as sharp_times

__all__ = ["CLAIMS", "EXHIBITS", "QUESTIONS"]

CLAIMS: tuple[Claim, ...] = (
    *exact.CLAIMS,
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
    *sharp_activation.CLAIMS,
    *sharp_late.CLAIMS,
    *sharp_plateau.CLAIMS,
    *sharp_error_constants.CLAIMS,
    *sharp_times.CLAIMS,
    *sharp_dtest.CLAIMS,
    *sharp_time_laws.CLAIMS,
    *certificates.CLAIMS,
    *answers.CLAIMS,
)
