"""False thresholds, widths and rules of weight decay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.decay.experiments import BELOW
from theory.two_stage.decay.law_claims import share_score
from theory.two_stage.decay.measures import breaking_scale, clean_margin, lasts, share_law
from theory.two_stage.decay.proofs import prove_end_state, prove_forgetting
from theory.two_stage.decay.thresholds import strong_signal_threshold, threshold_formula
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.falsehoods.closed_forms import DIFFERENT, of_closed_form
from theory.two_stage.limits.dynamics import coordinates

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of weight decay."""

    def of(name: str) -> Claim:
        return known[f"two_stage.decay.{name}"]

    yield changed(
        of("end_state"),
        "coupling of the other sign (proof)",
        "sign",
        "the Jacobian's entry is k_c beta > 0",
        proof=partial(prove_end_state, coupling=-coordinates().beta),
    )
    yield from of_closed_form(of("threshold"), threshold_formula(), symbols=False)
    yield from of_closed_form(of("threshold.strong_signal"), strong_signal_threshold(), symbols=False)
    for name, formula in (
        ("threshold", threshold_formula()),
        ("threshold.strong_signal", strong_signal_threshold()),
    ):
        true = of(name)
        yield changed(
            true,
            "x 1.1 (runs)",
            "constant",
            DIFFERENT,
            given(true.measure, stated=formula * 11 / 10),
        )
    for factor in (1.1, 1 / 1.1, 2.0):
        yield changed(
            of("width"),
            f"lambda x {factor:.3g}",
            "constant",
            "a tenth of lambda moves the memorised share by a quarter of its range where it is 1/2",
            partial(share_law, factor=factor),
        )
    for power in (0.5, 1.5):
        yield changed(
            of("forgetting"),
            f"T x {power:g}",
            "exponent 0.5",
            "the exponent of kappa_0 is then another",
            partial(breaking_scale, power=power),
        )
    yield changed(
        of("forgetting"),
        "twice the rate (proof)",
        "constant",
        "the initial weights fall as e^(-lambda s)",
        proof=partial(prove_forgetting, power=2),
    )
    for factor in (1.1, 1 / 1.1):
        yield changed(
            of("clean_margin"),
            f"lambda x {factor:.3g}",
            "constant",
            "clean margins fall by a twentieth and more for a tenth of lambda",
            partial(clean_margin, factor=factor),
        )
    for factor in (0.8, 1.25):
        yield changed(
            of("small_share"),
            f"lambda x {factor:g}",
            "constant",
            "the memorised share falls by a tenth to a third for a quarter of lambda",
            partial(share_score, factor=factor),
        )
    yield changed(
        of("lasting"),
        "from half of the threshold on",
        "constant",
        "below .85 of it some label is memorised",
        partial(lasts, above=0.5),
        experiment=BELOW,
    )
