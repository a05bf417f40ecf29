"""How a claim of this paper is declared: one shape for all items and subjects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Rule
from theory.source import Source
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.sources import provenance_of

__all__ = ["claim_of", "stated_claim"]


def stated_claim(
    name: str,
    source: Source,
    statement: str,
    rule: Rule,
    measure: Callable[[Any], object],
    measured: str,
    experiment: Experiment,
    **more: Any,
) -> Claim:
    """The claim `two_stage.<name>`, with the provenance of its source and the default constants; `more`
    are further fields of `Claim`, and win."""
    return Claim(
        id=f"two_stage.{name}",
        source=source,
        statement=statement,
        rule=rule,
        measure=measure,
        measured=measured,
        experiment=experiment,
        **{"provenance": provenance_of(source), "constants": DEFAULT_CONSTANTS, **more},
    )


def claim_of(item: str, source: Source) -> Callable[..., Claim]:
    """`stated_claim` for the claims `two_stage.<item>.<name>` of one source (unless `more` names another)."""

    def claim(name: str, *given: Any, **more: Any) -> Claim:
        return stated_claim(f"{item}.{name}", more.pop("source", source), *given, **more)

    return claim
