r"""The sharp threshold of Stage I inside Condition 4.1: safe between it and the one at p = 1, and sharp
below.

Source: derived here (`docs/derivations/cavity.md`, Threshold).
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from theory.claim import Claim
from theory.condition import Condition
from theory.experiment import Experiment
from theory.rules import Event
from theory.two_stage import conditions
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.experiments import OF_PAPER
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.places import drawn_from
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1, here
from theory.two_stage.symbols import a, c_T, delta, kappa_0, m, n, tau_minus, tau_plus, time_unit
from theory.two_stage.threshold import SharpThreshold, SignalThreshold
from theory.two_stage.variation import Variation

__all__ = ["BETWEEN", "CLAIMS", "HEAVY", "SHARP_SCOPE", "SHORT"]

_SECTION = here("docs/derivations/cavity.md, Threshold")
#: The share of the threshold below which the event is claimed to fail.
c_s = sp.Symbol("c_s", positive=True)
_AT = (n, m, sp.Max(tau_plus, tau_minus), kappa_0, 1 / time_unit, c_T, delta)


def _scope(name: str, large: sp.Expr, small: sp.Expr, why: str, shown: str) -> Condition:
    bound = rf"n\,\mathrm{{SNR}}^2 {shown}(n, m, \tau, \kappa_0)"
    return Condition(name, large, small, _SECTION, "derived", why, shown=bound)


_SHARP = _scope(
    "signal_sharp",
    a,
    SharpThreshold(*_AT),
    "The signal outweighs the noise of the shares that cross-talk makes.",
    r"\ge a^*_{sharp}",
)
_BELOW_SURE = _scope(
    "signal_not_sure",
    sp.Min(SignalThreshold(*_AT), 10**6),
    a,
    "With every filter of every sample active it would be too weak; a* is infinite where no signal suffices.",
    r"\le a^*",
)
_SHORT = _scope(
    "signal_short_of_sharp",
    sp.Min(c_s * SharpThreshold(*_AT), 10**6),
    a,
    "The signal is so far below the sharp threshold that Stage I fails more often than the theorem allows.",
    r"\le c_s\,a^*_{sharp}",
)
SHARP_SCOPE = (_SHARP, _BELOW_SURE, _SHORT)

_IN_PAPER = (*OF_PAPER, conditions.ALL["kappa_small"], conditions.ALL["clock_step"])
OF_BETWEEN = (*_IN_PAPER, _SHARP, _BELOW_SURE)
OF_SHORT = (*_IN_PAPER, _SHORT)

#: The table's sizes, and the signals between which both thresholds lie there: elsewhere nothing is accepted.
_TABLE = {
    "n": (60, 120),
    "m": (8, 33),
    "tau": (0.05, 0.2),
    "kappa_0": (1e-3, 0.3),
    "clock_step": (0.03, 0.1),
}
_BETWEEN_PLACE = replace(
    drawn_from("between the thresholds", OF_BETWEEN, DEFAULT_CONSTANTS),
    **_TABLE,  # type: ignore[arg-type]
    signal_margin=(2.5, 8.0),
)
_SHORT_PLACE = replace(
    drawn_from("short of the sharp threshold", OF_SHORT, DEFAULT_CONSTANTS),
    **_TABLE,  # type: ignore[arg-type]
    signal_margin=(0.5, 5.0),
)
BETWEEN = Experiment(
    id="two_stage.cavity.between",
    place=_BETWEEN_PLACE,
    clock=C_T1,
    runs={"quick": 8, "default": 160, "full": 2000},
)

#: Coordinates of five degrees of freedom, in real data, which cost n d numbers a run: the fewest samples that
#: the table has, and the fewest dimensions that Condition 4.1 allows them.
HEAVY = Experiment(
    id="two_stage.cavity.between_heavy_tails",
    place=replace(_BETWEEN_PLACE, name="between the thresholds, small", n=(60, 62), dimension=(778.0, 830.0)),
    clock=C_T1,
    runs={"quick": 0, "default": 100, "full": 600},
    engines=("reduced",),
    options=Variation(noise="student_t5"),
)
SHORT = Experiment(
    id="two_stage.cavity.short",
    place=_SHORT_PLACE,
    clock=C_T1,
    runs={"quick": 0, "default": 100, "full": 1000},
)


@of_flipped_labels
def _event(run: Run) -> bool:
    return run.clean_fit(C_T1) and run.noisy_misfit(C_T1)


@of_flipped_labels
def _fails(run: Run) -> bool:
    return not (run.clean_fit(C_T1) and run.noisy_misfit(C_T1))


def _safe(name: str, words: str, experiment: Experiment, note: str) -> Claim:
    return Claim(
        id=f"two_stage.cavity.threshold.{name}",
        source=_SECTION,
        provenance="derived",
        statement=r"Theorem 4.1's event holds at $T_1$ where $n\,\mathrm{SNR}^2$ lies between the sharp "
        rf"threshold and the one that supposes every filter active, $\kappa_0 \le .3${words}",
        rule=Event(),
        measure=_event,
        measured="whether all clean samples are fit and all noisy ones misfit at c_T time units",
        experiment=experiment,
        conditions=OF_BETWEEN,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.cavity.event_at_t1",),
        note=note,
    )


CLAIMS = (
    _safe(
        "safe",
        "",
        BETWEEN,
        "Where the sharp threshold is sharper at all: what lies above both is judged with the theorem.",
    ),
    _safe(
        "safe_heavy_tails",
        ", with patches of Student-t coordinates (5 degrees of freedom)",
        HEAVY,
        "The law needs the norms of the patches to concentrate, which independent coordinates of finite "
        "variance do.",
    ),
    Claim(
        id="two_stage.cavity.threshold.sharp",
        source=_SECTION,
        provenance="derived",
        statement=r"Below .7 of the sharp threshold the event of Theorem 4.1 fails in more than 5 % of the "
        r"runs, "
        r"$\kappa_0 \le .3$",
        rule=Event(delta=0.95, reason="supported when more than 5 % of the runs fail"),
        measure=_fails,
        measured="whether the event of Theorem 4.1 fails at c_T time units",
        experiment=SHORT,
        conditions=OF_SHORT,
        constants=DEFAULT_CONSTANTS,
        parents=("two_stage.cavity.threshold.safe",),
    ),
)
