"""What every rule is, and the checks of the numbers that rules share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = ["Kind", "Rule", "check_level", "check_positive", "check_share"]

Kind = Literal[
    "identity",
    "event",
    "ordering",
    "band",
    "exponent",
    "law",
    "universal",
    "bound",
    "difference",
    "same_run",
    "derivation",
]


@dataclass(frozen=True)
class Rule:
    """What every rule is: a frozen dataclass with a kind, and a judge in `verify.rules` that applies it.

    A new kind of rule is a subclass here, or in a claims file, and one file with its judge.
    """

    kind: ClassVar[Kind]


def check_share(name: str, value: float) -> None:
    """A share or probability: in (0, 1)."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie in (0, 1), was {value!r}")


def check_level(name: str, value: float) -> None:
    """An error level: in (0, 1/2)."""
    if not 0.0 < value < 0.5:
        raise ValueError(f"{name} must lie in (0, 1/2), was {value!r}")


def check_positive(name: str, value: float) -> None:
    """A factor, margin or tolerance: above 0."""
    if not value > 0.0:
        raise ValueError(f"{name} must be > 0, was {value!r}")
