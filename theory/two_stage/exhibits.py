"""The runs that the report shows in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from theory.two_stage import conditions, predictions
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1, EPS

__all__ = ["EXHIBITS", "Exhibit"]


@dataclass(frozen=True)
class Exhibit:
    """A run that a paper wants shown in full in the report.

    `clock` is its length, `t_1_clock` the end of Stage I at which losses are shown, `marks` named clocks
    to draw (predicted times), `error_clocks` where test errors are measured.
    """

    name: str
    title: str
    setting: Setting
    clock: float
    t_1_clock: float
    seed: int = 0
    marks: Mapping[str, float] = field(default_factory=dict)


def _exhibit(name: str, title: str, clock: float, **coordinates: float) -> Exhibit:
    """Marked with the predicted scales: T_1 and the time at which the loss law reaches EPS at p = 1/2."""
    setting = Setting.from_n_snr2(**coordinates)  # type: ignore[arg-type]
    loss = predictions.number(
        predictions.loss_constant(predictions.HALF), setting, conditions.DEFAULT_CONSTANTS
    )
    marks = {r"$T_1$": C_T1, rf"$T_{{\varepsilon={EPS:g}}}$": loss / EPS}
    return Exhibit(name, title, setting, clock, t_1_clock=C_T1, marks=marks)


EXHIBITS = (
    _exhibit(
        "paper",
        r"Inside Condition 4.1: $\kappa_0 = 0.01$, $n\,\mathrm{SNR}^2 = 8$, flip rate 0.1",
        40.0,
        n=100,
        d=1_500_000,
        m=40,
        n_snr2=8.0,
        tau_plus=0.1,
        tau_minus=0.1,
        kappa_0=0.01,
        clock_step=0.02,
    ),
    _exhibit(
        "large_init",
        r"Large initialisation: $\kappa_0 = 100$, $n\,\mathrm{SNR}^2 = 8$, flip rate 0.1",
        40.0,
        n=100,
        d=10**10,
        m=40,
        n_snr2=8.0,
        tau_plus=0.1,
        tau_minus=0.1,
        kappa_0=100.0,
        clock_step=0.05,
    ),
    _exhibit(
        "moderate",
        r"Moderate dimension: $d/n = 20$, $n\,\mathrm{SNR}^2 = 6$, flip rate 0.3",
        40.0,
        n=200,
        d=4000,
        m=40,
        n_snr2=6.0,
        tau_plus=0.3,
        tau_minus=0.3,
        kappa_0=0.1,
        clock_step=0.05,
    ),
    _exhibit(
        "no_noise",
        r"No flipped labels: $\kappa_0 = 0.01$, $n\,\mathrm{SNR}^2 = 8$",
        40.0,
        n=100,
        d=1_500_000,
        m=40,
        n_snr2=8.0,
        tau_plus=0.0,
        tau_minus=0.0,
        kappa_0=0.01,
        clock_step=0.02,
    ),
)
