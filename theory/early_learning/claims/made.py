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
from theory.source import Provenance, Source

__all__ = ["by_us", "in_paper", "reading", "times"]

Measure = Callable[[Any], Any]


def _claim(
    name: str,
    source: Source,
    provenance: Provenance,
    statement: str,
    rule: Rule,
    measure: Measure,
    experiment: Experiment,
    conditions: tuple[Condition, ...] = (),
    **others: Any,
) -> Claim:
    id = f"early_learning.{name}"
    return Claim(
        id, source, provenance, statement, rule, measure, experiment, conditions, CONSTANTS, **others
    )


def by_us(name: str, item: str, *rest: Any, **others: Any) -> Claim:
    """A claim beyond the paper: name, item "D3"; then statement, rule, measure, experiment, conditions."""
    return _claim(name, beyond(item), "derived", *rest, **others)


def in_paper(name: str, item: str, *rest: Any, **others: Any) -> Claim:
    """A claim that the paper states; arguments as for `by_us`."""
    return _claim(name, paper(item), "paper", *rest, **others)


def reading(name: str, source: Source, *rest: Any, corrected_by: str, **others: Any) -> Claim:
    """A printed or tempting statement that is expected to fail, and the claim that says what holds."""
    others = {"role": "reading", "corrected_by": f"early_learning.{corrected_by}", **others}
    provenance: Provenance = others.pop("provenance", "derived")
    return _claim(name, source, provenance, *rest, **others)


def times(quick: int, default: int, full: int) -> Mapping[str, int]:
    """Numbers of runs by profile."""
    return {"quick": quick, "default": default, "full": full}
