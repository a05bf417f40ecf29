"""False limits of strong signal."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.falsehoods.closed_forms import of_closed_form
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.symbols import tau

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the limit of strong signal."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    s_inf = limit_transition.derived_strong_signal_limit()
    # The closed form of s_inf has no real value at 1 - tau.
    yield from of_closed_form(of("strong_signal"), s_inf, symbols=False)
    runs, deepest, below = of("strong_signal.runs"), of("strong_signal.depth"), of("below_strong_signal")
    yield changed(
        runs,
        "p^+0.5 of s_inf",
        "exponent 0.5",
        "sqrt(1/2) of the limit, which runs meet within 5 %",
        given(runs.measure, stated=s_inf * sp.Symbol("p", positive=True) ** sp.Rational(1, 2)),
    )
    for what, formula in (
        ("ln(1/tau) for the logit", sp.log(tau)),
        ("the logit of 2 tau", -sp.log((1 - 2 * tau) / (2 * tau))),
    ):
        yield changed(
            deepest,
            what,
            "formula",
            "the two differ by more than 2 % at flip rates from .05 to .25",
            given(deepest.measure, stated=formula),
        )
    yield changed(
        below,
        "s_2 below s_inf/2",
        "constant",
        "s_2 is above half of its limit wherever a(1-2 tau) > 2",
        given(below.measure, factor=0.5),
    )
    ordered = of("below_strong_signal.runs")
    yield changed(
        ordered,
        "before s_inf/2",
        "constant",
        "medians of t_half are above half of the limit at a(1-2 tau) >= 2",
        given(ordered.measure, factor=0.5),
    )
