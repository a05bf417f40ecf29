"""Late times: signal share, loss constant and margins, with every sample's own active share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Band, Bound, Difference, Law
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.experiments import EXACT
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits.claim import (
    BOTH_REGIMES,
    by_linear_system,
    number_function,
    rates,
    sharp_claim,
)
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.limits.late_classes import LateClass, late_classes
from theory.two_stage.run import Run
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = [
    "CLAIMS",
    "SHARP_LATE",
    "SHARP_VERY_LATE",
    "LateClass",
    "Pair",
    "late_classes",
    "late_loss",
    "late_margin",
    "predicted_loss_limit",
]

_LATE_BOX = Domain(
    "sharp, late",
    n=(40, 70),
    m=(14, 20),
    signal_margin=(1.5, 5.0),
    tau=(0.05, 0.3),
    kappa_0=(0.01, 30.0),
    dimension=(1e5, 1e8),
    clock_step=(0.25, 0.4),
)

#: Late times, both regimes of kappa_0. The limits do not depend on the step: late increments are h/s of a
#: margin.
SHARP_LATE = Experiment(
    id="two_stage.sharp.late",
    place=_LATE_BOX,
    clock=1000.0,
    runs={"quick": 0, "default": 48, "full": 400},
    snapshots=(),
)


def _late_margins_residual(run: Run, stated: tuple[sp.Expr, sp.Expr] | None = None) -> float:
    """Closed late coefficients (or other `stated` ones) against the 2 x 2 system solved in floating point,
    p = 1/2."""
    a, rate = rates(run)
    alpha, beta = a * (1 - rate) / 2 + 0.5, a * rate / 2
    solved = np.linalg.solve([[alpha, -beta], [-(alpha - 0.5), beta + 0.5]], np.ones(2))
    formulas = stated or limit_late.late_coefficients()
    values = [number_function(x, _a, tau, _p)(a, rate, 0.5) for x in formulas]
    return float(np.max(np.abs(solved / values - 1)))


#: Ten times as late, where every single run is within 5 % of its limit. Long: full profile only.
SHARP_VERY_LATE = replace(
    SHARP_LATE,
    id="two_stage.sharp.very_late",
    place=replace(_LATE_BOX, name="sharp, very late", clock_step=(0.4, 0.6)),
    clock=10_000.0,
    runs={"quick": 0, "default": 0, "full": 96},
)


def _harmonic_residual(run: Run) -> float | NotApplicable:
    """The closed c_y against the n_y x n_y late system `M_i = 1` with the run's own `p_i q_i`."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    s = run.setting
    weight = run.active_fraction[-1] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    worst = 0.0
    for label, late in zip((1.0, -1.0), classes, strict=True):
        of = run.y == label
        sign = np.where(run.clean[of], 1.0, -1.0)
        # p_i q_i G_i + sign_i (a/n) sum_k sign_k G_k = 1.
        slopes = np.linalg.solve(
            np.diag(weight[of]) + s.n_snr2 / s.n * np.outer(sign, sign), np.ones(of.sum())
        )
        worst = max(worst, abs(float(s.n_snr2 / s.n * sign @ slopes) - late.c))
    return worst


def predicted_loss_limit(classes: tuple[LateClass, LateClass]) -> float:
    r"""`lim s L(s) = sum_y (n_y/n) [(1-tau_y) h_c (1-c_y) + tau_y h_n (1+c_y)]`."""
    return sum(y.share * ((1 - y.rate) * y.h_c * (1 - y.c) + y.rate * y.h_n * (1 + y.c)) for y in classes)


Pair = tuple[float, float]
Floats = NDArray[np.float64]

#: Growth in ln s is measured from here to the end of a run.
GROWTH_FROM = 100.0


