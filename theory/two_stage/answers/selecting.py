r"""Small-loss selection: which samples to keep as clean, and how well that does.

Two rules, by the losses at one clock: keep those below log 2 (margin above 0), or the `(1 - tau) n` smallest,
tau the mean of the two flip rates, taken as known. Precision is the clean share of the kept samples, recall
the kept share of the clean ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.run import NotApplicable
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.run import Run

__all__ = ["RULES", "Scores", "largest_gap_clock", "scores"]

#: (precision, recall)
Scores = tuple[float, float]
RULES = ("log 2", "known rate")


def _kept(run: Run, row: int, rule: str) -> NDArray[np.bool_]:
    margins = run.margins[row]
    if rule == "log 2":
        return np.asarray(margins > 0)
    count = round((1 - 0.5 * (run.setting.tau_plus + run.setting.tau_minus)) * len(margins))
    kept = np.zeros(len(margins), dtype=bool)
    kept[np.argsort(-margins, kind="stable")[:count]] = True
    return kept


@of_flipped_labels
def scores(run: Run, clock: float, rule: str) -> Scores | NotApplicable:
    """Precision and recall of a rule at the first record at or after this clock."""
    kept = _kept(run, run.at(clock), rule)
    if not kept.any():
        return NotApplicable("no sample was kept")
    return float(run.clean[kept].mean()), float(kept[run.clean].mean())


@of_flipped_labels
def largest_gap_clock(run: Run) -> float:
    """The clock at which the smallest flipped loss exceeds the largest clean one by most."""
    losses = np.logaddexp(0.0, -run.margins)
    gap = losses[:, run.noisy].min(axis=1) - losses[:, run.clean].max(axis=1)
    return float(run.clock[int(np.argmax(gap))])
