"""Where a finite run shows the plateau's boundary: the mean field's growth over the same clocks."""

from __future__ import annotations

import math
from collections.abc import Callable

from theory.two_stage.mean_field.mean_field import Population, mean_field
from theory.two_stage.setting import Setting

__all__ = ["mean_field_growth", "sign_change"]

#: Label counts stand for rates here.
_MANY = 1_000_000


def mean_field_growth(setting: Setting, first: float, last: float) -> float:
    """How much faster (per unit of ln s) the noise mass of clean samples grows than the signal against it,
    between two clocks and for balanced classes at the nominal rates. It tends to `1 - c_+ - c_-`.

    Source: derived here (`docs/derivations/limit_dynamics.md`, Plateau).
    """
    noisy = [round(_MANY / 2 * rate) for rate in (setting.tau_plus, setting.tau_minus)]
    counts = ((_MANY // 2 - noisy[0], noisy[0]), (_MANY // 2 - noisy[1], noisy[1]))
    h = setting.clock_step
    pop = Population(setting.n_snr2, counts, setting.iota, setting.kappa_0, h, setting.m, setting.d)
    field = mean_field(pop, round(last / h))
    rows = [round(first / h), round(last / h)]
    clean = [pair[0] for pair in counts]
    outgrown = field.mass[rows, :, 0] - field.gamma[rows][:, ::-1]
    excess = outgrown @ clean / sum(clean)
    return float(excess[1] - excess[0]) / math.log(last / first)


def sign_change(value: Callable[[float], float], low: float, high: float) -> float | None:
    """The zero of a function between two ends, None where it has the same sign at both."""
    from scipy.optimize import brentq

    if (value(low) > 0) == (value(high) > 0):
        return None
    return float(brentq(value, low, high, xtol=1e-3 * (high - low)))
