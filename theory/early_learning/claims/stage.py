"""D4: sizes at the end of the paper's early stage, where Theorem 1 has bounds."""

from __future__ import annotations

import numpy as np

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.claims.theorem_1 import stage_end
from theory.early_learning.conditions import CE, at_least, at_most, tenth_early, wrong_labels
from theory.early_learning.first_step import (
    COSINE_BEFORE_T,
    accuracy_wrong_at_t,
    cosine_before_t,
    force_changes_at_t,
)
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.symbols import eta, p, sigma, w
from theory.early_learning.times import EARLY_TIME, early_time
from theory.experiment import Experiment
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS"]

STAGE = Experiment(
    "early_learning.stage.sizes",
    place=mixture_box(
        "the paper's start, any small noise",
        {"w": (0.1, 0.3), "p/n": (0.7, 0.99), "sigma": (0.02, 0.2), "n": (700, 900)},
        eta=0.01,
        start=2.0,
    ),
    clock=0.7,
    runs=times(20, 120, 480),
)
SMALL = Experiment(
    "early_learning.stage.squares",
    place=mixture_box(
        "the paper's start, sigma to .15",
        {"w": (0.1, 0.3), "p/n": (0.7, 0.99), "sigma": (0.01, 0.15), "n": (500, 700)},
        eta=0.01,
        start=2.0,
    ),
    clock=0.7,
    runs=times(20, 48, 150),
)


def _at_t(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    end = stage_end(run)
    if isinstance(end, NotApplicable):
        return end
    s = run.setting
    return float(run.accuracy_wrong[end]), accuracy_wrong_at_t(s.m, s.kappa, s.sigma, s.start)


def _time(run: MixtureRun) -> tuple[float, float]:
    return run.time_of(run.a, 0.1, "up"), early_time(0.1, run.setting.w, run.setting.kappa)


def _squares(run: MixtureRun, part: int) -> tuple[float, float] | NotApplicable:
    end = stage_end(run)
    if isinstance(end, NotApplicable):
        return end
    change = (run.s - np.tanh(run.f[end] / 2)) ** 2 - (run.s - np.tanh(run.f[0] / 2)) ** 2
    among = (run.s < 0) if part else (run.s > 0)
    s = run.setting
    # At the record T, a is a little past 1/10: the predicted size is scaled with it.
    scale = run.a[end] / 0.1
    return float(change[among].mean() / scale), force_changes_at_t(s.m, s.kappa, s.sigma, s.start)[part]


def _clean_squares(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    return _squares(run, 0)


def _wrong_squares(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    return _squares(run, 1)


def _cosine(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    end = stage_end(run)
    if isinstance(end, NotApplicable):
        return end
    s = run.setting
    return float(run.gradient_cosine[end - 1]), cosine_before_t(s.m, s.kappa, s.sigma)


_FINE = (
    CE,
    tenth_early("D4"),
    at_most(eta, 0.01, "D4", "theta . v passes 1/10 by at most eta m/2"),
    at_most(sigma, 0.2, "D4", "first order in sigma^2 r_0^2"),
    at_least(p, 100, "D4", "lengths of noise are close to their means"),
    wrong_labels(50, "D4"),
    at_most(w, 0.3, "D4", "T, about .2/m, comes within the run"),
)
#: First order in sigma^2 r_0^2 to .003.
_SQUARES = (*_FINE, at_most(sigma, 0.15, "D4", "first order in sigma^2 r_0^2, within .003"))

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "stage.accuracy",
        "D4",
        r"$A_W(\theta_T) = \Phi\left(\frac{(1-\kappa/m)/10}{\sigma\sqrt{r_0^2 + "
        r"(1+\kappa/m^2)/100}}\right)$ from a start of norm $r_0$ orthogonal to v: $.9999$ needs $\sigma "
        r"\lesssim .0134$ at $r_0 = 2$.",
        Difference(
            margin=0.015,
            reason="a run's A_W scatters by 1/(2 sqrt(n w)), the median over runs less; leading order",
        ),
        _at_t,
        STAGE,
        _FINE,
        measured="A_W at T, the accuracy on wrong labels",
    ),
    by_us(
        "stage.time",
        "D4",
        r"The early stage ends at $\eta T = \tau_{EL}(1/10)$, about $.2/m$, $\tau_{EL}$ the time at which "
        r"the mean "
        r"field reaches $\theta\cdot v = 1/10$.",
        Law(margin=0.03, reason="2 % and two steps of eta = .01"),
        _time,
        STAGE,
        _FINE,
        prediction=Prediction(r"\tau_{EL}", EARLY_TIME, "training time"),
        measured="training time at which theta . v reaches 1/10",
    ),
    by_us(
        "stage.clean_squares",
        "D4",
        r"The mean of $k^2$ on clean examples changes by $-(1-(1-\tanh(.05(1+\kappa/m)))^2)(1-\sigma^2 "
        r"r_0^2/4)$.",
        Difference(margin=0.003, reason="first order in kappa/m and sigma^2 r0^2, sigma <= .15"),
        _clean_squares,
        SMALL,
        _SQUARES,
        measured="change of the mean of k^2 on clean examples from 0 to T",
    ),
    by_us(
        "stage.wrong_squares",
        "D4",
        r"The mean of $k^2$ on wrong examples changes by $((1+\tanh(.05(1-\kappa/m)))^2-1)(1-\sigma^2 "
        r"r_0^2/4)$.",
        Difference(margin=0.003, reason="first order in kappa/m and sigma^2 r0^2, sigma <= .15"),
        _wrong_squares,
        SMALL,
        _SQUARES,
        measured="change of the mean of k^2 on wrong examples from 0 to T",
    ),
    by_us(
        "stage.cosine",
        "D4",
        r"Just before T the cosine of $-\nabla L$ with v is $(m-.05)/\sqrt{(m-.05)^2+\kappa+\sigma^4}$.",
        Difference(margin=0.005, reason="leading order; the paper's bound is 1/6"),
        _cosine,
        STAGE,
        _FINE,
        prediction=Prediction(r"\cos", COSINE_BEFORE_T, "1"),
        measured="cosine at the last record before T",
    ),
)
