"""Runs shown in full: cross entropy beside ELR, the mean field beside a run, forces of right and wrong
labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.early_learning.mean_field import memorisation_time, two_class
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.times import plateau
from theory.exhibit import Exhibit, Panel, Series

__all__ = ["EXHIBITS"]

#: Many dimensions, where the two-class equations hold; and few, where test accuracy suffers.
_WIDE = MixtureSetting.from_kappa(n=300, kappa=0.15, gamma=100.0, flip_rate=0.2, eta=0.1)
_CE = MixtureSetting.from_kappa(n=400, kappa=0.15, gamma=2.0, flip_rate=0.3, eta=0.1)
_ELR = _CE.with_(loss="elr", lam=3.0, beta=0.7, clamp=1e-4)
_KL = _CE.with_(loss="kl", lam=3.0, beta=0.7)
_CLOCK = "training time $\\tau = \\eta t$"


def _accuracies(run: Any) -> tuple[Panel, ...]:
    control, words = run.control, {"elr": "ELR", "kl": "KL"}[run.setting.loss]
    field = two_class(control.clock, run.setting.w, run.setting.kappa)
    memorised = memorisation_time(run.setting.w, run.setting.kappa)
    return (
        Panel(
            "Are wrong labels classified as their true class?",
            _CLOCK,
            "$A_W$",
            (
                Series(f"{words} 3/.7", "measured", run.clock, run.accuracy_wrong),
                Series("cross entropy", "control", control.clock, control.accuracy_wrong),
            ),
            marks={"$\\tau_{mem}$": memorised},
            y_range=(0.0, 1.0),
        ),
        Panel(
            "Margins of wrong labels",
            _CLOCK,
            "mean $f_W$",
            (
                Series(f"{words} 3/.7", "measured", run.clock, run.mean_wrong),
                Series("cross entropy", "control", control.clock, control.mean_wrong),
                Series("two-class equations", "predicted", field.tau, field.f_wrong, dashed=True),
            ),
            marks={"$\\tau_{mem}$": memorised},
            lines={"0": 0.0},
        ),
        Panel(
            "Test accuracy",
            _CLOCK,
            "accuracy",
            (
                Series(f"{words} 3/.7", "measured", run.clock[1:], run.test_accuracy[1:]),
                Series("cross entropy", "control", control.clock[1:], control.test_accuracy[1:]),
            ),
        ),
    )


def _forces(run: Any) -> tuple[Panel, ...]:
    force = 1 / (1 + np.exp(run.s * run.f))
    wrong = run.s < 0
    w = run.setting.w
    return (
        Panel(
            "The roles of the coefficients are exchanged",
            _CLOCK,
            "mean $|F|$",
            (
                Series("right labels", "clean", run.clock, force[:, ~wrong].mean(axis=1)),
                Series("wrong labels", "noisy", run.clock, force[:, wrong].mean(axis=1)),
            ),
            lines={"$w$": w, "$1-w$": 1 - w, "1/2": 0.5},
            marks={"$\\tau_{mem}$": memorisation_time(w, run.setting.kappa)},
        ),
        Panel(
            "Signal coefficient",
            _CLOCK,
            "$\\theta\\cdot v$",
            (Series("run", "measured", run.clock, run.a),),
            lines={"Bayes log-odds over $1+\\kappa$": plateau(w, run.setting.kappa)},
        ),
    )


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        "elr_beside_ce",
        "ELR and cross entropy on the same data, $w = .3$, $\\kappa = .15$, $p/n = 2$",
        _ELR,
        60.0,
        _accuracies,
        control=_CE,
        caption="Cross entropy first classifies wrong labels as their true class and then memorises them "
        "all; ELR with lambda = 3 holds them at the clamp's edge.",
    ),
    Exhibit(
        "kl_beside_ce",
        "The KL regulariser and cross entropy on the same data",
        _KL,
        60.0,
        _accuracies,
        control=_CE,
        caption="The KL regulariser does not prevent memorisation.",
    ),
    Exhibit(
        "forces",
        "Forces of right and wrong labels under cross entropy",
        _WIDE,
        40.0,
        _forces,
        caption="At the plateau a wrong label pulls with 1 - w, a right one with w: the reverse of their "
        "numbers.",
    ),
)
