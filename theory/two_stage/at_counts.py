"""Times over what the mean field says for the run's own label counts: exponents without the finite-size part.

At a few hundred samples the median over some dozens of flipped labels and the spread of their realised rate
add .035 to the exponent of n in t_half. Both vanish for n -> infinity and both are predicted: dividing by the
law at the run's own counts leaves the exponent that the theorem speaks of, and half of the scatter.
"""

from __future__ import annotations

import numpy as np

from theory.run import NotApplicable
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.mean_field import mean_field, population
from theory.two_stage.mean_field.time_errors import stage_time
from theory.two_stage.run import Run
from theory.two_stage.sources import EPS
from theory.two_stage.stays import first_at_most

__all__ = ["loss_time_at_counts", "t_half_at_counts"]

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
