r"""Weight decay below its lasting threshold, at small kappa_0: how many flipped labels are memorised.

There is no closed form for it; the cavity law with decay (coefficients, initial weights and gamma shrink)
predicts the share with nothing fitted.

Source: derived here (`docs/derivations/weight_decay.md`, Below the threshold).
"""

from __future__ import annotations

import math

from theory.claim import Claim
from theory.rules import ZScores
from theory.two_stage.cavity.driven import Drive, driven_law
from theory.two_stage.cavity.scope import CAVITY_SCOPE
from theory.two_stage.conditions import ALL, DEFAULT_CONSTANTS
from theory.two_stage.decay.experiments import SHARES
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.run import Run

__all__ = ["CLAIMS", "share_score"]

#: Replicates, each with labels of its own: their mean is known to a seventh of a run's own spread.
_REPLICATES = 50


@of_flipped_labels
def share_score(run: Run, factor: float = 1.0) -> tuple[float, float, float, float]:
    """Share of the flipped labels memorised at the end; the law's mean and spread over replicates (lambda
    times `factor`), widened by what its own sampling adds; half a label of slack."""
    decay = factor * float(run.setting.weight_decay)  # type: ignore[attr-defined]
    law = driven_law(run.setting, int(run.steps[-1]), Drive(decay=decay), replicates=_REPLICATES)
    noisy = int(run.noisy.sum())
    spread = float(law.memorised.std(ddof=1)) * math.sqrt(1 + 1 / _REPLICATES)
    measured = float((run.margins[-1, run.noisy] > 0).mean())
    return measured, float(law.memorised.mean()), spread, 0.5 / noisy


CLAIMS: tuple[Claim, ...] = (
    derived_claim(
        "decay.small_share",
        "docs/derivations/weight_decay.md, Below the threshold",
        r"Below $.85\,\lambda^*(1)$ the memorised share of flipped labels is that of the cavity "
        r"law with decay, location and spread, $\kappa_0 \le .3$",
        ZScores(
            bias=0.3,
            spread=(0.8, 1.25),
            delta=0.05,
            reason="the law's mean is known to a seventh of its spread from 50 replicates",
        ),
        share_score,
        "share memorised at 8/lambda, the law's mean and sd over 50 replicates, labels drawn",
        SHARES,
        conditions=(ALL["kappa_small"], ALL["dimension_ratio"], *CAVITY_SCOPE),
        constants=DEFAULT_CONSTANTS.with_(c_ratio=1e4),
        parents=("two_stage.cavity.t_half", "two_stage.decay.lasting"),
        note="Only in the full profile: every run is followed by a law of its own.",
    ),
)
