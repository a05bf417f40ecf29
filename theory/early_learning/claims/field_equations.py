"""D6 to D8: what closed forms say of the two-class equations, which are solved; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, reading, times
from theory.early_learning.conditions import EARLY, at_least, at_most
from theory.early_learning.mean_field import memorisation_time, time_to_signal, wrong_force_peak
from theory.early_learning.sources import beyond
from theory.early_learning.symbols import kappa, m, w
from theory.early_learning.times import (
    MEMORISATION_CONSTANT,
    early_time,
    memorisation_constant,
    plateau,
    prove_early_time,
    prove_memorisation_constant,
    prove_role_inversion,
    role_ratio,
)
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate
from theory.rules import Universal
from theory.setting import AbstractSetting, Trends

__all__ = ["CLAIMS", "FIELDS", "FIRST_ORDER", "FieldSetting", "solve_field"]


@dataclass(frozen=True)
class FieldSetting(AbstractSetting):
    """A point of the two-class mean field: its equations are solved, nothing is trained.

    Args:
        w: flip rate in (0, 1/2).
        kappa: own pull of an example, > 0.
    """

    trends: ClassVar[Trends] = Trends()

    w: float
    kappa: float

    def __post_init__(self) -> None:
        if not 0.0 < self.w < 0.5:
            raise ValueError(f"w must lie in (0, 1/2), was {self.w!r}")
        if not self.kappa > 0.0:
            raise ValueError(f"kappa must be > 0, was {self.kappa!r}")

    @property
    def m(self) -> float:
        """`1 - 2w`."""
        return 1.0 - 2.0 * self.w

    @classmethod
    def letters(cls) -> Mapping[sp.Symbol, str]:
        """As of mixture settings."""
        return {w: "w", kappa: "kappa", m: "m"}


def solve_field(setting: FieldSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """Times and forces by solving the equations; no randomness."""
    rate, own = setting.w, setting.kappa
    level = plateau(rate) / 2
    clean, wrong = wrong_force_peak(rate, own)
    return {
        "memorisation": memorisation_time(rate, own),
        "early": time_to_signal(level, rate, own),
        "role": wrong / clean,
    }


def _field(values: Mapping[str, Any]) -> FieldSetting:
    return FieldSetting(values["w"], values["kappa"])


#: The region that verdicts on the equations speak of.
FIELDS = Box("all fields", (Coordinate("w", 0.02, 0.45, "linear"), Coordinate("kappa", 1e-3, 1.0)), _field)
FIELD = function_model(FieldSetting, solve_field, name="early_learning.field")
SLOW = Experiment(
    "early_learning.field.slow",
    place=Box("slow field", (Coordinate("w", 0.1, 0.4, "linear"), Coordinate("kappa", 1e-3, 0.02)), _field),
    model=FIELD,
    runs=times(36, 60, 300),
)
MODERATE = Experiment(
    "early_learning.field.moderate",
    place=Box("field", (Coordinate("w", 0.05, 0.4, "linear"), Coordinate("kappa", 0.01, 0.2)), _field),
    model=FIELD,
    runs=times(36, 60, 300),
)
STRONG = Experiment(
    "early_learning.field.strong",
    place=Box("field", (Coordinate("w", 0.1, 0.3, "linear"), Coordinate("kappa", 0.3, 0.39)), _field),
    model=FIELD,
    runs=times(15, 30, 100),
)


def _closed_memorisation(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.memorisation * s.kappa / memorisation_constant(s.w) - 1) <= 0.03)


def _closed_memorisation_tight(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.memorisation * s.kappa / memorisation_constant(s.w) - 1) <= 0.1)


def _closed_early(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.early / early_time(plateau(s.w) / 2, s.w, s.kappa) - 1) <= 0.015)


def _closed_early_plain(run: Any) -> bool:
    s = run.setting
    return bool(abs(run.early / early_time(plateau(s.w) / 2, s.w) - 1) <= 0.015)


def _closed_role(run: Any) -> bool:
    return bool(abs(run.role / role_ratio(run.setting.w, run.setting.kappa) - 1) <= 1e-6)


_RATES = at_least(w, 0.1, "D7", "at lower rates the next order in kappa is larger")
FIRST_ORDER = (EARLY, at_most(kappa, 0.2, "D6", "first order in kappa"), at_least(w, 0.05, "D6", _RATES.why))

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "field.early_time_equations",
        "D6",
        r"The corrected closed form is within 1.5 % of the equations for $\kappa \le .2$.",
        Universal(reason="first order in kappa"),
        _closed_early,
        MODERATE,
        FIRST_ORDER,
        measured="whether the relative distance is at most .015",
        proof=prove_early_time,
    ),
    reading(
        "slip.early_time_plain",
        beyond("D6, leading order"),
        r"The closed form without its correction in $\kappa$ is within 1.5 % of the equations for $\kappa "
        r"\le .2$.",
        Universal(reason="a tempting reading of the leading order"),
        _closed_early_plain,
        MODERATE,
        FIRST_ORDER,
        measured="whether the relative distance is at most .015",
        corrected_by="field.early_time_equations",
    ),
    by_us(
        "field.memorisation_constant",
        "D7",
        r"$\tau_{mem} = C(w)/\kappa$ for small $\kappa$: within 3 % of the equations for $\kappa \le .02$. "
        r"So $t_{mem} = C(w)\, n/(\eta\sigma^2 p)$.",
        Universal(reason="the relative error is about 1.5 kappa/C"),
        _closed_memorisation,
        SLOW,
        (
            at_most(kappa, 0.02, "D7", "the relative error is about 1.5 kappa/C"),
            _RATES,
            at_most(w, 0.4, "D7", "C falls to 0 at w = 1/2"),
        ),
        prediction=Prediction(r"\tau_{mem}", MEMORISATION_CONSTANT / kappa, "training time"),
        measured="whether the relative distance is at most .03",
        proof=prove_memorisation_constant,
    ),
    reading(
        "slip.constant_at_large_kappa",
        beyond("D7, leading order"),
        r"$\tau_{mem} = C(w)/\kappa$ within 10 % at $\kappa \ge .3$ too.",
        Universal(reason="a tempting reading of the leading order"),
        _closed_memorisation_tight,
        STRONG,
        (EARLY, at_least(kappa, 0.3, "D7", "beyond the leading order")),
        measured="whether the relative distance is at most .1",
        corrected_by="field.memorisation_time",
    ),
    by_us(
        "field.roles_equations",
        "D8",
        r"In the two-class equations $|F_W|/|F_C| = (1-w)/(w+\kappa)$ is exact when the wrong margins peak, "
        r"for every $\kappa < m$.",
        Universal(reason="solver tolerance 1e-10"),
        _closed_role,
        MODERATE,
        (EARLY,),
        measured="whether the relative distance is at most 1e-6",
        proof=prove_role_inversion,
    ),
)
