"""D5 to D8: trainings against the two-class mean field, its two times and the roles of the coefficients."""

from __future__ import annotations

import numpy as np

from theory.claim import Claim, Prediction
from theory.early_learning.claims.field_equations import FIRST_ORDER
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import (
    CE,
    EARLY,
    FROM_ZERO,
    HALF_EARLY,
    PULLED,
    WIDE,
    WIDER,
    at_most,
    wrong_labels,
)
from theory.early_learning.mean_field import memorisation_time, two_class
from theory.early_learning.places import mixture_box, sweep_cells
from theory.early_learning.run import MixtureRun
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.symbols import eta, kappa
from theory.early_learning.times import (
    EARLY_TIME_CORRECTED,
    PLATEAU,
    ROLE_RATIO,
    early_time,
    force_clean_at_memorisation,
    plateau,
    prove_early_time,
    prove_role_inversion,
    role_ratio,
)
from theory.experiment import Experiment
from theory.place import Cells
from theory.record import AtClocks
from theory.rules import Bound, Difference, Exponent, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS"]


RUNS = Experiment(
    "early_learning.field.runs",
    place=mixture_box(
        "p >> n", {"w": (0.1, 0.4), "kappa/m": (0.1, 0.5), "p/n": (100.0, 300.0), "n": (200, 300)}, eta=0.1
    ),
    clock=110.0,
    runs=times(50, 80, 300),
)
EARLY_RUNS = Experiment(
    "early_learning.field.early",
    place=mixture_box(
        "p >> n, fine steps",
        {"w": (0.05, 0.4), "kappa": (0.02, 0.2), "p/n": (100.0, 300.0), "n": (200, 300)},
        eta=0.02,
    ),
    clock=8.0,
    runs=times(20, 60, 300),
)
LATE_RUNS = Experiment(
    "early_learning.field.late",
    place=Cells(
        "small kappa",
        tuple(
            (
                {"w": w},
                MixtureSetting.from_kappa(n=200, kappa=0.01, gamma=200.0, flip_rate=w, eta=0.2),
            )
            for w in (0.1, 0.2, 0.3)
        ),
    ),
    clock=400.0,
    runs=times(1, 8, 20),
)

_BASE = MixtureSetting.from_kappa(n=200, kappa=0.02, gamma=100.0, flip_rate=0.2, eta=0.4)
_SWEEPS = {
    "n": (sweep_cells("n", _BASE, "n", (100, 200, 400)), 1.0),
    "p": (sweep_cells("p", _BASE, "p", (10_000, 20_000, 40_000)), -1.0),
    "sigma": (
        sweep_cells("sigma", _BASE, "sigma", tuple(_BASE.sigma * 2**k for k in (-0.5, 0.0, 0.5))),
        -2.0,
    ),
    "eta": (sweep_cells("eta", _BASE, "eta", (0.2, 0.4, 0.8)), -1.0),
}


def _sweep(name: str) -> Experiment:
    return Experiment(
        f"early_learning.field.sweep_{name}",
        place=_SWEEPS[name][0],
        clock=340.0,
        record=AtClocks(tuple(float(k) for k in range(0, 340, 2))),
        runs=times(4, 8, 20),
    )


def memorised_at(run: MixtureRun) -> float:
    """Training time at which the mean wrong margin falls below 0 after its early peak; inf if not within the
    run."""
    return run.time_of(run.mean_wrong, 0.0, "down")


def _close(run: MixtureRun) -> tuple[float, float]:
    path = two_class(run.clock, run.setting.w, run.setting.kappa)
    wrong = np.sqrt(np.mean((run.mean_wrong - path.f_wrong) ** 2))
    signal = np.sqrt(np.mean((run.a - path.a) ** 2))
    return float(max(wrong, signal)), 0.05


def _memorised(run: MixtureRun) -> tuple[float, float]:
    return memorised_at(run), memorisation_time(run.setting.w, run.setting.kappa)


def _steps(run: MixtureRun) -> float:
    return memorised_at(run) / run.setting.eta


