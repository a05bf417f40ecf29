"""False readings of Proposition 4.3."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.falsehoods.theorem_4_1 import without_signal_dominates
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.proposition_4_3 import USABLE
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1

__all__ = ["falsehoods"]


@of_flipped_labels
def _noisy_loss_below(run: Run) -> bool:
    losses = np.logaddexp(0.0, -run.margins[run.at(C_T1)])
    return float(losses[run.noisy].max()) <= math.log(2) <= float(losses[run.clean].min())


def _dtest_constant_at_end(run: Run) -> tuple[float, float]:
    error = run.test_error("spurious", float(run.clock[-1]))
    return (run.setting.d / run.setting.n) / -math.log(min(max(error.high, 1e-300), 1 - 1e-12)), USABLE


def _iid_constant_at_start(run: Run) -> tuple[float, float]:
    error = run.test_error("iid", 0.0)
    return (run.setting.d / run.setting.n) / -math.log(min(max(error.high, 1e-300), 1 - 1e-12)), USABLE


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of Proposition 4.3."""

    def of(name: str) -> Claim:
        return known[f"two_stage.proposition_4_3.{name}"]

    yield changed(
        of("iid_error"),
        "before training for T_1",
        "order",
        "half of the samples are wrong: C' = (d/n)/ln 2, above 50 at d/n > 35",
        _iid_constant_at_start,
    )
    selection = of("sample_selection")
    yield changed(
        selection,
        "clean and noisy swapped",
        "order",
        "their losses are ordered the other way",
        _noisy_loss_below,
    )
    yield without_signal_dominates(selection)
    yield changed(
        of("dtest_error"),
        "at the end for T_1",
        "order",
        "after Stage II the error is about tau/2: C' = (d/n)/3 or more, above 50 at d/n > 400",
        _dtest_constant_at_end,
    )
