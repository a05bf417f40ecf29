"""Where separable data end: the hard margin for p >> n, where every example is a support vector."""

from __future__ import annotations

import math

import sympy as sp

from theory.claim import Proof
from theory.early_learning.symbols import kappa, m, w
from theory.proof import checked, vanishes

__all__ = [
    "COSINE_LATE",
    "LATE_NORM2",
    "cosine_late",
    "late_margins",
    "late_norm2",
    "prove_late",
]

_B = m / (1 + kappa)
#: Cosine of the hard-margin direction with v.
COSINE_LATE: sp.Expr = _B / sp.sqrt(_B**2 + (1 - 2 * _B * m + _B**2) / kappa)
#: `|w_hm|^2 = lim tau L`.
LATE_NORM2: sp.Expr = (4 * w * (1 - w) + kappa) / (kappa * (1 + kappa))


def cosine_late(m: float, kappa: float) -> float:
    """`b / sqrt(b^2 + (1 - 2 b m + b^2)/kappa)` with `b = m/(1 + kappa)`.

    >>> round(cosine_late(.6, .3), 4)
    0.2973
    """
    b = m / (1 + kappa)
    return b / math.sqrt(b * b + (1 - 2 * b * m + b * b) / kappa)


def late_norm2(w: float, kappa: float, gamma: float) -> float:
    """`(4 w (1-w) + k)/(k (1 + k))` with `k = kappa (1 - n/p)`, the mean of an inverse Wishart matrix."""
    k = kappa * (1 - 1 / gamma)
    return (4 * w * (1 - w) + k) / (k * (1 + k))


def late_margins(tau: float, w: float, kappa: float) -> tuple[float, float]:
    """Margins towards the OBSERVED label at training time tau: of right and of wrong labels.

    `log(kappa (1+kappa) tau / (2w + kappa))` and the same with 1 - w for w.
    """
    scale = kappa * (1 + kappa) * tau
    return math.log(scale / (2 * w + kappa)), math.log(scale / (2 * (1 - w) + kappa))


def prove_late() -> Proof:
    """All margins equal: weights from `a s + kappa g = 1` with orthogonal noise of squared length kappa n.

    With `w = a v + rest` and dual weights g per n on right (G) and wrong (B) labels:
    `a + kappa G = 1`, `-a + kappa B = 1`, `a = (1-w) G - w B`.
    """
    a, good, bad = sp.symbols("a G B")
    found = sp.solve(
        [a + kappa * good - 1, -a + kappa * bad - 1, a - (1 - w) * good + w * bad], [a, good, bad]
    )
    norm2 = found[a] ** 2 + kappa * ((1 - w) * found[good] ** 2 + w * found[bad] ** 2)
    signal = sp.simplify(found[a] - (1 - 2 * w) / (1 + kappa))
    size = sp.simplify(norm2 - LATE_NORM2)
    direction = sp.simplify(found[a] ** 2 / norm2 - (COSINE_LATE**2).subs(m, 1 - 2 * w))
    # At late times F = e^-u with sum of forces 1/tau per unit of the dual weight: u = log(tau / G).
    clean = sp.simplify(1 / found[good] - kappa * (1 + kappa) / (2 * w + kappa))
    wrong = sp.simplify(1 / found[bad] - kappa * (1 + kappa) / (2 * (1 - w) + kappa))
    return checked(
        [
            ("The signal of the vector with all margins 1 is m/(1+kappa).", vanishes(signal)),
            ("Its squared length is (4w(1-w)+kappa)/(kappa(1+kappa)).", vanishes(size)),
            ("Its cosine with v is the stated one.", vanishes(direction)),
            ("Right labels' late margin is log of tau over their dual weight, as stated.", vanishes(clean)),
            ("So is wrong labels'.", vanishes(wrong)),
        ]
    )