def late_loss(run: Run, factor: float = 1.0) -> Pair | NotApplicable:
    """`(s L(s), limit)` at the end of the run; `factor` multiplies the predicted limit."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    return float(run.clock[-1] * run.train_loss[-1]), factor * predicted_loss_limit(classes)


def _loss_deviation(run: Run) -> float | NotApplicable:
    pair = late_loss(run)
    return pair if isinstance(pair, NotApplicable) else pair[0] / pair[1] - 1


def late_margin(run: Run, noisy: bool, factor: float = 1.0) -> Pair | NotApplicable:
    """`(s <e^-M>, limit)` over all clean or all noisy samples at the end."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    who = run.noisy if noisy else run.clean
    if not who.any():
        return NotApplicable("no label was flipped")
    measured = float(run.clock[-1] * np.mean(np.exp(-run.margins[-1, who])))
    counts = [y.share * (y.rate if noisy else 1 - y.rate) for y in classes]
    limits = [y.h_n * (1 + y.c) if noisy else y.h_c * (1 - y.c) for y in classes]
    return measured, factor * float(np.average(limits, weights=counts))


def _growth(run: Run, values: Floats) -> Floats:
    """Growth per unit of ln s from `GROWTH_FROM` to the end, of values (T, ...)."""
    first, last = run.at(GROWTH_FROM), len(run.clock) - 1
    return np.asarray((values[last] - values[first]) / np.log(run.clock[last] / run.clock[first]))


def signal_growth(run: Run, factor: float = 1.0) -> Pair | NotApplicable:
    """Growth of the mean gamma_y per unit of ln s, and c_y (times `factor`); means over classes."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    measured = _growth(run, run.gamma.mean(axis=2))
    return float(measured.mean()), factor * float(np.mean([y.c for y in classes]))


def slope_ratio(run: Run, power: float = 1.0) -> Pair | NotApplicable:
    """Growth of an active filter's coefficient on clean samples over that on noisy ones, and
    `h_c (1 - c_y)/(h_n (1 + c_y))` (to a `power`); class +1, or class -1 where +1 has no flipped label."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    s = run.setting
    weight = run.active_fraction[-1] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    signal = run.gamma.mean(axis=2)
    for c, label in enumerate((1.0, -1.0)):
        clean, noisy = run.clean & (run.y == label), run.noisy & (run.y == label)
        if not noisy.any():
            continue
        # The mass is the margin less (plus) the signal; the head start no longer moves.
        kept = _growth(run, run.margins[:, clean] - signal[:, c, None]) / weight[clean]
        flipped = _growth(run, run.margins[:, noisy] + signal[:, c, None]) / weight[noisy]
        y = classes[c]
        return float(kept.mean() / flipped.mean()), (y.h_c * (1 - y.c) / (y.h_n * (1 + y.c))) ** power
    return NotApplicable("no label was flipped")


