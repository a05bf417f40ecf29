"""A false limit flow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage import recursions
from theory.two_stage.falsehoods.change import UNIQUE, changed, given
from theory.two_stage.limits import dynamics as limit_dynamics

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the flow."""
    flow = known["two_stage.sharp.flow"]
    for scale, kind in ((2.0, "constant"), (0.5, "constant"), (-1.0, "sign")):
        wrong = given(flow.measure, signal_scale=scale)
        yield changed(flow, f"signal rate x {scale:g}", kind, UNIQUE, wrong)  # type: ignore[arg-type]
    for what, kind, term in (("x 2", "constant", 2), ("of the other sign", "sign", -1)):
        proof = partial(limit_dynamics.prove_flow, term * recursions.gamma_term)
        yield changed(flow, f"signal rate {what} (proof)", kind, UNIQUE, proof=proof)  # type: ignore[arg-type]
