"""D9 and D10: p/n = O(1), where the mean field has memory and labels may be inseparable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from theory.claim import Claim
from theory.early_learning.cavity import CavityPath, cavity_path_averaged
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import (
    BELOW_THRESHOLD,
    CE,
    EARLY,
    FROM_ZERO,
    HALF_EARLY,
    PULLED,
    at_least,
    at_most,
    beyond_threshold,
    wrong_labels,
)
from theory.early_learning.mean_field import memorisation_time
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.separability import Minimiser, finite_minimiser, separability_threshold
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.symbols import eta, gamma, n, p
from theory.experiment import Experiment
from theory.place import Box, Cells, Coordinate, makes
from theory.record import AtClocks
from theory.rules import Difference, Event, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "cavity_of"]

_CLOCKS = (2.5, 5.0, 10.0)
_STEPS = 40


def _cell(gamma: float, **others: float) -> MixtureSetting:
    return MixtureSetting(n=800, p=round(800 * gamma), eta=0.25, **others)  # type: ignore[arg-type]


AT_ZERO = Experiment(
    "early_learning.proportional.from_zero",
    place=Cells(
        "p/n of order 1, from zero",
        (
            ({"p/n": 2.0, "w": 0.2}, _cell(2.0, sigma=0.4, flip_rate=0.2)),
            ({"p/n": 1.5, "w": 0.3}, _cell(1.5, sigma=0.4, flip_rate=0.3)),
        ),
    ),
    clock=10.0,
    record=AtClocks(_CLOCKS),
    runs=times(5, 24, 96),
)
FROM_SPHERE = Experiment(
    "early_learning.proportional.from_sphere",
    place=Cells(
        "p/n of order 1, from a sphere",
        (({"p/n": 3.0, "w": 0.2}, _cell(3.0, sigma=0.3, flip_rate=0.2, start=2.0)),),
    ),
    clock=10.0,
    record=AtClocks((0.5, *_CLOCKS)),
    runs=times(20, 48, 200),
)
MEDIANS = Experiment(
    "early_learning.proportional.medians",
    place=mixture_box(
        "medians over p/n",
        {"w": (0.15, 0.3), "kappa": (0.12, 0.22), "p/n": (1.0, 30.0), "n": (200, 300)},
        eta=0.1,
    ),
    clock=40.0,
    runs=times(20, 60, 200),
)


LAST = Experiment(
    "early_learning.proportional.last",
    place=mixture_box(
        "p/n near 1",
        {"w": (0.15, 0.3), "kappa": (0.12, 0.22), "p/n": (1.0, 1.4), "n": (200, 300)},
        eta=0.1,
    ),
    clock=40.0,
    runs=times(58, 110, 200),
)


def cavity_of(setting: MixtureSetting) -> CavityPath:
    """The dynamical mean field at a setting, over the run's 40 steps."""
    return cavity_path_averaged(setting.w, setting.gamma, setting.sigma, setting.eta, _STEPS, setting.start)


def _memorised(run: MixtureRun, clock: float) -> tuple[float, float]:
    step = run.setting.steps(clock)
    return float(run.memorised[run.at(clock)]), float(cavity_of(run.setting).memorised[step])


def _test(run: MixtureRun, clock: float) -> tuple[float, float]:
    step = run.setting.steps(clock)
    return float(run.test_accuracy[run.at(clock)]), float(cavity_of(run.setting).test_accuracy[step])


def _rise(run: MixtureRun, clock: float) -> tuple[float, float]:
    step = run.setting.steps(clock)
    return float(run.accuracy_wrong[run.at(clock)]), 1.0 - float(cavity_of(run.setting).memorised[step])


def _median(run: MixtureRun) -> tuple[float, float]:
    crossed = run.time_of(run.median_wrong, 0.0, "down")
    return crossed, memorisation_time(run.setting.w, run.setting.kappa)


