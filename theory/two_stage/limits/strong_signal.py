r"""Strong signal: the limit of the transition clock and the depth of Stage I, in algebra and on runs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction
from theory.experiment import Experiment
from theory.rules import Bound, Derived, Law
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.claim import (
    LARGE_INIT_NOTE,
    by_quadrature,
    gap,
    number_function,
    rates,
    sharp_claim,
)
from theory.two_stage.limits.class_times import class_transitions
from theory.two_stage.mean_field.mean_field import strong_signal_clock, transition_clock
from theory.two_stage.mean_field.times import TIMES, TIMES_BOX
from theory.two_stage.run import Run
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = [
    "CLAIMS",
    "SHARP_DEPTH",
    "SHARP_STRONG",
    "SHARP_WEAK",
    "before_limit",
    "depth",
    "strong_transition",
]

Pair = tuple[float, float]

#: a_y (1 - 2 tau_y) between which s_2 lies well below its limit, and Stage I is no border case.
WEAK = (2.0, 4.0)

_STRONG_BOX = Domain(
    "sharp, strong signal",
    n=(120, 180),
    m=(30, 50),
    signal_margin=(100.0, 200.0),
    tau=(0.1, 0.2),
    kappa_0=(100.0, 1000.0),
    dimension=(1e10, 1e12),
    clock_step=(0.008, 0.012),  # at most 4/a_y, where the map is monotone
)

#: Signals so strong that s_2 is within 1 % of its limit.
SHARP_STRONG = Experiment(
    id="two_stage.sharp.strong",
    place=_STRONG_BOX,
    clock=12.0,
    runs={"quick": 0, "default": 40, "full": 400},
    snapshots=(),
    stop=(("memorised", 1.0),),
)

#: Signals of which half are weak enough to keep s_2 well below its limit.
SHARP_WEAK = Experiment(
    id="two_stage.sharp.weak",
    place=replace(TIMES_BOX, name="sharp, weak signal", signal_margin=(3.0, 7.0)),
    clock=TIMES.clock,
    runs={"quick": 0, "default": 400, "full": 1000},
    stop=(("memorised", 1.0),),
)

#: The depth approaches its limit slowly, as ln(a)/a: signals of order 1e4, and only until Stage I turns.
SHARP_DEPTH = Experiment(
    id="two_stage.sharp.depth",
    place=Domain(
        "sharp, depth of Stage I",
        n=(60, 120),
        m=(20, 40),
        signal_margin=(4000.0, 8000.0),
        tau=(0.05, 0.25),
        kappa_0=(100.0, 1000.0),
        dimension=(1e11, 1e13),
        clock_step=(1e-4, 2e-4),
    ),
    clock=0.1,
    runs={"quick": 24, "default": 30, "full": 400},
    snapshots=(),
)


def _strong_signal_residual(run: Run, stated: sp.Expr | None = None) -> float:
    """The closed form of s_inf (or another `stated` one) against quadrature of the slow flow."""
    from scipy.integrate import quad

    _, rate = rates(run)
    u = rate / (1 - rate)

    def integrand(x: float) -> float:
        return (1 / (1 - x) + 1 / (1 - u * x)) / x**2

    value, _ = quad(integrand, 0.5, 1 - rate, epsabs=0.0, epsrel=1e-13, limit=200)
    value *= (1 - rate) / 0.5
    formula = limit_transition.derived_strong_signal_limit() if stated is None else stated
    return gap(number_function(formula, tau, _p)(rate, 0.5), value)


@cache
def _transition(a: float, rate: float) -> float:
    return transition_clock(a, rate)


def _below_strong_signal(run: Run, factor: float = 1.0) -> float | NotApplicable:
    """By how much s_2 of the integrated flow exceeds s_inf (times `factor`), relatively; 0 where it does
    not."""
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return NotApplicable("Stage I does not exist at p = 1/2")
    return max(_transition(a, rate) / (factor * strong_signal_clock(rate)) - 1, 0.0)


def strong_transition(run: Run, stated: sp.Expr | None = None) -> Pair | NotApplicable:
    """Clock at which half of a class's flipped labels are memorised and s_inf at the realised rate (or
    another `stated` formula), means over classes."""
    found = class_transitions(run)
    if isinstance(found, NotApplicable):
        return found
    formula = limit_transition.derived_strong_signal_limit() if stated is None else stated
    limit = number_function(formula, tau, _p)
    return (
        float(np.mean([c.clock for c in found])),
        float(np.mean([limit(c.rate, 0.5) for c in found])),
    )


def depth(run: Run, stated: sp.Expr | None = None) -> Pair | NotApplicable:
    """How far Stage I pushes the mean noisy margin of a class below 0, and the Bayes logit of its realised
    flip rate (or another `stated` formula for the lowest margin); means over classes."""
    formula = limit_transition.strong_signal_depth() if stated is None else stated
    lowest = number_function(formula, tau)
    measured, predicted = [], []
    for label in (1.0, -1.0):
        of, noisy = run.y == label, run.noisy & (run.y == label)
        if not noisy.any():
            continue
        margins = run.margins[:, noisy].mean(axis=1)
        turn = int(np.argmin(margins))
        if turn == len(margins) - 1:
            return NotApplicable("Stage I does not turn within the run")
        measured.append(-float(margins[turn]))
        predicted.append(-lowest(float(noisy.sum()) / float(of.sum())))
    if not measured:
        return NotApplicable("no label was flipped")
    return float(np.mean(measured)), float(np.mean(predicted))


def before_limit(run: Run, factor: float = 1.0) -> Pair | NotApplicable:
    """The class's clock of t_half over s_inf at its realised rate, the larger of both classes, and `factor`;
    where signals are too weak to be near the limit."""
    found = class_transitions(run, WEAK[0])
    if isinstance(found, NotApplicable):
        return found
    ratios = [c.clock / strong_signal_clock(c.rate) for c in found if c.a * (1 - 2 * c.rate) <= WEAK[1]]
    if not ratios:
        return NotApplicable(f"no class has a_y(1 - 2 tau_y) between {WEAK[0]:g} and {WEAK[1]:g}")
    return max(ratios), factor


_S_INF = Prediction(
    r"s_\infty",
    (1 - tau)
    / _p
    * (-sp.log(tau / (1 - tau)) + 2 * (1 - tau / (1 - tau)) + tau / (1 - tau) * sp.log(2 - tau / (1 - tau))),
    "clock",
    {"p": "share of active label-side filters", "tau": "flip rate of the class"},
)

_SECTION = "Strong signal"

CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "strong_signal",
        _SECTION,
        r"$s_2 \to s_\infty = \frac{1-\tau}{p}[-\ln u + 2(1-u) + u\ln(2-u)]$, $u = \tau/(1-\tau)$, for $a "
        r"\to \infty$",
        by_quadrature("symbolic tau, p"),
        _strong_signal_residual,
        "relative difference of the closed form and quadrature of the slow flow at the setting's tau_+",
        limit_transition.prove_strong_signal,
        prediction=_S_INF,
    ),
    sharp_claim(
        "strong_signal.runs",
        _SECTION,
        r"At $a(1-2\tau) \ge 100$ a class memorises half of its flipped labels at the clock $s_\infty$",
        Law(margin=0.05, reason="s_2 is within 1 % of its limit there; the median of five labels or more"),
        strong_transition,
        "clock of t_half and s_inf at the realised flip rate, p = 1/2, means over classes",
        limit_transition.prove_strong_signal,
        SHARP_STRONG,
        ("two_stage.sharp.strong_signal",),
        note=LARGE_INIT_NOTE,
    ),
    sharp_claim(
        "strong_signal.depth",
        _SECTION,
        r"Stage I pushes noisy samples to the Bayes logit: $\min_s M_n \to -\ln\frac{1-\tau}\tau$",
        Law(margin=0.02, reason="what is left is of order ln(a)/a, below 1 % at a of 4,000"),
        depth,
        "minus the lowest mean noisy margin of a class, and the logit of its realised flip rate",
        limit_transition.prove_strong_signal,
        SHARP_DEPTH,
        ("two_stage.sharp.strong_signal",),
        note=LARGE_INIT_NOTE,
    ),
    sharp_claim(
        "below_strong_signal",
        _SECTION,
        r"$s_2 \leq s_\infty$ at the judged $(a, \tau)$",
        Derived(
            "computed at each (a, tau) of the judged settings, p = 1/2",
            factor=4e6,
            reason="the flow is integrated to 1e-10",
        ),
        _below_strong_signal,
        "by how much s_2 of the integrated flow exceeds s_inf at the setting's a, tau_+ >= .01, p = 1/2",
        None,
        parents=("two_stage.sharp.strong_signal",),
        note="Proved where tau >= 2/7, certified on boxes down to 1/10: two_stage.certified.order.",
    ),
    sharp_claim(
        "below_strong_signal.runs",
        _SECTION,
        r"Half of the flipped labels of each class with $2 \le a_y(1-2\tau_y) \le 4$ are memorised before "
        r"$s_\infty$",
        Bound(
            delta=0.1,
            reason="s_2 is at least 8 % below its limit there, one or two standard deviations of a "
            "class's median",
        ),
        before_limit,
        "clock of t_half over s_inf at the realised flip rate, of the class for which it is largest, and 1",
        None,
        SHARP_WEAK,
        ("two_stage.sharp.below_strong_signal",),
        note=LARGE_INIT_NOTE,
    ),
)
