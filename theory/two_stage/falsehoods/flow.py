"""A false limit flow, and orders that it does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import sympy as sp

from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage import recursions
from theory.two_stage.falsehoods.change import UNIQUE, changed, given
from theory.two_stage.limits import cooperative
from theory.two_stage.limits import dynamics as limit_dynamics
from theory.two_stage.limits.flow import more_flips_order

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the flow and of its order."""
    flow = known["two_stage.sharp.flow"]
    for scale, kind in ((2.0, "constant"), (0.5, "constant"), (-1.0, "sign")):
        wrong = given(flow.measure, signal_scale=scale)
        yield changed(flow, f"signal rate x {scale:g}", kind, UNIQUE, wrong)  # type: ignore[arg-type]
    for what, kind, term in (("x 2", "constant", 2), ("of the other sign", "sign", -1)):
        proof = partial(limit_dynamics.prove_flow, term * recursions.gamma_term)
        yield changed(flow, f"signal rate {what} (proof)", kind, UNIQUE, proof=proof)  # type: ignore[arg-type]
    start = known["two_stage.sharp.head_start"]
    late = sp.Symbol("iota", positive=True) / sp.sqrt(2 * sp.pi)
    yield changed(
        start, "its end from the start (runs)", "formula", UNIQUE, given(start.measure, stated=late)
    )
    proof = partial(limit_dynamics.prove_head_start, stated=late)
    yield changed(start, "its end from the start (proof)", "formula", UNIQUE, proof=proof)
    constants = limit_dynamics.coordinates()
    proof = partial(limit_dynamics.prove_invariant, stated=replace(constants, beta=-constants.beta))
    yield changed(
        known["two_stage.sharp.invariant"], "beta of the other sign (proof)", "sign", UNIQUE, proof=proof
    )
    order = known["two_stage.sharp.comparison_principle"]
    for what, signs in (
        ("clean slopes up", {"gamma": 1, "clean": 1, "noisy": 1}),
        ("gamma down", {"gamma": -1, "clean": -1, "noisy": 1}),
    ):
        proof = partial(cooperative.prove_cooperative, signs)
        yield changed(order, f"{what} (proof)", "sign", "an entry of the Jacobian is negative", proof=proof)
    flips = known["two_stage.sharp.more_flips_order"]
    swapped = given(more_flips_order, exchanged=True)
    yield changed(flips, "the arms exchanged", "order", "signals differ in one direction only", swapped)