def _early(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    level = plateau(s.w) / 2
    return run.time_of(run.a, level, "up"), early_time(level, s.w, s.kappa)


def _roles(run: MixtureRun) -> tuple[float, float]:
    top = int(np.argmax(run.mean_wrong))
    force = np.abs(run.s) / (1 + np.exp(run.s * run.f[top]))
    wrong = run.s < 0
    return float(force[wrong].mean() / force[~wrong].mean()), role_ratio(run.setting.w, run.setting.kappa)


def _plateau(run: MixtureRun) -> tuple[float, float]:
    return float(run.a[int(np.argmax(run.mean_wrong))]), plateau(run.setting.w, run.setting.kappa)


def _wrong_part(run: MixtureRun) -> tuple[float, float]:
    """Share of the squared force that wrong labels have when their margins peak."""
    force = (1 / (1 + np.exp(run.s * run.f[int(np.argmax(run.mean_wrong))]))) ** 2
    return float(force[run.s < 0].sum() / force.sum()), 1 - run.setting.w


def _late_clean(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    crossed = memorised_at(run)
    if not np.isfinite(crossed):
        return NotApplicable("wrong labels are not memorised within the run")
    k = run.at(crossed)
    clean = run.f[k][run.s > 0]
    return float((1 / (1 + np.exp(clean))).mean()), force_clean_at_memorisation(run.setting.w)


#: What all runs from zero with p >> n share.
_FLOW = (CE, FROM_ZERO, WIDE, HALF_EARLY)
_STEPS = at_most(eta, 0.1, "D5", "steps follow the flow")
_CROSSING = (*_FLOW, PULLED, _STEPS, wrong_labels(20, "D5"))

_SCALES = {"n": "n", "p": "1/p", "sigma": r"\sigma^{-2}", "eta": r"1/\eta"}

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "field.margins",
        "D5",
        r"For $p/n \to \infty$ at fixed $\kappa$: $c_C' = \mathrm{sg}(-(a+\kappa c_C))$, $c_W' = "
        r"-\mathrm{sg}(a+\kappa c_W)$, $a = (1-w)c_C + w c_W$; at $p/n \ge 100$ the mean wrong margin and "
        r"$\theta\cdot v$ follow it within .05 (root mean square over the run).",
        Bound(delta=0.1, reason="fluctuations fall as sqrt(n/p)"),
        _close,
        RUNS,
        (*_CROSSING, WIDER),
        measured="the larger of the two root mean square distances",
    ),
    by_us(
        "field.early_time",
        "D6",
        r"$\theta\cdot v$ reaches half the Bayes log-odds at $\tau_{EL}((1+\kappa)a)/(1+\kappa)$: a time "
        r"O(1/eta) in steps, independent of n and p.",
        Law(margin=0.03, reason="first order in kappa, steps of eta = .02"),
        _early,
        EARLY_RUNS,
        (
            *_FLOW,
            *FIRST_ORDER[1:],
            wrong_labels(10, "D6"),
            at_most(eta, 0.02, "D6", "steps follow the flow"),
        ),
        prediction=Prediction(r"\tau", EARLY_TIME_CORRECTED, "training time"),
        measured="training time at which theta . v passes log((1-w)/w)/2",
        proof=prove_early_time,
    ),
    by_us(
        "field.memorisation_time",
        "D7",
        r"Mean wrong margins fall below 0 at the time of the two-class equations for $p/n \to \infty$.",
        Law(margin=0.06, reason="fluctuations of order sqrt(n/p), steps of eta = .1"),
        _memorised,
        RUNS,
        _CROSSING,
        measured="training time of the crossing",
    ),
    *(
        by_us(
            f"field.memorisation_exponent_{name}",
            "D7",
            rf"The number of steps to memorisation scales as ${_SCALES[name]}$.",
            Exponent(
                parameter=name,
                value=_SWEEPS[name][1],
                margin=0.05,
                reason="kappa tau_mem drifts by 1 % over a factor 2 in kappa: .015 of an exponent",
            ),
            _steps,
            _sweep(name),
            (HALF_EARLY,),
            measured="steps until the mean wrong margin falls below 0",
        )
        for name in _SWEEPS
    ),
    by_us(
        "field.roles",
        "D8",
        r"When the wrong margins peak, $|F_W|/|F_C| = (1-w)/(w+\kappa)$: the roles of Theorem 1, part 2, are "
        r"exchanged.",
        Law(margin=0.05, reason="fluctuations of order sqrt(n/p)"),
        _roles,
        RUNS,
        _CROSSING,
        prediction=Prediction("|F_W|/|F_C|", ROLE_RATIO, "1"),
        measured="ratio of mean forces at the record with the largest mean wrong margin",
        proof=prove_role_inversion,
    ),
    by_us(
        "field.plateau",
        "D6",
        r"For small $\kappa$, $\theta\cdot v$ comes near the Bayes log-odds: $\log((1-w)/w)/(1+\kappa)$.",
        Law(
            margin=0.06,
            reason="approached at rate w (1-w) while memorisation draws it down: 4 % at kappa = .01",
        ),
        _plateau,
        LATE_RUNS,
        (WIDE, EARLY),
        prediction=Prediction("a^*", PLATEAU / (1 + kappa), "margin"),
        measured="theta . v at the record with the largest mean wrong margin",
        proof=prove_early_time,
    ),
    by_us(
        "field.roles_share",
        "D8",
        r"For $\kappa \to 0$ wrong labels have the share $1-w$ of the squared force when their margins "
        r"peak; at "
        r"the start it is $w$.",
        Difference(margin=0.04, reason="kappa = .01 leaves about .02"),
        _wrong_part,
        LATE_RUNS,
        (WIDE, EARLY),
        measured="share of the sum of squared forces at the record with the largest mean wrong margin",
        proof=prove_role_inversion,
    ),
    by_us(
        "field.late_clean_force",
        "D8",
        r"When wrong labels are memorised ($|F_W| = 1/2$), $|F_C| = w/(2(1-w))$ for $\kappa \to 0$.",
        Law(margin=0.05, reason="kappa = .01 leaves about 1 %"),
        _late_clean,
        LATE_RUNS,
        (WIDE, EARLY),
        measured="mean force on clean examples at that time",
        proof=prove_role_inversion,
    ),
)
