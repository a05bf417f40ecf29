"""D2, D3, D12: the first step, and whether it is the best one."""

from __future__ import annotations

import math

import numpy as np

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import (
    CE,
    CLEAR_OF_PEAK,
    EARLY,
    FROM_ZERO,
    LARGE,
    NARROW,
    at_least,
    wrong_labels,
)
from theory.early_learning.first_step import (
    COSINE,
    accuracies_after_one_step,
    accuracy_wrong_exact,
    cosine_of_first_gradient,
    prove_moments_of_first_step,
)
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.symbols import gamma, p
from theory.experiment import Experiment
from theory.place import fixed
from theory.record import AtClocks
from theory.rules import Difference, Event, SameLaw, Universal
from theory.run import NotApplicable

__all__ = ["CLAIMS"]

ONE_STEP = Experiment(
    "early_learning.first_step.one",
    place=mixture_box(
        "one step from zero",
        {"w": (0.05, 0.4), "kappa/m": (0.1, 3.0), "p/n": (0.7, 20.0), "n": (200, 300)},
        eta=0.5,
    ),
    clock=0.5,
    runs=times(100, 300, 1500),
)
EXACT_MEAN = Experiment(
    "early_learning.first_step.mean",
    place=mixture_box(
        "one step from zero, few examples",
        {"w": (0.2, 0.4), "kappa/m": (0.1, 3.0), "p/n": (0.3, 20.0), "n": (60, 150)},
        eta=0.5,
    ),
    clock=0.5,
    runs=times(200, 2000, 9000),
)
SIGNS = Experiment(
    "early_learning.first_step.signs",
    place=mixture_box(
        "one step from zero, many examples",
        {"w": (0.1, 0.3), "kappa/m": (0.1, 3.0), "p/n": (2.0, 20.0), "n": (400, 600)},
        eta=0.5,
    ),
    clock=0.5,
    runs=times(120, 200, 600),
)
GRADIENT_LAW = Experiment(
    "early_learning.first_step.law",
    place=fixed(MixtureSetting(n=40, p=60, sigma=0.6, flip_rate=0.2, eta=0.5)),
    clock=0.5,
    engines=("primal", "first_step"),
    pair_engines=False,
    runs=times(1400, 1400, 4000),
)
LONG = Experiment(
    "early_learning.first_step.best",
    place=mixture_box(
        "from zero, long",
        {"w": (0.1, 0.4), "kappa/m": (0.1, 0.95), "p/n": (0.5, 20.0), "n": (100, 200), "eta": (0.3, 2.0)},
    ),
    clock=60.0,
    runs=times(36, 100, 400),
)
LONG_BEYOND = Experiment(
    "early_learning.first_step.beyond",
    place=mixture_box(
        "from zero, long, kappa > m",
        {"w": (0.1, 0.4), "kappa/m": (1.6, 4.0), "p/n": (0.5, 4.0), "n": (100, 200), "eta": (0.3, 1.0)},
    ),
    clock=60.0,
    record=AtClocks(tuple(0.3 * 1.3**k for k in range(20))),
    runs=times(0, 100, 400),
)


def _first(run: MixtureRun) -> int:
    """The record after the first step, whatever eta is."""
    return int(np.argmax(run.steps >= 1))


def _cosine(run: MixtureRun) -> tuple[float, float]:
    return float(run.cosine[_first(run)]), cosine_of_first_gradient(run.setting.m, run.setting.kappa)


def _predicted(run: MixtureRun) -> tuple[float, float, float]:
    s = run.setting
    return accuracies_after_one_step(s.m, s.kappa, s.sigma)


def _wrong(run: MixtureRun) -> tuple[float, float]:
    return float(run.accuracy_wrong[_first(run)]), _predicted(run)[0]


def _clean(run: MixtureRun) -> tuple[float, float]:
    return float(run.accuracy_clean[_first(run)]), _predicted(run)[1]


def _test(run: MixtureRun) -> tuple[float, float]:
    return float(run.test_accuracy[_first(run)]), _predicted(run)[2]


