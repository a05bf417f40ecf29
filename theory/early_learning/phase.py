r"""Which lambda prevents memorisation and which corrects wrong labels: ELR with t = p, no clamp, p >> n.

The margins' equations `f_C' = a' + kappa F_C`, `f_W' = a' + kappa F_W`, `a' = (1-w) F_C + w F_W` with
`F = (s + (lambda - 1) tanh(f/2))/2`. Late, right labels saturate (`F_C = lambda/2`); a wrong margin then
rests where `(1-w) F_C + (w + kappa) F_W = 0`, or runs off.
"""

from __future__ import annotations

import math

import sympy as sp

from theory.claim import Proof
from theory.early_learning.symbols import kappa, lam, w
from theory.proof import checked, vanishes

__all__ = [
    "COSINE_PINNED",
    "COSINE_SATURATED",
    "LAMBDA_MEM",
    "LAMBDA_SAT",
    "PINNED",
    "accuracy_wrong_saturated",
    "cosine_pinned",
    "cosine_saturated",
    "lambda_mem",
    "lambda_sat",
    "pinned_margin",
    "prove_phases",
]

#: Above it wrong labels are not memorised.
LAMBDA_MEM: sp.Expr = (w + kappa) / (1 - w)
#: Above it they are corrected without end.
LAMBDA_SAT: sp.Expr = 2 * (w + kappa) / (1 + kappa)
#: Margin at which wrong labels rest below lambda_sat.
PINNED: sp.Expr = 2 * sp.atanh(((1 - w) * lam / (w + kappa) - 1) / (1 - lam))
#: Cosine of theta with v while they rest; no lambda in it.
COSINE_PINNED: sp.Expr = (
    (1 - w) * kappa / sp.sqrt((1 - w) ** 2 * kappa**2 + kappa * (1 - w) * ((w + kappa) ** 2 + w * (1 - w)))
)
#: Cosine above lambda_sat: averaging with weight lambda on right labels, lambda - 2 on wrong ones.
COSINE_SATURATED: sp.Expr = (lam - 2 * w) / sp.sqrt(
    (lam - 2 * w) ** 2 + kappa * ((1 - w) * lam**2 + w * (2 - lam) ** 2)
)


def lambda_mem(w: float, kappa: float) -> float:
    """`(w + kappa)/(1 - w)`.

    >>> lambda_mem(.2, .25)
    0.5625
    """
    return (w + kappa) / (1 - w)


def lambda_sat(w: float, kappa: float) -> float:
    """`2 (w + kappa)/(1 + kappa)`.

    >>> lambda_sat(.2, .25)
    0.72
    """
    return 2 * (w + kappa) / (1 + kappa)


def pinned_margin(lam: float, w: float, kappa: float) -> float:
    """`2 artanh(((1-w) lam/(w+kappa) - 1)/(1 - lam))`, for 0 < lam < lambda_sat.

    Raises:
        ValueError: when lam lies outside.

    >>> round(pinned_margin(.2, .2, .25), 3)
    -2.228
    """
    if not 0.0 < lam < lambda_sat(w, kappa):
        raise ValueError(f"lam must lie in (0, lambda_sat = {lambda_sat(w, kappa):g}), was {lam!r}")
    return 2 * math.atanh(((1 - w) * lam / (w + kappa) - 1) / (1 - lam))


def cosine_pinned(w: float, kappa: float) -> float:
    """Cosine with v below lambda_sat.

    >>> round(cosine_pinned(.2, .25), 3)
    0.596
    """
    signal = (1 - w) * kappa
    return signal / math.sqrt(signal**2 + kappa * (1 - w) * ((w + kappa) ** 2 + w * (1 - w)))


def cosine_saturated(lam: float, w: float, kappa: float) -> float:
    """Cosine with v above lambda_sat: 1 the noisy average, 2 without the wrong labels, large: corrected.

    >>> [round(cosine_saturated(x, .2, .25), 4) for x in (1., 1.3, 2., 3., 7.)]
    [0.7682, 0.8312, 0.8729, 0.8861, 0.8931]
    """
    signal = lam - 2 * w
    return signal / math.sqrt(signal**2 + kappa * ((1 - w) * lam**2 + w * (2 - lam) ** 2))


def accuracy_wrong_saturated(lam: float, w: float, kappa: float, sigma: float) -> float:
    """Share of wrong labels classified as their true class above lambda_sat, for sigma < 1.

    `Phi((lam - 2w - kappa (2 - lam)) / (sigma D))`, D the root in `cosine_saturated`.
    """
    from scipy.special import ndtr

    signal = lam - 2 * w
    root = math.sqrt(signal**2 + kappa * ((1 - w) * lam**2 + w * (2 - lam) ** 2))
    return float(ndtr((signal - kappa * (2 - lam)) / (sigma * root)))


def prove_phases() -> Proof:
    """Both thresholds, the pinned margin and both cosines from the balance of the saturated forces."""
    x = sp.Symbol("x", real=True)  # tanh(f_W / 2)
    clean, wrong = lam / 2, (-1 + (lam - 1) * x) / 2
    rest = sp.solve((1 - w) * clean + (w + kappa) * wrong, x)[0]
    pinned = sp.simplify(rest - ((1 - w) * lam / (w + kappa) - 1) / (1 - lam))
    mem = sp.simplify(sp.solve(rest, lam)[0] - LAMBDA_MEM)
    sat = sp.simplify(sp.solve(sp.Eq(rest, 1), lam)[0] - LAMBDA_SAT)

    def cosine2(c: sp.Expr, d: sp.Expr) -> sp.Expr:
        """Squared cosine of growth at rates c (right) and d (wrong)."""
        signal = (1 - w) * c + w * d
        return signal**2 / (signal**2 + kappa * ((1 - w) * c**2 + w * d**2))

    at_rest = sp.simplify(cosine2(w + kappa, -(1 - w)) - COSINE_PINNED**2)
    free = sp.simplify(cosine2(clean, wrong.subs(x, 1)) - COSINE_SATURATED**2)
    corrected = sp.limit(COSINE_SATURATED.subs({w: sp.Rational(1, 5), kappa: sp.Rational(1, 4)}), lam, sp.oo)
    return checked(
        [
            (f"At rest tanh(f_W/2) = {sp.factor(rest)}, as stated.", vanishes(pinned)),
            ("It vanishes at lambda_mem = (w+kappa)/(1-w).", vanishes(mem)),
            ("It reaches 1 at lambda_sat = 2(w+kappa)/(1+kappa).", vanishes(sat)),
            ("Growing at these rates, theta has the pinned cosine, without lambda.", vanishes(at_rest)),
            ("Growing at rates lambda/2 and (lambda-2)/2 it has the saturated cosine.", vanishes(free)),
            (
                f"At w = 1/5, kappa = 1/4 that tends to {corrected} = 1/sqrt(1+kappa) as lambda -> oo.",
                vanishes(corrected - 1 / sp.sqrt(sp.Rational(5, 4))),
            ),
        ]
    )
