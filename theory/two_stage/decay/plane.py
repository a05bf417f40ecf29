"""The phase diagram of weight decay: what is memorised in the end, over lambda and the flip rate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from theory.plane import Axis, LevelSet, Plane, PlaneQuantity
from theory.run import NotApplicable
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.decay.thresholds import threshold
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting

__all__ = ["PLANE"]

_A, _KAPPA, _CLOCK = 12.0, 0.1, 60.0


def _setting(decay: float, tau: float, kappa_0: float = _KAPPA) -> DecayedSetting:
    base = Setting.from_n_snr2(
        n=100, d=10**7, m=24, n_snr2=_A, tau_plus=tau, tau_minus=tau, kappa_0=kappa_0, clock_step=0.125
    )
    return DecayedSetting.of(base, decay)


def _measure(run: Run) -> Mapping[str, float] | NotApplicable:
    if not run.noisy.any():
        return NotApplicable("no label was flipped")
    end = float(run.clock[-1])
    return {
        "memorised": float((run.margins[-1, run.noisy] > 0).mean()),
        "clean": float((run.margins[-1, run.clean] > 0).mean()),
        "error": run.test_error("spurious", end).value,
    }


def _level(share: float) -> LevelSet:
    border = np.vectorize(lambda tau: min(threshold(_A, float(tau), share), 1e3))
    return LevelSet(
        rf"$\lambda = \lambda^*({share:g})$",
        lambda decay, tau: decay - border(tau),
        0.0,
        family="threshold",
        dashed=share < 1,
    )


PLANE = Plane(
    "decay-tau",
    Axis("weight_decay", r"$\lambda$", 0.05, 3.0, log=True),
    Axis("tau", r"$\tau_+ = \tau_- = \tau$", 0.05, 0.35),
    _setting,
    _measure,
    (
        PlaneQuantity("memorised", f"flipped labels memorised at $s = {_CLOCK:g}$", "mean", (0.0, 1.0)),
        PlaneQuantity("error", rf"$D_{{test}}$ error at $s = {_CLOCK:g}$", "mean", (0.0, 0.5)),
        PlaneQuantity("clean", f"clean samples fit at $s = {_CLOCK:g}$", "mean", (0.0, 1.0)),
    ),
    fixed=f"n = 100, m = 24, d = 10^7, a = {_A:g}, kappa_0 = {_KAPPA:g}",
    clock=_CLOCK,
    level_sets=(_level(0.5), _level(1.0)),
    variables={"kappa_0": _KAPPA},
)
