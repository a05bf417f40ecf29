"""The probability of the event of Theorem 4.1, written out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy import stats

from theory.two_stage.mean_field.event_law import misfit_probability
from theory.two_stage.mean_field.mean_field import Population, mean_field
from theory.two_stage.mean_field.time_errors import share_variance

POP = Population(8.0, ((45, 8), (40, 12)), iota=0.05, kappa_0=2.0, clock_step=0.1, m=30, d=3000)


@pytest.mark.parametrize("clock", [0.3, 2.0, 2.9500000001, 3.01])
def test_the_misfit_probability_written_out(clock: float) -> None:
    step = math.ceil(clock / 0.1 - 1e-9)
    f = mean_field(POP, step)
    expected = 1.0
    for c in (0, 1):
        v, _, psi = share_variance(f, c, step * 0.1)
        expected *= float(stats.norm.cdf(-f.margins[step, c, 1] / (psi * math.sqrt(v)))) ** POP.counts[c][1]
    assert misfit_probability(POP, clock) == pytest.approx(expected, rel=1e-9)
    assert misfit_probability(POP, 3.0) == misfit_probability(POP, 2.91)


def test_the_misfit_probability_of_one_class_and_none() -> None:
    both = misfit_probability(POP, 3.0)
    assert 0 < both < 1
    assert misfit_probability(replace(POP, counts=((53, 0), (52, 0))), 3.0) == 1.0
    one = replace(POP, counts=((45, 8), (52, 0)))
    f = mean_field(one, 30)
    v, _, psi = share_variance(f, 0, 3.0)
    expected = float(stats.norm.cdf(-f.margins[30, 0, 1] / (psi * math.sqrt(v)))) ** 8
    assert misfit_probability(one, 3.0) == pytest.approx(expected, rel=1e-9)
