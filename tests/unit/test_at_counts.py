"""t_half with the chance of its flipped labels taken out: same expectation, less scatter, right sign."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from theory.run import NotApplicable
from theory.two_stage.at_counts import t_half_at_rate
from theory.two_stage.mean_field.mean_field import population
from theory.two_stage.mean_field.time_errors import stage_time
from theory.two_stage.setting import Setting

SETTING = Setting.from_n_snr2(
    n=120, d=10**8, m=20, n_snr2=10.0, tau_plus=0.2, tau_minus=0.2, kappa_0=100.0, clock_step=0.06
)


def law(flipped: int, setting: Setting = SETTING) -> float:
    """t_half in steps that the mean field gives with so many flipped labels in each class of 60."""
    labels = [1] * 60 + [-1] * 60
    counts = ((60 - flipped, flipped), (60 - flipped, flipped))
    found = stage_time(replace(population(setting, labels, labels), counts=counts), setting.steps(24.0), 0.5)
    assert found is not None
    return found.clock / setting.clock_step


def run(flipped: int, t_half: float) -> Any:
    noisy = np.zeros(120, dtype=bool)
    noisy[: 2 * flipped] = True
    return SimpleNamespace(setting=SETTING, noisy=noisy, t_half=t_half)


def corrected(flipped: int, t_half: float) -> float:
    value = t_half_at_rate(run(flipped, t_half))
    assert not isinstance(value, NotApplicable)
    return value


def test_at_the_rate_of_the_setting_nothing_is_taken_out() -> None:
    assert corrected(12, 100.0) == 100.0


@pytest.mark.parametrize("flipped", [8, 10, 14, 16])
def test_the_times_of_the_law_come_near_that_at_the_setting_s_rate(flipped: int) -> None:
    off, left = (abs(math.log(t / law(12))) for t in (law(flipped), corrected(flipped, law(flipped))))
    assert off > 0.1
    assert left < 0.3 * off


def test_over_runs_the_correction_of_its_logarithm_has_expectation_zero() -> None:
    # It is linear in the number of flipped labels, whose expectation is that of the setting's rate.
    logs = [math.log(corrected(k, 1.0)) for k in (6, 12, 18)]
    assert logs[1] == 0.0
    assert logs[0] == pytest.approx(-logs[2], rel=1e-12)


def test_without_a_flipped_label_it_says_so() -> None:
    assert isinstance(t_half_at_rate(run(0, 1.0)), NotApplicable)
