"""A false law of the active share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import sympy as sp

from theory.falsehood import Falsehood, FalsehoodKind
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed, given
from theory.two_stage.falsehoods.closed_forms import DIFFERENT
from theory.two_stage.limits import errors as limit_errors

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the active share."""
    share = known["two_stage.sharp.activation_share"]
    laws: tuple[tuple[str, FalsehoodKind, Callable[[sp.Symbol, sp.Symbol], sp.Expr]], ...] = (
        ("kappa_0 and X swapped", "symbols", lambda X, k: limit_errors.activation_share(k, X)),
        ("arctan of the other sign", "sign", lambda X, k: 1 - limit_errors.activation_share(X, k)),
        ("arctan x 2", "constant", lambda X, k: 2 * limit_errors.activation_share(X, k) - sp.Rational(1, 2)),
        ("(X/kappa_0)^0.5", "exponent 0.5", lambda X, k: limit_errors.activation_share(sp.sqrt(X * k), k)),
        (
            "(X/kappa_0)^1.1",
            "exponent 0.1",
            lambda X, k: limit_errors.activation_share(X * (X / k) ** sp.Rational(1, 10), k),
        ),
    )
    X, k = sp.symbols(r"X \kappa_0", positive=True)
    for what, kind, law in laws:
        yield changed(share, f"{what} (runs)", kind, DIFFERENT, given(share.measure, stated=law))
        if kind in ("sign", "constant"):
            proof = partial(limit_errors.prove_activation_law, stated=law(X, k))
            yield changed(share, f"{what} (proof)", kind, DIFFERENT, proof=proof)
    small = known["two_stage.sharp.activation_share.small_init"]
    wrong = sp.Rational(7, 4) - limit_errors.small_initialisation_share()
    yield changed(
        small, "arcsine of the other sign (runs)", "sign", DIFFERENT, given(small.measure, stated=wrong)
    )
    proof = partial(limit_errors.prove_small_initialisation, stated=wrong)
    yield changed(small, "arcsine of the other sign (proof)", "sign", DIFFERENT, proof=proof)
