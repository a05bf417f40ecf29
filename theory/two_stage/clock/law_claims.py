r"""Heavy ball and mini-batches against the cavity law with the same steps: nothing fitted.

The clock alone misses inertia at `beta = .9, h = .1`, and mini-batches at small kappa_0 altogether
(`theory.two_stage.clock.claims`). The law with velocities, or with batches, has both.

Source: derived here (`docs/derivations/clock.md`, The law of other steps).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import numpy as np

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Calibration, ZScores
from theory.run import NotApplicable
from theory.two_stage.cavity.driven import DRIVEN_REPLICATES, Drive, DrivenLaw, driven_law
from theory.two_stage.cavity.scope import CAVITY_SCOPE
from theory.two_stage.clock.experiments import BATCHES_LAW, MOMENTUM_LAW
from theory.two_stage.conditions import ALL
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.sampled_field import normal_score
from theory.two_stage.run import Run
from theory.two_stage.stays import share_time, stay_times

__all__ = ["CLAIMS", "LATE", "Number", "late_beyond", "law_of", "score_of"]

_SECTION = "docs/derivations/clock.md, The law of other steps"
#: Largest probability, under the law, of a time beyond the run.
_MOST_UNSEEN = 0.05
#: Replicates among which a time outside the law's is ranked: batches leave a heavy tail of late samples.
_MORE_REPLICATES = 400
#: The clock beyond which t_all is late.
LATE = 12.0

Number = Literal["half", "all", "share", "share_sd"]


def law_of(run: Run, drive: Drive, replicates: int = DRIVEN_REPLICATES) -> DrivenLaw:
    """The law at a run's setting under a drive, the labels drawn."""
    h = run.setting.clock_step
    return driven_law(run.setting, int(run.steps[-1]), drive, math.ceil(1.0 / h - 1e-9), replicates)


@of_flipped_labels
def score_of(run: Run, number: Number, drive: Drive) -> tuple[float, float, float, float] | NotApplicable:
    """`(score, 0, 1, 0)`: the normal score of a run's t_half, t_all, or mean or spread of p_i at one time
    unit among the replicates of the law; of a time outside them, among more."""
    law, end = law_of(run, drive), float(run.steps[-1]) * run.setting.clock_step
    drawn = np.asarray(getattr(law, number))
    if number in ("share", "share_sd"):
        active = run.active_fraction[run.snapshot_at(1.0)]
        return normal_score(float(active.mean() if number == "share" else active.std()), drawn), 0.0, 1.0, 0.0
    if float(np.mean(drawn >= end)) > _MOST_UNSEEN:
        return NotApplicable(f"the law puts the time beyond the run with probability above {_MOST_UNSEEN:g}")
    share = 0.5 if number == "half" else 1.0
    steps = share_time(stay_times(run.margins[:, run.noisy], run.steps), share)
    clock = min(steps * run.setting.clock_step, end)
    if not drawn.min() <= clock <= drawn.max():
        drawn = np.asarray(getattr(law_of(run, drive, _MORE_REPLICATES), number))
    return normal_score(clock, np.minimum(drawn, end)), 0.0, 1.0, 0.0


@of_flipped_labels
def late_beyond(run: Run, drive: Drive) -> tuple[bool, float]:
    """Whether some flipped label is not memorised for good by `LATE`, and the probability of that."""
    late = share_time(stay_times(run.margins[:, run.noisy], run.steps), 1.0) * run.setting.clock_step > LATE
    return late, float(np.mean(law_of(run, drive).all > LATE))


_SCORES = ZScores(
    bias=0.3,
    spread=(0.8, 1.25),
    delta=0.03,
    reason="the law's mean is known to a tenth of its spread from 100 replicates; a tenth of the spread is "
    "what orders beyond 1/m and 1/n may move",
)
_WORDS = {
    "half": "$t_{half}$",
    "all": "$t_{all}$",
    "share": "the mean active share at $s = 1$",
    "share_sd": "the spread of the active shares at $s = 1$",
}
#: Where the law with other steps is claimed; large kappa_0 too, where its fields do nothing.
_SCOPE = (ALL["iota_small"], ALL["dimension_ratio"], ALL["clock_step"], *CAVITY_SCOPE)
_NO_DEFAULT = "Only in the full profile: every run is followed by a law of its own."


def _scored(name: str, number: Number, words: str, drive: Drive, experiment: Experiment) -> Claim:
    return derived_claim(
        f"clock.{name}",
        _SECTION,
        f"{words} {_WORDS[number]} is a draw from the cavity law with the same steps, location and spread",
        _SCORES,
        partial(score_of, number=number, drive=drive),
        "normal score of the run's number among 100 replicates of the law, labels drawn",
        experiment,
        conditions=_SCOPE,
        parents=("two_stage.cavity.t_half",),
        note=_NO_DEFAULT,
    )


def _late(size: int) -> Claim:
    return derived_claim(
        f"clock.batches.{size}.law.late",
        _SECTION,
        rf"With mini-batches of {size} out of 100 a flipped label is left at $s = {LATE:g}$ as "
        r"often as the cavity law with the same batches says, $\kappa_0 \le .3$",
        Calibration(0.15, reason="the probability is known from 100 replicates, to .05 where it is 1/2"),
        partial(late_beyond, drive=Drive(batch_size=size)),
        f"whether t_all lies beyond {LATE:g}, and its probability under the law",
        BATCHES_LAW[size],
        conditions=(ALL["kappa_small"], *_SCOPE),
        parents=(f"two_stage.clock.batches.{size}.law.share",),
        note=_NO_DEFAULT,
    )


CLAIMS: tuple[Claim, ...] = (
    *(
        _scored(
            f"momentum.{round(100 * beta)}.law.{number}",
            number,
            rf"Under heavy ball, $\beta = {beta:g}$,",
            Drive(momentum=beta),
            experiment,
        )
        for beta, experiment in MOMENTUM_LAW.items()
        for number in ("half", "all")
    ),
    *(
        _scored(
            f"batches.{size}.law.{number}",
            number,
            rf"With mini-batches of {size} out of 100, at $\kappa_0$ of .01 and .3,",
            Drive(batch_size=size),
            experiment,
        )
        for size, experiment in BATCHES_LAW.items()
        for number in ("share", "share_sd", "half")
    ),
    *map(_late, BATCHES_LAW),
)
