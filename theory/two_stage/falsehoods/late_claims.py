"""False late margins, shares and loss constants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.falsehoods.closed_forms import DIFFERENT, constant_off, mutations
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits.dynamics import a
from theory.two_stage.symbols import p, tau

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the late stage."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.{name}"]

    late = of("late_coefficients")
    clean, noisy = limit_late.late_coefficients()
    yield changed(
        late,
        "clean and noisy swapped (runs)",
        "symbols",
        DIFFERENT,
        given(late.measure, stated=(noisy, clean)),
    )
    yield changed(
        late,
        "clean and noisy swapped (proof)",
        "symbols",
        DIFFERENT,
        proof=partial(limit_late.prove_late_margins, clean=noisy, noisy=clean),
    )
    for what, kind, wrong in mutations(clean):
        yield changed(late, f"clean {what}", kind, DIFFERENT, given(late.measure, stated=(wrong, noisy)))
    harmonic = of("late_share")
    for what, kind, wrong in mutations(limit_late.harmonic_signal_share()):
        if kind in ("sign", "constant", "symbols"):
            proof = partial(limit_late.prove_harmonic, stated=wrong)
            yield changed(harmonic, f"c_y {what} (proof)", kind, DIFFERENT, proof=proof)
    yield constant_off(of("loss_constant"), stated=(p + a * tau * (1 - tau)) / (p * (p + a / 2)))
