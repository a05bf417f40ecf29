r"""ELR with a target that is the prediction itself, or frozen; and the separatrix of a single wrong example.

With two classes, margin f towards the true sign, `P = sg(f)` and target (t, 1 - t) on (true, other):
`F = (1+s)/2 - P + lambda P (1-P) (2t-1) / (1 - <p, t>)`.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.early_learning import symbols as sy
from theory.early_learning.symbols import P, f, function_of, gamma, kappa, lam, sg, t, tau, w
from theory.proof import checked, vanishes

__all__ = [
    "FROZEN_MISS",
    "FROZEN_OFFSET",
    "SEPARATRIX",
    "corrected_for_ever",
    "frozen_exists_above",
    "frozen_limit",
    "frozen_offset",
    "frozen_true_side_above",
    "neutral_strength",
    "prove_frozen_target",
    "prove_self_consistent_target",
    "prove_separatrix",
    "separatrix",
    "with_t",
]

#: `1 - P` of a wrong example at rest with a frozen target t.
FROZEN_MISS: sp.Expr = (1 - t) / ((2 * t - 1) * (lam - 1))
#: Start `P = t` above which a single wrong example is corrected for ever.
SEPARATRIX: sp.Expr = lam / (2 * (lam - 1))


#: How far above its rest a wrong margin still is at training time tau: numerator and denominator.
FROZEN_OFFSET: tuple[sp.Expr, sp.Expr] = (
    (1 - w) * ((1 - t) + (2 * t - 1) * FROZEN_MISS) ** 2,
    (kappa * (1 + kappa) * tau * (1 - 1 / gamma))
    * ((1 - FROZEN_MISS) ** 2 * FROZEN_MISS * lam * (2 * t - 1) * (1 - t)),
)


def with_t(s: int, target: sp.Expr) -> sp.Expr:
    """The force as a sympy expression in P, with target (target, 1 - target)."""
    rest = target * (1 - P) + (1 - target) * P
    return sp.Rational(1 + s, 2) - P + lam * P * (1 - P) * (2 * target - 1) / rest


def frozen_exists_above(target: float) -> float:
    """`t/(2t - 1)`: with lam above it a wrong example comes to rest at a finite margin."""
    return target / (2 * target - 1)


def frozen_true_side_above(target: float) -> float:
    """`1/(2t - 1)`: with lam above it that margin is on the true side."""
    return 1 / (2 * target - 1)


def frozen_limit(target: float, lam: float) -> float:
    """Margin at which wrong examples come to rest, `log(P/(1-P))` with `1-P = (1-t)/((2t-1)(lam-1))`.

    Raises:
        ValueError: when lam is not above t/(2t - 1).

    >>> round(frozen_limit(.9, 4.), 3)
    3.135
    """
    if lam <= frozen_exists_above(target):
        raise ValueError(f"lam must be above t/(2t-1) = {frozen_exists_above(target):g}, was {lam!r}")
    miss = (1 - target) / ((2 * target - 1) * (lam - 1))
    return math.log((1 - miss) / miss)


def frozen_offset(target: float, lam: float, w: float, kappa: float, tau: float, gamma: float) -> float:
    """How far above its limit a wrong example's margin still is at training time tau.

    `(1-w) / (kappa (1+kappa) tau |F'|) / (1 - n/p)` with F' the slope of the force at the limit.
    """
    order = (sy.t, sy.lam, sy.w, sy.kappa, sy.tau, sy.gamma)
    top, bottom = FROZEN_OFFSET
    return float(function_of(top / bottom, *order)(target, lam, w, kappa, tau, gamma))


def separatrix(lam: float) -> float:
    """`lam / (2 (lam - 1))`, for lam > 2.

    >>> separatrix(3.), separatrix(5.)
    (0.75, 0.625)
    """
    return lam / (2 * (lam - 1))


def corrected_for_ever(start: float, lam: float, beta: float, eta: float, steps: int = 20_000) -> bool:
    """Whether a single wrong example with `P = t = start` moves to the true class for ever.

    The map of one example, with its squared length 1: `f <- f + eta F`, targets `t <- beta t + (1-beta) P`.
    Decided where P leaves (1/1000, 1 - 1/1000), or by the side after `steps` steps.
    """
    from scipy.special import expit

    margin, target = math.log(start / (1 - start)), start
    for _ in range(steps):
        prob = float(expit(margin))
        if prob > 0.999 or prob < 0.001:
            break
        target = beta * target + (1 - beta) * prob
        rest = target * (1 - prob) + (1 - target) * prob
        margin += eta * (-prob + lam * prob * (1 - prob) * (2 * target - 1) / rest)
    return margin > 0


def neutral_strength(share: float, *, tracked: bool) -> float:
    """lam at which the margin between the true class and the wrong label feels no force.

    `4/(1 + q)` when the target is the prediction, `2/(1 + q)` when it is frozen one-hot, for a confident
    prediction whose residual mass falls on the label with share q. Two classes: q = 1.

    >>> neutral_strength(1.0, tracked=True), neutral_strength(1.0, tracked=False)
    (2.0, 1.0)
    """
    return (4 if tracked else 2) / (1 + np.float64(share)).item()


def prove_self_consistent_target() -> Proof:
    """With t = p: `F = (s + (lambda - 1) tanh(f/2)) / 2`, exactly; at lambda = 1 the force is constant."""
    steps = []
    for s in (1, -1):
        force = with_t(s, P).subs(P, sg(f))
        closed = (s + (lam - 1) * (sp.exp(f) - 1) / (sp.exp(f) + 1)) / 2
        steps.append(sp.simplify(sp.together(force - closed).rewrite(sp.exp)))
    identity = sp.simplify(sp.tanh(f / 2).rewrite(sp.exp) - (sp.exp(f) - 1) / (sp.exp(f) + 1))
    return checked(
        [
            ("On a right label the force is (1 + (lambda-1)(e^f-1)/(e^f+1))/2.", vanishes(steps[0])),
            ("On a wrong label the force is (-1 + (lambda-1)(e^f-1)/(e^f+1))/2.", vanishes(steps[1])),
            ("(e^f - 1)/(e^f + 1) = tanh(f/2).", vanishes(identity)),
        ]
    )


def prove_frozen_target() -> Proof:
    """The point of rest, its two thresholds and its slope, from the force with a constant target."""
    rests = sp.solve(sp.together(with_t(-1, t)), P)
    zero = [x for x in rests if x != 0]
    residual = sp.simplify(1 - zero[0] - FROZEN_MISS) if len(zero) == 1 else sp.nan
    exists = sp.solve(sp.Eq(FROZEN_MISS, 1), lam)[0]
    sides = sp.solve(sp.Eq(FROZEN_MISS, sp.Rational(1, 2)), lam)[0]
    slope = sp.diff(with_t(-1, t), P) * P * (1 - P)
    q = FROZEN_MISS
    stated = -((1 - q) ** 2) * q * lam * (2 * t - 1) * (1 - t) / ((1 - t) + (2 * t - 1) * q) ** 2
    wrong_slope = sp.simplify(slope.subs(P, 1 - q) - stated)
    return checked(
        [
            ("The force has one zero with P > 0, at 1-P = (1-t)/((2t-1)(lambda-1)).", vanishes(residual)),
            ("It reaches P = 0 at lambda = t/(2t-1).", vanishes(exists - t / (2 * t - 1))),
            ("It crosses P = 1/2 at lambda = 1/(2t-1).", vanishes(sides - 1 / (2 * t - 1))),
            ("The slope dF/df there is as stated.", vanishes(wrong_slope)),
        ]
    )


def prove_separatrix() -> Proof:
    r"""`F(t, t) = lambda (t - 1/2) - t` vanishes at `t_0 = lambda/(2(lambda-1))`; the region above is
    invariant.

    Invariance of `{P >= t >= t_0}` in continuous time: t moves towards P, so it does not fall; where P
    meets t the force is F(t, t) > 0, so P does not fall below t. Inside, t can only come to rest at P = t,
    where the force vanishes: there is no such point above the threshold, so t -> 1. Steps with eta <= 1 are
    checked by running the map.
    """
    meeting = sp.simplify(with_t(-1, t).subs(P, t))
    zero = sp.solve(meeting, t)
    residual = sp.simplify(zero[0] - SEPARATRIX)
    grows = sp.simplify(sp.diff(meeting, t) - (lam - 1))
    return checked(
        [
            (
                f"F at P = t is {sp.factor(meeting)}; its only zero is lambda/(2(lambda-1)).",
                len(zero) == 1 and vanishes(residual),
            ),
            ("Its slope in t is lambda - 1: positive above the zero for lambda > 1.", vanishes(grows)),
        ]
    )