def _last_waits(run: MixtureRun) -> bool | NotApplicable:
    crossed = run.time_of(run.median_wrong, 0.0, "down")
    if 2 * crossed > run.clock[-1]:
        return NotApplicable("twice the median time lies beyond the run")
    return bool(run.memorised[run.at(2 * crossed)] < 1.0)


def _at_threshold(offset: float, values: Mapping[str, Any]) -> MixtureSetting:
    n = 150
    w = round(values["w"] * n) / n
    gamma = separability_threshold(w, values["sigma"]) + offset
    p = math.floor(gamma * n) if offset < 0 else math.ceil(gamma * n)
    return MixtureSetting(n=n, p=max(2, p), sigma=values["sigma"], flip_rate=w, eta=0.1)


makes(MixtureSetting, _at_threshold)


def _threshold_box(offset: float) -> Box:
    side = "below" if offset < 0 else "above"
    return Box(
        f"{abs(offset):g} {side} gamma_c",
        (Coordinate("w", 0.1, 0.4, "linear"), Coordinate("sigma", 0.2, 1.0)),
        partial(_at_threshold, offset),
    )


BELOW = Experiment(
    "early_learning.separability.below",
    place=_threshold_box(-0.08),
    engines=("separability",),
    runs=times(10, 60, 200),
)
ABOVE = Experiment(
    "early_learning.separability.above",
    place=_threshold_box(0.08),
    engines=("separability",),
    runs=times(48, 60, 200),
)


def _share_of_threshold(values: Mapping[str, Any]) -> MixtureSetting:
    n = 1000
    w = round(values["w"] * n) / n
    gamma = values["share"] * separability_threshold(w, values["sigma"])
    return MixtureSetting(n=n, p=max(2, round(gamma * n)), sigma=values["sigma"], flip_rate=w, eta=0.1)


makes(MixtureSetting, _share_of_threshold)
MINIMISERS = Experiment(
    "early_learning.separability.minimisers",
    place=Box(
        "below gamma_c",
        (
            Coordinate("w", 0.1, 0.4, "linear"),
            Coordinate("sigma", 0.2, 0.6),
            Coordinate("share", 0.1, 0.84, "linear", meaning="p/n over gamma_c"),
        ),
        _share_of_threshold,
    ),
    engines=("minimiser",),
    runs=times(40, 64, 256),
)


def _separable(run: MixtureRun) -> bool:
    return bool(run.separable)


def _inseparable(run: MixtureRun) -> bool:
    return not run.separable


def _limit(run: MixtureRun) -> Minimiser | NotApplicable:
    if run.separable:
        return NotApplicable("the labels are separable: there is no finite minimiser")
    found = finite_minimiser(run.setting.w, run.setting.gamma, run.setting.sigma)
    return found or NotApplicable("the fixed point was not found")


