r"""When cross entropy learns early and when it memorises: closed forms with their derivations.

The two-class mean field (p >> n): `c_C' = sg(-f_C)`, `c_W' = -sg(f_W)`, `a = (1-w) c_C + w c_W`,
`f_C = a + kappa c_C`, `f_W = a + kappa c_W`, in training time `tau = eta t`.
"""

from __future__ import annotations

import math

import sympy as sp

from theory.claim import Proof
from theory.early_learning import symbols as sy
from theory.early_learning.symbols import P, a, function_of, kappa, sg, w
from theory.proof import checked, vanishes

__all__ = [
    "EARLY_TIME",
    "EARLY_TIME_CORRECTED",
    "MEMORISATION_CONSTANT",
    "PLATEAU",
    "ROLE_RATIO",
    "early_time",
    "force_clean_at_memorisation",
    "memorisation_constant",
    "plateau",
    "prove_early_time",
    "prove_memorisation_constant",
    "prove_role_inversion",
    "role_ratio",
]

#: Bayes log-odds: where the signal coefficient stops for a while.
PLATEAU: sp.Expr = sp.log((1 - w) / w)
#: Training time at which `theta . v = a` for kappa -> 0.
EARLY_TIME: sp.Expr = (a + sp.log((1 - 2 * w) / (1 - w - w * sp.exp(a))) / w) / (1 - w)
#: The same to first order in kappa, which replaces a by (1 + kappa) a and divides by 1 + kappa.
EARLY_TIME_CORRECTED: sp.Expr = EARLY_TIME.subs(a, (1 + kappa) * a) / (1 + kappa)
#: `kappa tau_mem` for kappa -> 0.
MEMORISATION_CONSTANT: sp.Expr = (1 - w) * sp.log((2 - 3 * w) / w) + (1 - 2 * w) * (
    2 - sp.log((2 - 3 * w) / (1 - w))
)
#: `|F_W| / |F_C|` at the instant at which the wrong coefficient's margin peaks.
ROLE_RATIO: sp.Expr = (1 - w) / (w + kappa)


def plateau(w: float, kappa: float = 0.0) -> float:
    """`log((1 - w)/w) / (1 + kappa)`.

    >>> round(plateau(.2), 6)
    1.386294
    """
    return math.log((1 - w) / w) / (1 + kappa)


def early_time(level: float, w: float, kappa: float = 0.0) -> float:
    """Training time at which `theta . v` reaches `level`, corrected to first order in kappa.

    Raises:
        ValueError: when level is at or above the plateau, which is never reached.

    >>> round(early_time(math.log(4) / 2, .2), 3)
    3.401
    """
    if not 0.0 <= level < plateau(w, kappa):
        raise ValueError(f"level must lie in [0, {plateau(w, kappa):g}), was {level!r}")
    return float(function_of(EARLY_TIME_CORRECTED, sy.a, sy.w, sy.kappa)(level, w, kappa))


def memorisation_constant(w: float) -> float:
    """`C(w)`, so that half the wrong labels are memorised at `tau = C(w)/kappa` for small kappa.

    >>> [round(memorisation_constant(x), 3) for x in (.1, .2, .3, .4)]
    [3.641, 2.421, 1.529, 0.758]
    """
    return float(function_of(MEMORISATION_CONSTANT, sy.w)(w))


def role_ratio(w: float, kappa: float) -> float:
    """`(1 - w)/(w + kappa)`.

    >>> round(role_ratio(.2, .05), 3)
    3.2
    """
    return (1 - w) / (w + kappa)


def force_clean_at_memorisation(w: float) -> float:
    """`w / (2 (1 - w))`: |F_C| when the wrong margins cross zero, for kappa -> 0.

    >>> force_clean_at_memorisation(.2)
    0.125
    """
    return w / (2 * (1 - w))


