"""D11: late times, the hard margin."""

from __future__ import annotations

import numpy as np

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, reading, times
from theory.early_learning.conditions import ALL_SUPPORT, CE, MANY_DIMENSIONS, STABLE, at_least
from theory.early_learning.late import (
    COSINE_LATE,
    LATE_NORM2,
    cosine_late,
    late_margins,
    late_norm2,
    prove_late,
)
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.sources import beyond
from theory.early_learning.symbols import gamma, kappa, n
from theory.early_learning.times import plateau
from theory.experiment import Experiment
from theory.record import AtClocks
from theory.rules import Difference, Law

__all__ = ["CLAIMS"]

TAU = 3000.0
SOLVED = Experiment(
    "early_learning.late.solved",
    place=mixture_box(
        "separable, many dimensions",
        {"w": (0.1, 0.4), "kappa": (0.1, 0.5), "p/n": (30.0, 300.0), "n": (150, 250)},
        eta=0.1,
    ),
    engines=("hard_margin",),
    runs=times(20, 80, 300),
)
LONG = Experiment(
    "early_learning.late.long",
    place=mixture_box(
        "separable, long",
        {"w": (0.1, 0.4), "kappa": (0.15, 0.5), "p/n": (50.0, 300.0), "n": (150, 250)},
        eta=2.0,
    ),
    clock=TAU,
    record=AtClocks((30.0, 300.0)),
    runs=times(8, 32, 100),
    # To tau = 3000 at any step.
    max_steps=10**7,
)


def _cosine(run: MixtureRun) -> tuple[float, float]:
    return float(run.cosine[-1]), cosine_late(run.setting.m, run.setting.kappa)


def _norm2(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    return float(run.hard_margin.norm2), late_norm2(s.w, s.kappa, s.gamma)


def _loss(run: MixtureRun) -> tuple[float, float]:
    return float(run.clock[-1] * run.train_loss[-1]), float(run.hard_margin.norm2)


def _clean(run: MixtureRun) -> tuple[float, float]:
    return float(run.mean_clean[-1]), late_margins(run.clock[-1], run.setting.w, run.setting.kappa)[0]


def _wrong(run: MixtureRun) -> tuple[float, float]:
    return float(-run.mean_wrong[-1]), late_margins(run.clock[-1], run.setting.w, run.setting.kappa)[1]


def _gap(run: MixtureRun) -> tuple[float, float]:
    margins = late_margins(1.0, run.setting.w, run.setting.kappa)
    return float(run.mean_clean[-1] + run.mean_wrong[-1]), margins[0] - margins[1]


def _gap_plain(run: MixtureRun) -> tuple[float, float]:
    return float(run.mean_clean[-1] + run.mean_wrong[-1]), float(np.float64(plateau(run.setting.w)))


_WIDE = at_least(gamma, 20.0, "D11", "p >> n: the inverse Wishart matrix is close to its mean")
_MANY = at_least(n, 150, "D11", "fluctuations of order 1/sqrt(n)")
_TRAINED = (
    CE,
    STABLE,
    at_least(kappa, 0.1, "D11", "tau = 3000 is late: corrections are of order 1/(kappa tau)"),
    _MANY,
)

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "late.cosine",
        "D11",
        r"For $p \gg n$ the direction of late times has $\cos_\infty = b/\sqrt{b^2+(1-2bm+b^2)/\kappa}$ "
        r"with v, $b = m/(1+\kappa)$.",
        Difference(margin=0.01, reason="fluctuations of order 1/sqrt(n), less in the median over runs"),
        _cosine,
        SOLVED,
        (ALL_SUPPORT, _WIDE, _MANY),
        prediction=Prediction(r"\cos_\infty", COSINE_LATE, "1"),
        measured="cosine of the hard-margin vector with v, from a solver",
        proof=prove_late,
    ),
    by_us(
        "late.norm",
        "D11",
        r"$\|w_{hm}\|^2 = (4w(1-w)+\kappa')/(\kappa'(1+\kappa'))$ with $\kappa' = \kappa(1-n/p)$.",
        Law(margin=0.02, reason="the mean of an inverse Wishart matrix; fluctuations of order 1/sqrt(n)"),
        _norm2,
        SOLVED,
        (ALL_SUPPORT, _WIDE, _MANY),
        prediction=Prediction(r"\|w_{hm}\|^2", LATE_NORM2, "1"),
        measured="squared norm of the hard-margin vector",
        proof=prove_late,
    ),
    by_us(
        "late.loss",
        "D11",
        r"On separable data $\tau L(\tau) \to \|w_{hm}\|^2$.",
        Law(margin=0.015, reason="corrections of order 1/tau at tau = 3000: under 1 %"),
        _loss,
        LONG,
        (*_TRAINED, MANY_DIMENSIONS),
        measured="tau times the training loss at tau = 3000, against the solver's norm on the same data",
    ),
    by_us(
        "late.clean_margin",
        "D11",
        r"Right labels' margins grow as $u_C = \log(\kappa(1+\kappa)\tau/(2w+\kappa))$.",
        Difference(margin=0.05, reason="seen .013 +- .012 at tau = 20,000"),
        _clean,
        LONG,
        (*_TRAINED, ALL_SUPPORT, _WIDE),
        measured="mean margin of right labels at tau = 3000",
        proof=prove_late,
    ),
    by_us(
        "late.wrong_margin",
        "D11",
        r"Wrong labels' margins towards the observed label grow as $u_W = "
        r"\log(\kappa(1+\kappa)\tau/(2(1-w)+\kappa))$.",
        Difference(margin=0.05, reason="as for right labels"),
        _wrong,
        LONG,
        (*_TRAINED, ALL_SUPPORT, _WIDE),
        measured="mean margin of wrong labels towards the observed label at tau = 3000",
        proof=prove_late,
    ),
    by_us(
        "late.gap",
        "D11",
        r"The gap between the mean margins of right and wrong labels, each towards its observed label, "
        r"tends to $\log((2(1-w)+\kappa)/(2w+\kappa))$.",
        Difference(margin=0.05, reason="as for right labels"),
        _gap,
        LONG,
        (*_TRAINED, ALL_SUPPORT, _WIDE),
        measured="difference of the two means at tau = 3000",
        proof=prove_late,
    ),
    reading(
        "slip.late_gap",
        beyond("D11, leading order"),
        r"The gap between the mean margins of right and wrong labels tends to the Bayes log-odds "
        r"$\log((1-w)/w)$.",
        Difference(margin=0.05, reason="a tempting reading: true only for kappa -> 0"),
        _gap_plain,
        LONG,
        (*_TRAINED, ALL_SUPPORT, _WIDE),
        measured="difference of the two means at tau = 3000",
        corrected_by="late.gap",
    ),
)