def _limit_memorised(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    limit = _limit(run)
    return limit if isinstance(limit, NotApplicable) else (float(run.memorised[-1]), limit.memorised)


def _limit_test(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    limit = _limit(run)
    return limit if isinstance(limit, NotApplicable) else (float(run.test_accuracy[-1]), limit.test_accuracy)


_SQUARE = (
    CE,
    FROM_ZERO,
    HALF_EARLY,
    PULLED,
    at_least(gamma, 1.0, "D9", "below, labels may be inseparable"),
    at_most(eta, 0.1, "D9", "steps follow the flow"),
    wrong_labels(20, "D9"),
)
_WIDTH = at_least(n, 150, "D10", "the transition's half width is about .06 at n = 150")
_FINITE = (
    BELOW_THRESHOLD,
    at_least(n, 300, "D10", "the equations are those of the limit"),
    at_least(p, 30, "D10", "the equations are those of the limit"),
    wrong_labels(30, "D10"),
)
_CAVITY = "a cavity derivation, not proved; n = 800 and the theory's own sampling"

CLAIMS: tuple[Claim, ...] = (
    *(
        by_us(
            f"proportional.memorised_{str(clock).replace('.', '_')}",
            "D9",
            rf"At $p/n = O(1)$ the share of memorised labels at $\tau = {clock:g}$ is that of the "
            r"dynamical mean field with memory.",
            Difference(margin=0.06, reason=_CAVITY),
            partial(_memorised, clock=clock),
            AT_ZERO,
            (EARLY,),
            measured="share of memorised labels",
        )
        for clock in _CLOCKS
    ),
    *(
        by_us(
            f"proportional.test_{str(clock).replace('.', '_')}",
            "D9",
            rf"At $p/n = O(1)$ the test accuracy at $\tau = {clock:g}$ is that of the dynamical mean field "
            rf"with "
            "memory.",
            Difference(margin=0.01, reason=_CAVITY),
            partial(_test, clock=clock),
            AT_ZERO,
            (EARLY,),
            measured="exact test accuracy",
        )
        for clock in _CLOCKS
    ),
    *(
        by_us(
            f"proportional.rise_{str(clock).replace('.', '_')}",
            "D9",
            rf"From a start of norm 2 orthogonal to v, $A_W$ rises and then falls; at $\tau = {clock:g}$ "
            r"it is that of the mean field.",
            Difference(margin=0.06, reason=_CAVITY),
            partial(_rise, clock=clock),
            FROM_SPHERE,
            (EARLY,),
            measured="A_W, the accuracy on wrong labels, and its limit",
        )
        for clock in (0.5, *_CLOCKS)
    ),
    by_us(
        "proportional.median_time",
        "D9",
        r"The median memorisation time stays within 20 % of the two-class equations down to $p/n = 1$.",
        Law(margin=0.2, reason="observed, not derived"),
        _median,
        MEDIANS,
        _SQUARE,
        measured="training time at which the median wrong margin falls below 0",
    ),
    by_us(
        "proportional.last_label",
        "D9",
        r"For $p/n \le 1.4$ the last label takes more than twice as long.",
        Event(delta=0.1, reason="observed, not derived"),
        _last_waits,
        LAST,
        (*_SQUARE, at_most(gamma, 1.4, "D9", "with more dimensions all labels are memorised at one time")),
        measured="whether some wrong label is not memorised at twice the median time",
    ),
    by_us(
        "separability.below",
        "D10",
        r"Noisy labels become separable at $p/n = \gamma_c(w,\sigma) = \min_c E(Z - c s h)_+^2 \le 1/2$: "
        r"at $\gamma_c - .08$, n = 150, they are inseparable with probability at least 3/4.",
        Event(delta=0.25, reason="the transition's half width is about .06 at n = 150"),
        _inseparable,
        BELOW,
        (beyond_threshold(-0.08), _WIDTH),
        measured="whether a linear program finds no separating vector",
        note="Gaussian comparison, not proved here.",
    ),
    by_us(
        "separability.above",
        "D10",
        r"At $\gamma_c + .08$, n = 150, they are separable with probability at least 3/4 (the paper's "
        r"argument needs $1 - w$).",
        Event(delta=0.25, reason="the transition's half width is about .06 at n = 150"),
        _separable,
        ABOVE,
        (beyond_threshold(0.08), _WIDTH),
        measured="whether a linear program finds a separating vector",
        note="Gaussian comparison, not proved here.",
    ),
    by_us(
        "separability.memorised",
        "D10",
        r"Below $\gamma_c$ gradient descent converges to a finite vector; the share of wrong labels that "
        r"it memorises solves three equations in (a, V, l).",
        Difference(margin=0.05, reason="n = 1000, the median over runs"),
        _limit_memorised,
        MINIMISERS,
        _FINITE,
        measured="share of memorised labels at the minimiser of the loss",
    ),
    by_us(
        "separability.test",
        "D10",
        r"Below $\gamma_c$ the test accuracy of the finite vector that gradient descent converges to "
        r"solves the same "
        r"three equations.",
        Difference(margin=0.012, reason="n = 1000, the median over runs"),
        _limit_test,
        MINIMISERS,
        _FINITE,
        measured="exact test accuracy at the minimiser of the loss",
    ),
)
