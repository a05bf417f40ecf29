"""What judges plant: the constants a formula may get wrong, the factors it may lose, powers it may err in.

Which numbers of a setting a formula may contain is the model's to say: `trends` of its setting's class, and
`slips` where more than the plain parameters may be lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.falsehood import FalsehoodKind
from theory.slips import FormulaSlips
from verify.rules.trend import trends_of

__all__ = [
    "CONSTANTS",
    "EXPONENT_ERRORS",
    "Change",
    "factors_of",
    "fields_of",
    "least_shift",
    "log_values",
    "power_of",
    "prediction_changes",
    "slips_of",
]

Floats = NDArray[np.float64]

#: Errors of an exponent, with the kind each is counted under.
EXPONENT_ERRORS: tuple[tuple[float, FalsehoodKind], ...] = (
    (0.1, "exponent 0.1"),
    (-0.1, "exponent 0.1"),
    (0.5, "exponent 0.5"),
    (-0.5, "exponent 0.5"),
)

CONSTANTS = (0.5, 2.0)


@dataclass(frozen=True)
class Change:
    """A factor that a predicted value is multiplied by."""

    name: str
    kind: FalsehoodKind
    factor: Callable[[Any], float]
    power_of: str | None = None
    power: float = 0.0


def fields_of(settings: Sequence[Any]) -> tuple[str, ...]:
    """The parameters that a scale may contain: those with a slope that are no dimensionless group."""
    trends = trends_of(settings)
    return tuple(name for name in trends.slopes if name not in trends.held)


def slips_of(settings: Sequence[Any]) -> FormulaSlips:
    """What the settings' class says a formula may get wrong; its parameters one by one where it says
    nothing."""
    own = getattr(type(settings[0]), "slips", None) if settings else None
    if isinstance(own, FormulaSlips):
        return own
    return FormulaSlips({name: power_of(name, 1.0) for name in fields_of(settings)})


def factors_of(settings: Sequence[Any]) -> Mapping[str, Callable[[Any], float]]:
    """What a formula may have lost, by name."""
    slips = slips_of(settings)
    return {**slips.factors, **slips.group_factors}


def prediction_changes(settings: Sequence[Any]) -> list[Change]:
    """A predicted value times a constant, without a factor, with a wrong power of a parameter.

    Two powers are enough, those of the first and the last parameter that a constant may not contain.
    """
    powers = trends_of(settings).powers
    return [
        *(Change(f"prediction x {c:g}", "constant", lambda s, c=c: c) for c in CONSTANTS),  # type: ignore[misc]
        *(
            Change(f"prediction without {name}", "factor", lambda s, f=f: 1 / f(s))  # type: ignore[misc]
            for name, f in factors_of(settings).items()
        ),
        *(
            Change(
                f"prediction x {name}^{error:+g}",
                kind,
                power_of(name, error),
                name,
                error,
            )
            for error, kind in EXPONENT_ERRORS
            for name in dict.fromkeys((*powers[:1], *powers[-1:]))
        ),
    ]


def least_shift(shifts: Floats, of: str) -> float:
    """How far a mean or a median surely moves when every value is shifted by its own amount.

    A mean moves by the mean shift. Of a median only the smallest shift is sure, and none when some go the
    other way: what leaves half of the values where they are may leave it there too.

    >>> least_shift(np.array([0.0, 1.0]), "mean"), least_shift(np.array([0.0, 1.0]), "median")
    (0.5, 0.0)
    >>> least_shift(np.array([-2.0, -1.0]), "median")
    1.0
    """
    if not len(shifts):
        return 0.0
    if of == "mean":
        return abs(float(shifts.mean()))
    return float(max(shifts.min(), -shifts.max(), 0.0))


def power_of(name: str, power: float) -> Callable[[Any], float]:
    """A power of a field of the setting."""
    return lambda s: math.exp(power * math.log(getattr(s, name)))


def log_values(settings: Sequence[Any], name: str) -> Floats:
    """Natural logarithm of a field at every setting, (runs,)."""
    return np.array([math.log(getattr(s, name)) for s in settings])
