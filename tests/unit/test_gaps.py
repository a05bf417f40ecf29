"""The stop at the largest gap of the sorted losses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from theory.two_stage.answers.gaps import CLOSED, gap_at_log_2, gap_kept, widest_gap
from theory.two_stage.answers.stops import CLOCKS, RULES, stop_at


def run_of(margins: np.ndarray) -> SimpleNamespace:
    """A run with one record a clock of the stops."""
    return SimpleNamespace(margins=margins, at=lambda clock: CLOCKS.index(clock))


def two_heaps(straggler: float) -> np.ndarray:
    """20 clean margins grow for ever; 4 noisy ones sink until clock 1.5, then rise and are fit from clock 4
    on, one of them a straggler that stays at the given margin."""
    s = np.array(CLOCKS)
    clean = np.outer(s, np.linspace(0.8, 1.2, 20))
    sunk = np.where(s <= 1.5, -0.4 * s, -0.6 + 0.3 * (s - 1.5))
    noisy = np.outer(sunk, np.linspace(0.9, 1.1, 4))
    noisy[s > 4, 0] = straggler
    return np.hstack([clean, noisy])


def test_the_gap_at_log_2_stops_at_the_widest_separation() -> None:
    for straggler in (0.2, -2.0, -8.0):
        margins = two_heaps(straggler)
        # Clean margins grow on: the gap is widest at the last clock before the first noisy one turns.
        kept = stop_at(run_of(margins), "gap")
        assert kept == CLOCKS[int(np.argmax([gap_at_log_2(z) for z in margins[: CLOCKS.index(4.0)]]))]
        assert (margins[CLOCKS.index(kept), 20:] <= 0).all()


def test_the_widest_gap_anywhere_waits_for_stragglers() -> None:
    margins = two_heaps(-8.0)
    late = stop_at(run_of(margins), "any_gap")
    assert isinstance(late, float)
    assert late > 4
    assert widest_gap(margins[-1]) > max(widest_gap(z) for z in margins[: CLOCKS.index(4.0)])


def test_a_gap_has_closed_at_half_of_the_largest() -> None:
    assert CLOSED == 0.5
    gaps = np.array([1.0, 2.0, 1.1, 0.9, 5.0])
    assert [gap_kept(gaps, c) for c in (0.4, 0.5, 0.6)] == [4, 1, 1]
    assert gap_kept(np.zeros(4)) == 0


@pytest.mark.parametrize("margins", [np.array([1.0, 2.0]), np.array([-1.0, -2.0])])
def test_without_two_heaps_there_is_no_gap_at_log_2(margins: np.ndarray) -> None:
    assert gap_at_log_2(margins) == 0


def test_both_readings_are_among_the_rules_compared() -> None:
    assert {"gap", "any_gap"} < set(RULES)
