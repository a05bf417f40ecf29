"""What the core asks of a setting's class."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Trends"]


@dataclass(frozen=True)
class Trends:
    """Names of numbers of a setting in which a ratio that should be constant must not drift.

    Args:
        slopes: each alone must not move a law's ratio by more than its margin allows.
        powers: of these a fitted constant may contain no power, at fixed `held`.
        held: dimensionless groups that a fitted constant may depend on.
        linear: those of them that are taken as they are, since they may be 0; all others in logarithms.
    """

    slopes: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()
