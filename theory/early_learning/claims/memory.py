"""E7: targets with memory."""

from __future__ import annotations

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.claims.strength import grown_cosine
from theory.early_learning.conditions import (
    ELR,
    FROM_ZERO,
    HALF_EARLY,
    LOADED,
    NO_CLAMP,
    PULLED,
    STABLE,
    WIDER,
    at_least,
    at_most,
    wrong_labels,
)
from theory.early_learning.lag import Lagged, lagged_rates, prove_lag
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.symbols import lam
from theory.experiment import Experiment
from theory.record import AtClocks
from theory.rules import Difference, Event
from theory.run import NotApplicable

__all__ = ["CLAIMS"]

CLOCK = 120.0
LAGGED = Experiment(
    "early_learning.memory.lagged",
    place=mixture_box(
        "targets with memory",
        {
            "w": (0.1, 0.3),
            "kappa/m": (0.15, 0.45),
            "p/n": (100.0, 300.0),
            "n": (200, 250),
            "lam": (1.5, 5.0),
            "beta": (0.5, 0.92),
            "eta": (0.05, 0.1),
        },
        loss="elr",
    ),
    clock=CLOCK,
    record=AtClocks((60.0, 90.0)),
    runs=times(32, 50, 150),
)
SLOW = Experiment(
    "early_learning.memory.slow",
    place=mixture_box(
        "targets too slow",
        {
            "w": (0.15, 0.3),
            "kappa/m": (0.35, 0.49),
            "p/n": (100.0, 300.0),
            "n": (150, 200),
            "lam": (2.5, 3.5),
            "beta": (0.985, 0.995),
        },
        eta=0.3,
        loss="elr",
    ),
    clock=CLOCK,
    record=AtClocks((60.0,)),
    runs=times(0, 24, 100),
)


def _fixed_point(run: MixtureRun) -> Lagged | NotApplicable:
    s = run.setting
    found = lagged_rates(s.lam, s.beta, s.w, s.kappa, s.eta)
    return found or NotApplicable(
        "the equations have no solution with growing margins slower than the memory"
    )


def _clean(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    found = _fixed_point(run)
    return found if isinstance(found, NotApplicable) else (run.rates(0.25)[0], found.clean)


def _wrong(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    found = _fixed_point(run)
    return found if isinstance(found, NotApplicable) else (run.rates(0.25)[1], found.wrong)


def _cosine(run: MixtureRun) -> tuple[float, float] | NotApplicable:
    found = _fixed_point(run)
    return found if isinstance(found, NotApplicable) else (grown_cosine(run), found.cosine)


def _kept(run: MixtureRun) -> bool:
    return bool(run.memorised[-1] <= 0.1)


_CLAIMED = (
    ELR,
    NO_CLAMP,
    FROM_ZERO,
    STABLE,
    at_least(lam, 1.5, "E7", "the saturated phase"),
    at_most(lam, 5.0, "E7", "measured up to there"),
    WIDER,
    HALF_EARLY,
    PULLED,
    wrong_labels(20, "E7"),
    LOADED,
)

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "memory.clean_rate",
        "E7",
        r"In the saturated phase right labels' coefficients grow at $w_C = \lambda/(1+R(a'+\kappa w_C))$, "
        r"$R(r) = (1-\beta)/(1-\beta e^{\eta r})$, $a' = (1-w)w_C + w w_W$; $\beta$ drops out as "
        r"$\eta/(1-\beta) \to 0$.",
        Difference(margin=0.01, reason="fluctuations of order sqrt(n/p)"),
        _clean,
        LAGGED,
        _CLAIMED,
        measured="mean growth of right labels' coefficients over the last quarter",
        proof=prove_lag,
    ),
    by_us(
        "memory.wrong_rate",
        "E7",
        r"Wrong labels' coefficients grow at $w_W = -1+\lambda/(1+R(a'+\kappa w_W))$.",
        Difference(margin=0.01, reason="fluctuations of order sqrt(n/p)"),
        _wrong,
        LAGGED,
        _CLAIMED,
        measured="mean growth of wrong labels' coefficients over the last quarter",
        proof=prove_lag,
    ),
    by_us(
        "memory.cosine",
        "E7",
        r"The direction of growth has the cosine with v that follows.",
        Difference(margin=0.01, reason="fluctuations of order 1/sqrt(n)"),
        _cosine,
        LAGGED,
        _CLAIMED,
        measured="cosine with v of the growth of theta over the last half",
        proof=prove_lag,
    ),
    by_us(
        "memory.loaded_in_time",
        "E7",
        r"Labels are not memorised when the targets load in time: $\eta/(1-\beta) \le \tau_{mem}/2$ of "
        r"plain cross entropy.",
        Event(delta=0.15, reason="seen at lambda = 3: 0 memorised up to .5 tau_mem, all from 1.5 tau_mem on"),
        _kept,
        LAGGED,
        _CLAIMED,
        measured="whether at most a tenth of the wrong labels is memorised at the end",
    ),
    by_us(
        "memory.loaded_too_late",
        "E7",
        r"Labels are not memorised when the targets load late either: $\eta/(1-\beta) > \tau_{mem}/2$.",
        Event(delta=0.1, reason="seen at lambda = 3: all memorised from 1.5 tau_mem on"),
        _kept,
        SLOW,
        _CLAIMED,
        drops=("eta/(1-beta) <= tau_mem/2",),
        measured="whether at most a tenth of the wrong labels is memorised at the end",
    ),
)
