"""The factors that a formula may lose and the parameters whose power it may get wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from theory.falsehood import FalsehoodKind
from theory.two_stage.setting import Setting

__all__ = ["CONSTANTS", "EXPONENT_ERRORS", "FACTORS", "FIELDS", "log_field", "log_values"]

Floats = NDArray[np.float64]

#: Errors of an exponent, with the kind each is counted under.
EXPONENT_ERRORS: tuple[tuple[float, FalsehoodKind], ...] = (
    (0.1, "exponent 0.1"),
    (-0.1, "exponent 0.1"),
    (0.5, "exponent 0.5"),
    (-0.5, "exponent 0.5"),
)

CONSTANTS = (0.5, 2.0)

#: Parameters of a setting that a scale may contain.
FIELDS = ("n", "m", "d", "sigma_xi", "eta")

#: What a predicted formula may have lost.
FACTORS: Mapping[str, Callable[[Setting], float]] = {
    "n": lambda s: float(s.n),
    "sqrt(n)": lambda s: math.sqrt(s.n),
    "m": lambda s: float(s.m),
    "sqrt(d)": lambda s: math.sqrt(s.d),
    "sigma_xi^2": lambda s: s.sigma_xi**2,
    "eta": lambda s: s.eta,
    "1 - 2 tau": lambda s: 1 - 2 * s.tau_max,
}


def log_field(setting: Setting, name: str) -> float:
    """Natural logarithm of a field of the setting."""
    return math.log(getattr(setting, name))


def log_values(settings: Sequence[Setting], name: str) -> Floats:
    """`log_field` of every setting, (runs,)."""
    return np.array([log_field(s, name) for s in settings])