def _wrong_exact(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    return float(run.accuracy_wrong[_first(run)]), accuracy_wrong_exact(s.n, s.p, s.sigma, s.m)


def _sign(run: MixtureRun) -> bool:
    return bool((run.accuracy_wrong[_first(run)] > 0.5) == (run.setting.kappa < run.setting.m))


def _law(run: MixtureRun) -> dict[str, float]:
    return {
        "cosine": float(run.cosine[-1]),
        "length": math.hypot(float(run.a[-1]), float(run.noise_norm[-1])),
    }


def _best(run: MixtureRun) -> bool | NotApplicable:
    if run.setting.eta * run.largest_eigenvalue > 7.0:
        return NotApplicable("eta times the largest eigenvalue of K is above 7: near the edge of stability")
    first = _first(run)
    return bool(run.test_accuracy[first:].max() <= run.test_accuracy[first] + 1e-4)


_MEAN = "the median over runs; the formula drops terms of order 1/sqrt(n)"
_ONE = (CE, FROM_ZERO, LARGE, at_least(p, 100, "D2", "the gradient's noise has a length close to its mean"))

_HALF = at_least(gamma, 0.5, "D12", "seen to fail once, by 5e-5, at p/n = .37")
_KEPT = (CE, FROM_ZERO, EARLY, _HALF)

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "first_step.cosine",
        "D2",
        r"The first gradient from zero has cosine $m/\sqrt{m^2+\kappa}$ with v, $m = 1-2w$, $\kappa = "
        r"\sigma^2 p/n$.",
        Difference(margin=0.01, reason=_MEAN),
        _cosine,
        ONE_STEP,
        _ONE,
        prediction=Prediction(r"\cos_0", COSINE, "1"),
        measured="cosine of theta with v after one step",
    ),
    by_us(
        "first_step.law",
        "D2",
        r"Exactly, at any n and p: $-2\nabla L(0) = (\bar s + \sigma N/\sqrt n)\, v + (\sigma/\sqrt n)\, "
        r"\xi$, $N \sim N(0,1)$, $|\xi|^2 \sim \chi^2_{p-1}$ independent.",
        SameLaw(margin=0.15, reason="what 1,400 runs can certify"),
        _law,
        GRADIENT_LAW,
        measured="cosine and length of the first gradient, on real inputs and drawn from the two-number law",
    ),
    by_us(
        "first_step.wrong",
        "D3",
        r"After one step $A_W = \Phi((m-\kappa)/D)$, $D = \sigma\sqrt{m^2+\kappa}$.",
        Difference(margin=0.03, reason=_MEAN),
        _wrong,
        ONE_STEP,
        (*_ONE, NARROW),
        measured="share of wrong labels classified as their true class",
        proof=prove_moments_of_first_step,
    ),
    by_us(
        "first_step.clean",
        "D3",
        r"After one step $A_C = \Phi((m+\kappa)/D)$.",
        Difference(margin=0.02, reason=_MEAN),
        _clean,
        ONE_STEP,
        (*_ONE, NARROW),
        measured="share of right labels classified as their class",
    ),
    by_us(
        "first_step.test",
        "D3",
        r"After one step the test accuracy is $\Phi(m/D)$.",
        Difference(margin=0.01, reason=_MEAN),
        _test,
        ONE_STEP,
        (*_ONE, NARROW),
        measured="exact test accuracy",
    ),
    by_us(
        "first_step.wrong_exact",
        "D3",
        r"The mean of $A_W$ after one step is $E\,\Phi(\mu/\sqrt V)$ over $G \sim N(0,1)$, $Q \sim "
        r"\chi^2_{p-1}$, exactly at finite n and p.",
        Difference(
            margin=0.015,
            reason="exact in the mean; the margin is what its estimate can resolve",
            of="mean",
            bound=1.0,
        ),
        _wrong_exact,
        EXACT_MEAN,
        (CE, FROM_ZERO),
        measured="share of wrong labels classified as their true class",
    ),
    by_us(
        "first_step.early_learning",
        "D3",
        r"Early learning on wrong labels ($A_W > 1/2$ after one step) happens iff $\kappa < m$, i.e. "
        r"$\sigma^2 p/n < 1-2w$.",
        Event(delta=0.05),
        _sign,
        SIGNS,
        (*_ONE, NARROW, CLEAR_OF_PEAK, wrong_labels(40, "D3")),
        measured="whether A_W > 1/2 exactly when kappa < m",
        proof=prove_moments_of_first_step,
    ),
    by_us(
        "first_step.best",
        "D12",
        r"From zero with $\kappa < m$ the first step has the best test accuracy of all.",
        Universal(reason="up to 1e-4 in accuracy; observed, not derived"),
        _best,
        LONG,
        _KEPT,
        measured="whether no later accuracy is higher by 1e-4",
    ),
    by_us(
        "first_step.best_beyond",
        "D12",
        r"From zero with $\kappa > m$ too the first step has the best test accuracy of all.",
        Universal(reason="up to 1e-4 in accuracy"),
        _best,
        LONG_BEYOND,
        _KEPT,
        drops=("kappa <= m",),
        measured="whether no later accuracy is higher by 1e-4",
    ),
)