def prove_early_time() -> Proof:
    """At kappa = 0, `a' = (1-w) sg(-a) - w sg(a)`: the closed form has this slope, and vanishes at 0."""
    slope = (1 - w) * sg(-a) - w * sg(a)
    residual = sp.simplify(sp.diff(EARLY_TIME, a) * slope - 1)
    at_zero = sp.simplify(EARLY_TIME.subs(a, 0))
    standing = sp.simplify(slope.subs(a, PLATEAU))
    relaxation = sp.simplify(-sp.diff(slope, a).subs(a, PLATEAU) - w * (1 - w))
    # kappa > 0: (1-w) sg(-f_C) - w sg(f_W) = (1-w) - [(1-w) sg(f_C) + w sg(f_W)], whose average margin is
    # (1-w) f_C + w f_W = (1 + kappa) a: the first-order slope is (1-w) - sg((1+kappa) a).
    corrected = (1 - w) - sg((1 + kappa) * a)
    first_order = sp.simplify(sp.diff(EARLY_TIME_CORRECTED, a) * corrected - 1)
    return checked(
        [
            ("d tau/d a is one over the slope of a.", vanishes(residual)),
            ("tau = 0 at a = 0.", vanishes(at_zero)),
            ("The slope vanishes at the plateau log((1-w)/w).", vanishes(standing)),
            ("Small departures from the plateau decay at rate w (1-w).", vanishes(relaxation)),
            (
                "To first order in kappa the slope is (1-w) - sg((1+kappa) a), because (1-w) f_C + w f_W = "
                "(1+kappa) a; the corrected form is one over it.",
                vanishes(first_order),
            ),
        ]
    )


def prove_memorisation_constant() -> Proof:
    r"""The slow motion at kappa -> 0, reduced to one integral and done in closed form.

    In slow time `kappa tau` the fast balance `(1-w) sg(-f_C) = w sg(f_W)` holds, so `y_C = -(w/(1-w)) y_W`
    for `y = kappa c`, and with `P = sg(f_W)`: `f_C - f_W = -y_W/(1-w)`, `dy_W = -P d(kappa tau)`.
    """
    gap = sp.log((1 - w - w * P) * (1 - P) / (w * P**2))
    at_start = sp.simplify(sp.exp(gap.subs(P, 1 - w)))
    slope = sp.apart(sp.together(sp.diff(gap, P) / P), P)
    primitive = (1 - w) * (
        w / (1 - w) * (sp.log(P) - sp.log(1 - w - w * P)) + sp.log(P) - sp.log(1 - P) - 2 / P
    )
    is_primitive = sp.simplify(sp.diff(primitive, P) + (1 - w) * slope)
    value = primitive.subs(P, 1 - w) - primitive.subs(P, sp.Rational(1, 2))
    # Logarithms of products are split before the difference can vanish symbolically.
    # w = 1/(2 + u) with u > 0 says w < 1/2, so that every factor is positive.
    u = sp.Symbol("u", positive=True)
    split = (
        (value - MEMORISATION_CONSTANT).subs(w, 1 / (2 + u)).replace(sp.log, lambda x: sp.log(sp.factor(x)))
    )
    difference = sp.simplify(sp.expand_log(split, force=True))
    return checked(
        [
            ("The slow motion starts at P = 1-w, where f_C = f_W.", vanishes(at_start - 1)),
            (f"(d gap/dP)/P = {slope} has the stated primitive.", vanishes(is_primitive)),
            ("The integral from P = 1/2 to 1-w is C(w), for every w < 1/2.", vanishes(difference)),
        ]
    )


def prove_role_inversion() -> Proof:
    """`f_W' = a' + kappa c_W' = (1-w) F_C + (w + kappa) F_W = 0` gives the ratio; at P = 1/2 the clean
    force."""
    clean, wrong = sp.symbols("F_C F_W", positive=True)
    ratio = sp.solve((1 - w) * clean - (w + kappa) * wrong, wrong)[0] / clean
    late = sp.solve((1 - w) * clean - w * sp.Rational(1, 2), clean)[0]
    return checked(
        [
            ("Where f_W peaks, |F_W|/|F_C| = (1-w)/(w+kappa).", vanishes(ratio - ROLE_RATIO)),
            ("Where |F_W| = 1/2 and kappa -> 0, |F_C| = w/(2(1-w)).", vanishes(late - w / (2 * (1 - w)))),
        ]
    )
