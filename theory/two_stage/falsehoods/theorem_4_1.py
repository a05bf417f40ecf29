"""False readings of Theorem 4.1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.rules import EventMap
from theory.two_stage.experiments import PAPER
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1

__all__ = ["MISFIT", "falsehoods", "without_signal_dominates"]

#: What the theorem says of the noisy samples.
MISFIT = "at T_1 the noisy samples are misfit (Theorem 4.1)"

_WEAK = (
    "below a(1 - 2 tau) = 2p, p >= 1/2, there is no Stage I (two_stage.sharp.stage_one), and at any strength "
    "none in a class without a majority of clean labels: most of Condition 4.1 in the reference box"
)


def without_signal_dominates(true: Claim) -> Falsehood:
    """The claim all over Condition 4.1, its condition on the signal left out."""
    kept = tuple(c for c in true.conditions if not c.name.startswith("signal_dominates"))
    return changed(true, "without signal_dominates", "condition", _WEAK, experiment=PAPER, conditions=kept)


@of_flipped_labels
def _noisy_fit_at_t1(run: Run) -> bool:
    return bool(np.all(run.margins[run.at(C_T1), run.noisy] > 0))


def _clean_misfit_at_t1(run: Run) -> bool:
    return bool(np.all(run.margins[run.at(C_T1), run.clean] < 0))


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of Theorem 4.1."""

    def of(name: str) -> Claim:
        return known[f"two_stage.theorem_4_1.{name}"]

    clean = of("clean_fit")
    yield changed(clean, "noisy for clean", "symbols", MISFIT, _noisy_fit_at_t1)
    noisy = of("noisy_misfit")
    yield changed(
        noisy, "clean for noisy", "symbols", "at T_1 the clean samples are fit", _clean_misfit_at_t1
    )
    for true in (noisy, of("signal_above_noise"), of("stage_order")):
        yield without_signal_dominates(true)
    grid = of("event_map")
    assert isinstance(grid.rule, EventMap)
    yield changed(
        grid,
        "from 0.2 a* on",
        "condition",
        "two of nine rows of the grid lie at 0.35 of the threshold or below, where a(1 - 2 tau) is about 2p",
        rule=replace(grid.rule, threshold=0.2),
    )
