"""Where the D_test error ends: half the flip rate or one half, decided by the late signal shares."""

from __future__ import annotations

import math
from functools import partial

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Law
from theory.run import NotApplicable
from theory.two_stage.box import Grid
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits.claim import BOTH_REGIMES, sharp_claim
from theory.two_stage.limits.late_claims import SHARP_LATE, Pair, late_classes
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting

__all__ = ["CLAIMS", "SHARP_PHASES", "SHARP_PHASES_UNEQUAL", "plateau_error", "share_sum"]


def _phase_cell(
    a: float, rate: float, kappa_0: float, rate_minus: float | None = None
) -> tuple[dict[str, float], Setting]:
    other = rate if rate_minus is None else rate_minus
    setting = Setting.from_n_snr2(
        n=100, d=10**8, m=20, n_snr2=a, tau_plus=rate, tau_minus=other, kappa_0=kappa_0, clock_step=0.3
    )
    labels = {"n_snr2": a, "tau": rate, "kappa_0": kappa_0}
    return labels if rate_minus is None else {**labels, "tau_minus": other}, setting


#: Well inside both phases of the plateau (c_+ + c_- from 1.4 to 1.6, and near 0.6), in both regimes of
#: kappa_0.
SHARP_PHASES = Experiment(
    id="two_stage.sharp.phases",
    place=Grid(
        tuple(
            _phase_cell(a, rate, k)
            for a, rate in ((12.0, 0.08), (16.0, 0.12), (1.0, 0.2))
            for k in (0.05, 30.0)
        )
    ),
    clock=300.0,
    runs={"quick": 0, "default": 20, "full": 100},
    snapshots=(),
)


#: The same for flip rates that differ: one condition, c_+ + c_- against 1, for both labels.
SHARP_PHASES_UNEQUAL = Experiment(
    id="two_stage.sharp.phases_unequal",
    place=Grid(
        tuple(
            _phase_cell(a, plus, k, minus)
            for a, plus, minus in ((14.0, 0.04, 0.2), (1.0, 0.05, 0.3))
            for k in (0.05, 30.0)
        )
    ),
    clock=300.0,
    runs={"quick": 0, "default": 30, "full": 100},
    snapshots=(),
)


#: |c_+ + c_- - 1| from which the plateau is reached at s = 300: the gap in mass, times ln s = 5.7, is
#: about 1.7.
PHASE_GAP = 0.3


def plateau_error(run: Run, memorised_only: bool, factor: float = 1.0) -> Pair | NotApplicable:
    """`(D_test error at the end, plateau)` in one phase: c_+ + c_- above (`memorised_only`) or below 1."""
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    total = classes[0].c + classes[1].c
    if (total - 1 if memorised_only else 1 - total) < PHASE_GAP:
        return NotApplicable("in the other phase, or within 0.3 of the boundary")
    plateau = 0.5 * float(run.noisy.mean()) if memorised_only else 0.5
    return run.test_error("spurious", float(run.clock[-1])).value, factor * plateau


#: Growth in ln s is measured from here to the end of a run.
GROWTH_FROM = 100.0


def share_sum(run: Run) -> Pair | NotApplicable:
    r"""`c_+ + c_-`: from the growth of noise masses against the signal, and from the closed form.

    Per unit of ln s the noise mass of clean samples of class y grows by `1 - c_y` and the signal against it
    by `c_{-y}`: the plateau switches where the difference `1 - c_+ - c_-` changes sign.
    """
    classes = late_classes(run)
    if isinstance(classes, NotApplicable):
        return classes
    first, last = run.at(GROWTH_FROM), len(run.clock) - 1
    signal = run.gamma[[first, last]].mean(axis=2)
    excess = 0.0
    for c, label in enumerate((1.0, -1.0)):
        margins = run.margins[[first, last]][:, run.clean & (run.y == label)].mean(axis=1)
        # The head start is constant by then: the mass is the margin less the signal.
        outgrown = (margins - signal[:, c]) - signal[:, 1 - c]
        excess += 0.5 * float(outgrown[1] - outgrown[0])
    measured = 1 - excess / math.log(float(run.clock[last] / run.clock[first]))
    return measured, classes[0].c + classes[1].c


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "plateau.memorised",
        "Plateau",
        r"The $\mathcal D_{test}$ error tends to $\hat\tau/2$ when $c_+ + c_- > 1$",
        Law(
            margin=0.05,
            reason="a run's error of .04 to .06 is known to 8 % from 4000 points, 72 runs to 1 %",
        ),
        lambda run: plateau_error(run, memorised_only=True),
        "D_test error at s = 300 and half the realised flip rate",
        limit_late.prove_plateau,
        SHARP_PHASES,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "plateau.half",
        "Plateau",
        r"The $\mathcal D_{test}$ error tends to $1/2$ when $c_+ + c_- < 1$",
        Law(
            margin=0.05,
            reason="approach from below: clean masses cross the signal one by one, as powers of 1/s",
        ),
        lambda run: plateau_error(run, memorised_only=False),
        "D_test error at s = 300 and 1/2",
        limit_late.prove_plateau,
        SHARP_PHASES,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    sharp_claim(
        "plateau.condition",
        "Plateau",
        r"The noise mass of clean samples outgrows the signal against it at rate $1 - c_+ - c_-$ in $\ln s$: "
        r"the plateau switches at $c_+ + c_- = 1$",
        Law(margin=0.05, reason="corrections of order 1/s to the growth between s = 100 and s = 1000"),
        share_sum,
        "c_+ + c_- from the growth of masses and signals, and from harmonic means of p_i q_i",
        limit_late.prove_plateau,
        SHARP_LATE,
        ("two_stage.sharp.late_share",),
        note=BOTH_REGIMES,
    ),
    *(
        sharp_claim(
            f"plateau.{name}.unequal_rates",
            "Plateau",
            r"At flip rates that differ the $\mathcal D_{test}$ error tends to " + text,
            Law(margin=0.05, reason="as at equal rates"),
            partial(plateau_error, memorised_only=name == "memorised"),
            "D_test error at s = 300 and its limit at the overall realised rate",
            limit_late.prove_plateau,
            SHARP_PHASES_UNEQUAL,
            (f"two_stage.sharp.plateau.{name}",),
            note=BOTH_REGIMES,
        )
        for name, text in (
            ("memorised", r"$\hat\tau/2$ when $c_+ + c_- > 1$, $\hat\tau$ the overall realised rate"),
            ("half", r"$1/2$ when $c_+ + c_- < 1$"),
        )
    ),
)
