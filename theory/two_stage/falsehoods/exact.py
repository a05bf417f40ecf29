"""False recursions, decompositions and conservation laws."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.falsehood import Falsehood, FalsehoodKind
from theory.ledger import Ledger
from theory.two_stage import recursions
from theory.two_stage.any_size import prove_any_size
from theory.two_stage.falsehoods.change import UNIQUE, changed, given, seen
from theory.two_stage.run import Run
from theory.two_stage.symbols import m, mu_norm, n
from theory.two_stage.terms import j, l_prime, noise_active, signal_active, xi_norm, y, y_observed

__all__ = ["falsehoods"]


_GAMMA: dict[str, tuple[FalsehoodKind, sp.Expr]] = {
    "noisy samples push gamma up": ("sign", recursions.gamma_term * y * y_observed),
    "sign of the gradient": ("sign", -recursions.gamma_term),
    "|mu| for |mu|^2": ("factor", recursions.gamma_term / mu_norm),
    "|mu|^2.1": ("exponent 0.1", recursions.gamma_term * mu_norm ** sp.Rational(1, 10)),
    "|mu|^2.5": ("exponent 0.5", recursions.gamma_term * sp.sqrt(mu_norm)),
    "without 1/m": ("factor", recursions.gamma_term * m),
    "without 1/n": ("factor", recursions.gamma_term * n),
    "m and n^2 swapped": ("symbols", recursions.gamma_term * m / n),
    "l'^2 for l'": ("formula", recursions.gamma_term * l_prime),
    "every filter active": ("formula", recursions.gamma_term / signal_active),
    "j for y": ("symbols", recursions.gamma_term / y * j),
    "x 2": ("constant", 2 * recursions.gamma_term),
    "x 1/2": ("constant", recursions.gamma_term / 2),
}
_RHO: dict[str, tuple[FalsehoodKind, sp.Expr]] = {
    "sign of the gradient": ("sign", -recursions.rho_term),
    "without j": ("sign", recursions.rho_term * j),
    "|xi| for |xi|^2": ("factor", recursions.rho_term / xi_norm),
    "|xi|^2.1": ("exponent 0.1", recursions.rho_term * xi_norm ** sp.Rational(1, 10)),
    "|xi|^2.5": ("exponent 0.5", recursions.rho_term * sp.sqrt(xi_norm)),
    "without 1/m": ("factor", recursions.rho_term * m),
    "without 1/n": ("factor", recursions.rho_term * n),
    "l'^2 for l'": ("formula", recursions.rho_term * l_prime),
    "every filter active": ("formula", recursions.rho_term / noise_active),
    "x 2": ("constant", 2 * recursions.rho_term),
    "x 1/2": ("constant", recursions.rho_term / 2),
}


def _recursions(known: Ledger) -> Iterator[Falsehood]:
    for name, terms, proof in (
        ("gamma", _GAMMA, recursions.prove_gamma_recursion),
        ("rho", _RHO, recursions.prove_rho_recursion),
    ):
        true = known[f"two_stage.recursion.{name}"]
        for what, (kind, term) in terms.items():
            wrong = sp.simplify(term)
            yield changed(true, f"{what} (runs)", kind, UNIQUE, given(true.measure, term=wrong))
            if kind in ("sign", "factor", "constant"):
                yield changed(true, f"{what} (proof)", kind, UNIQUE, proof=partial(proof, stated=wrong))


def _off_noise_span(run: Run) -> float:
    """The part of the change of the weights off the span of the noise patches, against the whole change.

    A filter's part along mu, `j gamma/|mu|^2`, times the distance of mu from that span, `(K^-1)_00^(-1/2)`.
    """
    distance = float(np.linalg.inv(run.gram)[0, 0]) ** -0.5
    off = float(np.abs(run.gamma[-1]).max()) / float(run.gram[0, 0]) * distance
    rho = np.abs(run.rho[-1]) / np.sqrt(np.diag(run.gram)[1:])
    return float(off / (off + float(rho.sum(axis=-1).max())))


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the exact identities."""
    yield from _recursions(known)

    def of(name: str) -> Claim:
        return known[f"two_stage.{name}"]

    for name in ("gamma_sign", "rho_sign"):
        yield changed(
            of("any_size"),
            f"{name.partition('_')[0]} of the other sign (proof)",
            "sign",
            UNIQUE,
            proof=partial(prove_any_size, **{name: 1}),
        )
    diagonal = lambda run: np.diag(np.diag(run.gram))  # noqa: E731
    unflipped = lambda run: run.y  # noqa: E731
    opposite = lambda run: -run.y_observed  # noqa: E731
    root = lambda run: np.sqrt(np.abs(run.gram))  # noqa: E731
    yield changed(
        of("decomposition"),
        "noise patches alone span the change",
        "formula",
        "gamma moves at the first step unless the labels cancel, and mu is not in the span of the noise",
        _off_noise_span,
    )
    yield seen(
        of("rho_signs"),
        "sides swapped",
        "sign",
        "rho moves up on the label's side from the first step",
        y_observed=opposite,
    )
    closure = of("closure")
    yield seen(
        closure, "K without cross-talk", "formula", "cross-talk is not rounding at d/n <= 40", gram=diagonal
    )
    yield seen(
        closure,
        "without A(0)",
        "formula",
        "initial products are not rounding",
        initial_products=lambda r: 0 * r.initial_products,
    )
    yield seen(closure, "y for y~", "symbols", "flipped labels push the other way", y_observed=unflipped)
    yield seen(closure, "y~ of the other sign", "sign", "every push is reversed", y_observed=opposite)
    yield seen(closure, "|patch| for |patch|^2", "factor", "norms are not 1", gram=root)
    gamma = of("conservation.gamma")
    yield seen(gamma, "without y~", "symbols", "flipped labels push the other way", y_observed=unflipped)
    yield seen(gamma, "y~ of the other sign", "sign", "every push is reversed", y_observed=opposite)
    yield seen(gamma, "|mu| for |mu|^2", "factor", "|mu| is not 1", gram=root)
    yield seen(of("conservation.rho"), "|xi| for |xi|^2", "factor", "|xi| is not 1", gram=root)
    yield seen(
        of("conservation.rho"), "other side", "sign", "rho falls on the other side", y_observed=opposite
    )
    combined = of("conservation.combined")
    yield seen(
        combined,
        "y of the other sign",
        "sign",
        "a filter aligned with one class then reads the other one, with every push reversed",
        y=lambda run: -run.y,
    )
    yield seen(combined, "|mu| for |mu|^2", "factor", "norms are not 1", gram=root)
