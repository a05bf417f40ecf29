"""False closed forms and brackets of the transition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.falsehoods.closed_forms import DIFFERENT, of_closed_form
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.dynamics import a
from theory.two_stage.limits.transition_claims import bracketed_transition
from theory.two_stage.limits.transition_integral import integral_residual, prove_transition_integral
from theory.two_stage.symbols import p, tau

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the transition clock."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    yield from of_closed_form(of("comparison_curve"), limit_transition.comparison_inverse())
    bracket, closed = of("transition_bracket"), of("transition_bracket.closed")
    yield changed(
        bracket,
        "three times narrower at either end",
        "constant",
        "the ends are within a factor 1.7 above and 4 below of s_2 at generic parameters",
        given(bracket.measure, stretch=3.0),
    )
    low, high = limit_transition.closed_bracket()
    for what, ends in (("upper end halved", (low, high / 2)), ("ends exchanged", (high, low))):
        kind = "order" if "exchanged" in what else "constant"
        yield changed(
            closed,
            f"{what} (runs)",
            kind,  # type: ignore[arg-type]
            "the upper end is within a factor 1.8 of s_2, and above it",
            given(closed.measure, stated=ends),
        )
        proof = partial(limit_transition.prove_closed_bracket, low=ends[0], high=ends[1])
        yield changed(closed, f"{what} (proof)", kind, DIFFERENT, proof=proof)  # type: ignore[arg-type]
    for name, factor in (("upper", 0.5), ("lower", 2.5)):
        yield changed(
            of(f"transition_bracket.{name}"),
            f"end x {factor:g}",
            "constant",
            "s_2 lies between .6 and .95 of the upper end, and between 1.3 and 2.2 of the lower one",
            partial(bracketed_transition, upper=name == "upper", factor=factor),
        )
    integral = of("transition_integral")
    yield changed(
        integral, "integral x 1.01 (runs)", "constant", DIFFERENT, partial(integral_residual, factor=1.01)
    )
    for what, share in (("c = a/(a + p)", a / (a + p) * (1 - tau)), ("without 1 - tau", a / (a + 2 * p))):
        wrong = partial(prove_transition_integral, share)
        yield changed(integral, f"{what} (proof)", "factor", DIFFERENT, proof=wrong)
