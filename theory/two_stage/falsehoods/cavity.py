"""False laws of the stage times at small kappa_0: the cavity law with a part left out, or its times
stretched.

Each moves the mean score of the claim's runs out of +-.3. Two more, U of fixed direction and times 5 % too
long, move it by .3 to .4 only: the full profile's `wide` claims refute them
(`tests/statistical/cavity_acceptance.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from theory.falsehood import Falsehood, FalsehoodKind
from theory.ledger import Ledger
from theory.two_stage.cavity.claims import median_ratio, score_in, stage_score
from theory.two_stage.cavity.law import REPLICATES
from theory.two_stage.cavity.terms import Terms
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.mean_field import population
from theory.two_stage.mean_field.sampled_field import time_law
from theory.two_stage.run import Run

__all__ = ["falsehoods"]

#: kappa_0 of the mean field in which no filter is ever switched on.
_NEVER = 1e9


@of_flipped_labels
def _half_active(run: Run, share: float) -> Any:
    """The score in the sampled mean field with p = 1/2."""
    pop = replace(population(run.setting, run.y, run.y_observed), kappa_0=_NEVER)
    return score_in(time_law(pop, len(run.steps) - 1, REPLICATES), run, share)


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of t_half and t_all."""
    half, last = known["two_stage.cavity.t_half"], known["two_stage.cavity.t_all"]
    half_score, last_score = partial(stage_score, share=0.5), partial(stage_score, share=1.0)
    changes: tuple[tuple[Any, str, FalsehoodKind, str, Callable[[Run], Any]], ...] = (
        (
            half,
            "the mean field with p = 1/2",
            "formula",
            "it is 1.5 to 2.5 times too slow",
            partial(_half_active, share=0.5),
        ),
        (
            last,
            "the mean field with p = 1/2",
            "formula",
            "it spreads a tenth as much",
            partial(_half_active, share=1.0),
        ),
        (
            half,
            "no U",
            "formula",
            "fewer filters are switched on: 7 % too slow",
            partial(half_score, terms=Terms(filters=False)),
        ),
        (
            half,
            "no coefficients on the other side",
            "formula",
            "fewer filters are switched on: 7 % too slow",
            partial(half_score, terms=Terms(other_side=False)),
        ),
        (
            last,
            "no signal cross-talk",
            "formula",
            "the last sample has its signal product against it: t_all is 11 % too early",
            partial(last_score, terms=Terms(signal=False)),
        ),
        (
            half,
            "times x 1.15",
            "constant",
            "the mean score moves by about -1",
            partial(half_score, factor=1.15),
        ),
        (
            last,
            "times x 1.2",
            "constant",
            "the mean score moves by about -1",
            partial(last_score, factor=1.2),
        ),
    )
    for true, name, kind, why, measure in changes:
        yield changed(true, name, kind, why, measure)
    median = known["two_stage.cavity.t_half_median"]
    for factor in (0.9, 1.1):
        measure = partial(median_ratio, share=0.5, factor=factor)
        yield changed(median, f"times x {factor:g}", "constant", "wrong by twice the margin", measure)
