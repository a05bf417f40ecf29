"""Short ways to declare the claims of this paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from theory.claim import Claim
from theory.condition import Condition
from theory.early_learning.conditions import CONSTANTS
from theory.early_learning.sources import beyond, paper
from theory.experiment import Experiment
from theory.rules import Rule

__all__ = ["by_us", "in_paper", "times"]


def by_us(
    name: str,
    item: str,
    statement: str,
    rule: Rule,
    measure: Callable[[Any], Any],
    experiment: Experiment,
    conditions: tuple[Condition, ...] = (),
    **others: Any,
) -> Claim:
    """A claim beyond the paper: `early_learning.NAME`, item "D3" and so on."""
    return Claim(
        f"early_learning.{name}",
        beyond(item),
        "derived",
        statement,
        rule,
        measure,
        experiment,
        conditions,
        CONSTANTS,
        **others,
    )


def in_paper(
    name: str,
    item: str,
    statement: str,
    rule: Rule,
    measure: Callable[[Any], Any],
    experiment: Experiment,
    conditions: tuple[Condition, ...] = (),
    **others: Any,
) -> Claim:
    """A claim that the paper states."""
    return Claim(
        f"early_learning.{name}",
        paper(item),
        "paper",
        statement,
        rule,
        measure,
        experiment,
        conditions,
        CONSTANTS,
        **others,
    )


def times(quick: int, default: int, full: int) -> Mapping[str, int]:
    """Numbers of runs by profile."""
    return {"quick": quick, "default": default, "full": full}
