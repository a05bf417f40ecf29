"""Planted falsehoods and exemptions: what the generator yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from theory.claim import Claim
from theory.falsehood import FalsehoodKind
from theory.rules import Rule
from verify.outcome import Observation

__all__ = ["Exempt", "Planted", "same_value"]


def same_value(observation: Observation) -> Any:
    """The measured value as it is."""
    return observation.value


@dataclass(frozen=True)
class Planted:
    """A false statement about the runs of a true one.

    Args:
        of: the true claim.
        name, kind: what was changed.
        rule: the rule it is judged by.
        why: why it is false when `of` holds, without looking at any verdict.
        value: its value on a run, from the true claim's observation. None for a declared falsehood, whose
            values were measured on their own (`measured`).
        measured: the claim that was measured, where that is not `of`.
    """

    of: Claim
    name: str
    kind: FalsehoodKind
    rule: Rule
    why: str
    value: Callable[[Observation], Any] | None = same_value
    measured: Claim | None = None


@dataclass(frozen=True)
class Exempt:
    """A change of a claim that is not a falsehood here, and why."""

    of: Claim
    name: str
    kind: FalsehoodKind
    why: str
    detail: Mapping[str, float] = field(default_factory=dict)