def equalised(run: Run, power: float = 1.0) -> Pair | NotApplicable:
    """ln(max/min) of `|l'_i| (p_i q_i)^power` over a class's clean samples, and half that of `|l'_i|`; the
    class for which their ratio is larger."""
    s = run.setting
    weight = run.active_fraction[-1] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    if weight.min() <= 0:
        return NotApplicable("a sample has no active label-side filter: it is never fit")
    slopes = -np.logaddexp(0.0, run.margins[-1])
    pairs = [
        (float(np.ptp((slopes + power * np.log(weight))[of])), float(np.ptp(slopes[of])) / 2)
        for label in (1.0, -1.0)
        if (of := run.clean & (run.y == label)).sum() > 1
    ]
    if not pairs:
        return NotApplicable("no class has two clean samples")
    return max(pairs, key=lambda pair: pair[0] / pair[1])


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "late_coefficients",
        "Late times",
        r"$s e^{-M_c} \to (p + a\tau)/\Delta$ and $s e^{-M_n} \to (p + a(1-\tau))/\Delta$, $\Delta = "
        r"p(p+a/2)$",
        by_linear_system("symbolic a, tau, p"),
        _late_margins_residual,
        "relative difference of the closed forms and the 2 x 2 system at the setting's a, tau_+ >= .01",
        limit_late.prove_late_margins,
    ),
    sharp_claim(
        "late_share",
        "Late times",
        r"$\gamma_y \sim c_y\ln s$ with $c_y$ a function of the harmonic means of $p_iq_i$ over clean and "
        r"noisy samples",
        by_linear_system("symbolic a, tau, h_c, h_n; checked on systems of n unknowns"),
        _harmonic_residual,
        "difference of the closed c_y and the late system of n_y unknowns at a run's own p_i q_i",
        limit_late.prove_harmonic,
        experiment=EXACT,
        parents=("two_stage.sharp.late_coefficients",),
    ),
    sharp_claim(
        "loss_constant",
        "Late times",
        r"$s\,L(s) \to \sum_y \frac{n_y}n[(1-\tau_y)h_c(1-c_y) + \tau_yh_n(1+c_y)]$; with one $p$, "
        r"$(p + 2a\tau(1-\tau))/(p(p+a/2))$",
        Law(margin=0.05, reason="corrections of order 1/ln s to the class means at s = 1000, and cross-talk"),
        late_loss,
        "s L(s) at s = 1000 and its predicted limit",
        limit_late.prove_loss_constant,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "late_margin.clean",
        "Late times",
        r"$s\langle e^{-M}\rangle \to h_c(1-c_y)$ over clean samples",
        Law(margin=0.05, reason="as for the loss constant"),
        lambda run: late_margin(run, noisy=False),
        "s times the mean of e^-M over clean samples at s = 1000, and its predicted limit",
        limit_late.prove_harmonic,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "late_margin.noisy",
        "Late times",
        r"$s\langle e^{-M}\rangle \to h_n(1+c_y)$ over noisy samples",
        Law(margin=0.05, reason="as for the loss constant"),
        lambda run: late_margin(run, noisy=True),
        "s times the mean of e^-M over noisy samples at s = 1000, and its predicted limit",
        limit_late.prove_harmonic,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "loss_constant.every_run",
        "Late times",
        r"At $s = 10^4$ $s\,L(s)$ of every run is within 5 % of its limit",
        Band(-0.05, 0.05, "corrections fall like a power of s above 1/2: 1 % at 10^3, and cross-talk"),
        _loss_deviation,
        "s L(s) at s = 10^4 over its predicted limit, less 1",
        limit_late.prove_loss_constant,
        SHARP_VERY_LATE,
        ("two_stage.sharp.loss_constant",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "late_signal",
        "Late times",
        r"$\gamma_y$ grows by $c_y$ per unit of $\ln s$",
        Difference(0.03, "corrections of order 1/s to a growth of about .5 between s = 100 and s = 1000"),
        signal_growth,
        "growth of gamma_y per ln s from s = 100 to 1000 and c_y, means over classes",
        limit_late.prove_harmonic,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "late_ratio",
        "Late times",
        r"$\rho_c/\rho_n \to \frac{h_c(1-c_y)}{h_n(1+c_y)}$; with one $p$, $\frac{p+a\tau}{p+a(1-\tau)}$",
        Law(margin=0.05, reason="as for the loss constant"),
        slope_ratio,
        "ratio of the growths of clean and noisy coefficients from s = 100 to 1000, and its predicted limit",
        limit_late.prove_harmonic,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "late_balance",
        "Late times",
        r"Within the clean samples of a class $|\ell'_i|\,p_iq_i$ equalises: at $s = 1000$ its logarithm "
        r"spreads by less than half of that of $|\ell'_i|$",
        Bound(delta=0.2, reason="differences fall as s^-(1-c): c near .75 leaves a third of them"),
        equalised,
        "ln(max/min) of |l'_i| p_i q_i over a class's clean samples, and half that of |l'_i|",
        limit_late.prove_harmonic,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
)
