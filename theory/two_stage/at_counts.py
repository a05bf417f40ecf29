"""Times with the chance of the run's own label counts taken out, by the mean field.

`..._at_counts` divide by the law at these counts, and so by the finite-size part of the exponent too.

At a few hundred samples the median over some dozens of flipped labels and the spread of their realised rate
add .035 to the exponent of n in t_half. Both vanish for n -> infinity and both are predicted: dividing by the
law at the run's own counts leaves the exponent that the theorem speaks of, and half of the scatter.

At small kappa_0 the mean field gives t_half up to a finite-size part of its own (an exponent of .95 is left
at 80 to 320 samples), but how t_half falls with the share of flipped labels is the same. `t_half_at_rate`
takes out that alone, to first order: the correction of ln t_half has expectation 0 at every n, since the
number of flipped labels is binomial, so the exponent stays that of t_half itself, with two thirds of the
scatter.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from theory.run import NotApplicable
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.mean_field import mean_field, population
from theory.two_stage.mean_field.time_errors import stage_time
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import EPS
from theory.two_stage.stays import first_at_most

__all__ = ["loss_time_at_counts", "t_half_at_counts", "t_half_at_rate"]

#: Time units that the law is followed for; the run itself may end where its times are known.
_LONG = 24.0


@of_flipped_labels
def t_half_at_counts(run: Run) -> float | NotApplicable:
    """t_half in steps over its predicted clock."""
    law = stage_time(population(run.setting, run.y, run.y_observed), run.setting.steps(_LONG), 0.5)
    return NotApplicable("no t_half is predicted") if law is None else run.t_half / law.clock


def loss_time_at_counts(run: Run) -> float:
    """First time in steps at which the training loss is at most EPS, over the mean field's clock."""
    field = mean_field(population(run.setting, run.y, run.y_observed), run.setting.steps(_LONG))
    steps = np.arange(len(field.clock))
    return run.t_loss(EPS) / (run.setting.clock_step * first_at_most(field.train_loss, steps, EPS))


@lru_cache(maxsize=64)
def _fall(setting: Setting) -> float | None:
    """d ln t_half / d(share of flipped labels), equal in both classes, by the mean field about the setting's
    own rate; None where a t_half is not predicted."""
    half = setting.n // 2
    labels = [1] * half + [-1] * half
    pop = population(setting, labels, labels)
    flipped = (setting.tau_plus + setting.tau_minus) / 2 * half
    # Half a standard deviation to either side: beyond it the law bends.
    off = max(1, round(math.sqrt(flipped) / 2))
    counts = [max(1, round(flipped) + sign * off) for sign in (-1, 1)]
    laws = [
        stage_time(replace(pop, counts=((half - k, k), (half - k, k))), setting.steps(_LONG), 0.5)
        for k in counts
    ]
    clocks = [law.clock for law in laws if law is not None]
    if len(clocks) < 2:
        return None
    return math.log(clocks[1] / clocks[0]) * half / (counts[1] - counts[0])


@of_flipped_labels
def t_half_at_rate(run: Run) -> float | NotApplicable:
    """t_half in steps, less what the mean field says that the realised share of flipped labels does to it."""
    fall = _fall(run.setting)
    if fall is None:
        return NotApplicable("no t_half is predicted")
    off = float(np.mean(run.noisy)) - (run.setting.tau_plus + run.setting.tau_minus) / 2
    return run.t_half * math.exp(-fall * off)
