"""The grid on which Theorem 4.1's event is mapped: signal over its threshold, flip rate, initial scale."""

from __future__ import annotations

from theory.experiment import Experiment
from theory.two_stage.box import Grid
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1
from theory.two_stage.threshold import signal_threshold

__all__ = ["EVENT_GRID"]


#: n SNR^2 over its threshold a*.
_GRID_SIGNALS = (0.2, 0.35, 0.5, 0.6, 0.7, 0.85, 1.0, 1.3, 2.0)
_GRID_TAUS = (0.1, 0.25)
_GRID_N, _GRID_M, _GRID_STEP = 100, 50, 0.02


def _grid_setting(signal: float, tau: float, kappa_0: float) -> Setting:
    # Small kappa_0 inside the paper's conditions; large kappa_0 needs d large to keep iota small.
    threshold = signal_threshold(_GRID_N, _GRID_M, tau, kappa_0, _GRID_STEP, C_T1, DEFAULT_CONSTANTS["delta"])
    return Setting.from_n_snr2(
        n=_GRID_N,
        d=1_500_000 if kappa_0 < 1 else 10**12,
        m=_GRID_M,
        n_snr2=signal * threshold,
        tau_plus=tau,
        tau_minus=tau,
        kappa_0=kappa_0,
        clock_step=_GRID_STEP,
    )


#: Probability of Theorem 4.1's event over n SNR^2 in units of its threshold, in both regimes of kappa_0.
EVENT_GRID = Experiment(
    id="two_stage.event_grid",
    place=Grid(
        tuple(
            (
                {"signal": signal, "tau": tau, "kappa_0": kappa_0},
                _grid_setting(signal, tau, kappa_0),
            )
            for kappa_0 in (0.01, 100.0)
            for tau in _GRID_TAUS
            for signal in _GRID_SIGNALS
        )
    ),
    clock=1.0,
    runs={"quick": 42, "default": 60, "full": 400},
    snapshots=(C_T1,),
)
