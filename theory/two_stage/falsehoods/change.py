"""A claim changed in one place: its measurement, the run it sees, or the formula it states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from theory.claim import Claim
from theory.falsehood import Falsehood, FalsehoodKind, altered
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting

__all__ = ["UNIQUE", "changed", "given", "other_setting", "seen"]

#: Why a wrong increment is false.
UNIQUE = "the increments of the same run cannot follow two different formulas"

Measure = Callable[[Run], Any]


def changed(
    true: Claim, name: str, kind: FalsehoodKind, why: str, measure: Measure | None = None, **more: Any
) -> Falsehood:
    """The claim with another measurement (its proof left out, unless given) or other fields."""
    fields: dict[str, Any] = {"measure": measure or true.measure, "proof": None, **more}
    return Falsehood(true.id, name, kind, replace(true, **fields), why)


def seen(true: Claim, name: str, kind: FalsehoodKind, why: str, **changes: Callable[[Run], Any]) -> Falsehood:
    """The claim measured on a run of which some quantities are taken wrongly."""

    def measure(run: Run) -> Any:
        return true.measure(altered(run, **{key: change(run) for key, change in changes.items()}))

    return changed(true, name, kind, why, measure)


def other_setting(change: Callable[[Setting], Setting]) -> Callable[[Run], Setting]:
    """A run's setting with another value in one place."""
    return lambda run: change(run.setting)


def given(function: Callable[..., Any] | None, **values: Any) -> Callable[..., Any]:
    """A claim's measurement or proof with another formula than its own."""
    assert function is not None
    return partial(function, **values)
