"""How a claim that is derived on a page of this project is declared: one shape for all subjects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Rule
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.sources import here

__all__ = ["derived_claim"]


def derived_claim(
    name: str,
    where: str,
    statement: str,
    rule: Rule,
    measure: Callable[[Any], object],
    measured: str,
    experiment: Experiment,
    **more: Any,
) -> Claim:
    """The claim `two_stage.<name>`, derived at `where` (a page and its section), with the paper's default
    constants; `more` are further fields of `Claim`, and win."""
    return Claim(
        id=f"two_stage.{name}",
        source=here(where),
        provenance="derived",
        statement=statement,
        rule=rule,
        measure=measure,
        measured=measured,
        experiment=experiment,
        **{"constants": DEFAULT_CONSTANTS, **more},
    )
