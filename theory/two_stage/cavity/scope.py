"""Where the cavity law is claimed, and where the limits come from."""

from __future__ import annotations

import sympy as sp

from theory.condition import Condition
from theory.two_stage import conditions
from theory.two_stage.sources import here
from theory.two_stage.symbols import m, tau_minus, tau_plus

__all__ = ["CAVITY_SCOPE", "OF_CAVITY"]

_SECTION = here("docs/derivations/cavity.md, Where it fails")

#: What the law needs beyond the scope conditions that it shares with other laws.
CAVITY_SCOPE: tuple[Condition, ...] = (
    Condition(
        "filters_enough",
        m,
        sp.Integer(20),
        _SECTION,
        "derived",
        "The own fields of a side's filters have the mean square of many; with 5 filters scores scatter by "
        "1.3.",
    ),
    Condition(
        "rates_moderate",
        sp.Rational(3, 10),
        sp.Max(tau_plus, tau_minus),
        _SECTION,
        "derived",
        "At flip rates of .4 times lie near 0 and depend on single samples.",
    ),
)

#: kappa_0 <= .3 with d/n >= 20, iota <= .1, h <= .1, m >= 20, rates <= .3.
OF_CAVITY: tuple[Condition, ...] = (
    *(conditions.ALL[name] for name in ("kappa_small", "iota_small", "clock_step", "dimension_ratio")),
    *CAVITY_SCOPE,
)
