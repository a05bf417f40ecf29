"""Measured quantities on trajectories made by hand, with answers read off the page."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulation.two_stage.run import MeasuredRun
from simulation.two_stage.training import train
from theory.run import Estimate
from theory.two_stage.setting import Setting

# Clock step 0.05: the recorded steps 0, 10, .. 40 are the clocks 0, 0.5, .. 2.
SETTING = Setting.from_n_snr2(
    n=6, d=100, m=2, n_snr2=4.0, tau_plus=0.2, tau_minus=0.2, kappa_0=1.0, clock_step=0.05
)
STEPS = np.array([0, 10, 20, 30, 40])
Y = np.array([1.0, 1.0, -1.0, 1.0, -1.0, -1.0])
OBSERVED = np.array([1.0, 1.0, -1.0, -1.0, 1.0, 1.0])  # the last three are noisy
MARGINS = np.array(
    [
        # clean: from 10, from 20 (a dip), always;    noisy: from 30, from 40 (fit at first), never
        [0.0, 1.0, 1.0, -1.0, 1.0, -1.0],
        [1.0, -1.0, 1.0, -1.0, -1.0, -1.0],
        [1.0, 1.0, 1.0, -1.0, -1.0, -1.0],
        [1.0, 1.0, 1.0, 1.0, -1.0, -1.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, -1.0],
    ]
)


class HandMade(SimpleNamespace):
    """A trajectory that counts how often its test error is asked for."""

    def test_error(self, distribution: str, at: int, samples: int, seed: int) -> tuple[float, float, float]:
        self.asked.append((distribution, at, samples, seed))
        return 0.1, 0.05, 0.2


def run(**changes: Any) -> MeasuredRun:
    # Mean over both filters: side +1 gives 0, 1, 2, 3, 4 and side -1 twice that.
    gamma = np.arange(5.0)[:, None, None] * np.array([[[0.5, 1.5], [1.0, 3.0]]])
    # P_i at the snapshots 0, 20, 40. Against them stand gamma_{y_i}: 0, 2, 4 (y = +1) or 0, 4, 8 (y = -1).
    mass = np.array([[0, 0, 0, 0, 0, 0], [1, 1, 1, 3, 3, 5], [2, 2, 2, 5, 9, 7]], dtype=float)
    label = np.stack([0.5 * mass, 1.5 * mass], axis=1)  # (S, m, n)
    rho = np.where(
        (OBSERVED > 0)[None, None, None], np.stack([label, -label], 1), np.stack([-label, label], 1)
    )
    fields: dict[str, Any] = {
        "steps": STEPS,
        "biases": None,
        "y": Y,
        "y_observed": OBSERVED,
        "margins": MARGINS,
        "gamma": gamma,
        "train_loss": np.array([1.0, 0.5, 0.3, 0.35, 0.1]),
        "snapshot_steps": np.array([0, 20, 40]),
        "rho": rho,
        "products": np.concatenate([np.zeros((3, 2, 2, 1)), rho], axis=-1),
        "seed": 5,
        "engine": "law",
        "dtype": "float64",
        "asked": [],
    }
    return MeasuredRun(HandMade(**(fields | changes)), SETTING)  # type: ignore[arg-type]


def test_who_is_clean() -> None:
    assert run().clean.tolist() == [True, True, True, False, False, False]
    assert run().noisy.tolist() == [False, False, False, True, True, True]


def test_times_count_from_when_it_stays() -> None:
    r = run()
    # Margins go from -1 to 1: the time is half way between two records.
    assert r.t_clean == 15.0  # the second sample dips at 10
    assert r.t_half == 35.0  # two of three: the middle one of 25, 35, never
    assert r.t_all == math.inf
    assert r.t_half_of(1) == 25.0
    assert r.t_half_of(-1) == 35.0  # one of two


def test_a_time_is_known_up_to_the_records_around_it() -> None:
    r = run(steps=np.array([0, 5, 20, 30, 40]))
    assert (r.t_clean, r.resolution(r.t_clean)) == (12.5, 15.0)
    assert r.resolution(r.t_half) == 10.0
    assert r.resolution(0.0) == r.resolution(5.0) == 5.0
    assert r.resolution(r.t_all) == 10.0  # never: it would have been seen by the last record
    assert r.resolution(r.crossing, snapshots=True) == 20.0
    assert run(steps=np.arange(5)).resolution(3.2) == 1.0


def test_times_do_not_move_with_the_records_but_within_them() -> None:
    """A straight path has the same time however rarely it is recorded; rounded up it would not."""
    s = Setting.from_n_snr2(
        n=40, d=4_000, m=8, n_snr2=8.0, tau_plus=0.2, tau_minus=0.2, kappa_0=10.0, clock_step=0.02
    )
    fine, coarse = (MeasuredRun(train(s, steps=1200, record_every=k), s) for k in (1, 8))
    for name in ("t_half", "t_all"):
        found = getattr(fine, name), getattr(coarse, name)
        assert found[0] != round(found[0])
        assert abs(found[0] - found[1]) < 0.25
    assert abs(fine.t_loss(0.3) - coarse.t_loss(0.3)) < 0.25
    assert (fine.resolution(fine.t_half), coarse.resolution(coarse.t_half)) == (1.0, 8.0)


def test_times_where_everything_is_fit_at_once() -> None:
    r = run(margins=np.ones((5, 6)))
    assert (r.t_clean, r.t_half, r.t_all) == (0.0, 0.0, 0.0)


def test_times_without_noisy_samples() -> None:
    r = run(y_observed=Y)
    assert (r.t_half, r.t_all, r.crossing) == (0.0, 0.0, 0.0)
    assert r.memorised_fraction(1.0) == 0.0
    assert r.noisy_misfit(1.0)
    assert r.t_half_of(1) == 0.0


def test_a_sample_lost_at_the_last_step_was_never_fit_for_good() -> None:
    margins = MARGINS.copy()
    margins[-1, 0] = -1.0
    assert run(margins=margins).t_clean == math.inf


@pytest.mark.parametrize(
    ("eps", "step"), [(2.0, 0), (0.5, 10), (0.32, 19), (0.3, 20), (0.29, 32.4), (0.05, math.inf)]
)
def test_the_loss_time_is_the_first_not_the_last(eps: float, step: float) -> None:
    assert run().t_loss(eps) == pytest.approx(step)


def test_states_at_a_clock() -> None:
    r = run()
    assert [r.clean_fit(s) for s in (0.0, 0.5, 1.0, 2.0)] == [False, False, True, True]
    assert [r.noisy_misfit(s) for s in (0.0, 0.5, 1.0, 1.5)] == [False, True, True, False]
    assert [r.memorised_fraction(s) for s in (0.0, 1.0, 1.5, 2.0)] == pytest.approx([1 / 3, 0, 1 / 3, 2 / 3])


def test_a_zero_margin_is_neither_fit_nor_misfit() -> None:
    r = run(margins=np.zeros((5, 6)))
    assert not r.clean_fit(1.0)
    assert not r.noisy_misfit(1.0)
    assert r.memorised_fraction(1.0) == 0.0


@pytest.mark.parametrize(("clock", "index"), [(0.0, 0), (0.5, 1), (0.51, 2), (1.99, 4), (99.0, 4)])
def test_the_first_record_at_a_clock(clock: float, index: int) -> None:
    assert run().at(clock) == index


def test_a_clock_is_found_in_spite_of_rounding() -> None:
    r = run(steps=np.array([0, 50, 99, 100, 101]))
    r.setting = Setting.from_n_snr2(  # n m and d are powers of 2: the clock step is 0.29 to the last bit
        n=8, d=128, m=2, n_snr2=4.0, tau_plus=0.2, tau_minus=0.2, kappa_0=1.0, clock_step=0.29
    )
    assert r.clock[3] == 28.999999999999996
    assert r.at(29.0) == 3


def test_snapshots_at_a_clock() -> None:
    assert [run().snapshot_at(s) for s in (0.0, 0.1, 1.0, 1.1, 5.0)] == [0, 1, 1, 2, 2]


def test_the_crossing_is_the_median_noisy_sample() -> None:
    # Above its signal from the start; -1 at 20, 1 at 40; at 20 (5 > 4) but not at 40 (7 < 8): never for good.
    assert run().crossing == 30.0


def test_the_crossing_reads_the_signal_of_the_true_label() -> None:
    swapped = run().gamma[:, ::-1]
    # Against gamma of the other side 3 and 5 stay below (4, 8), 3 and 5 of the second class exceed 2: two of
    # three noisy samples are above from the start.
    assert run(gamma=swapped).crossing == 0.0


def test_noise_mass_and_active_fraction_are_those_of_the_label_side() -> None:
    r = run()
    assert r.noise_mass.tolist() == [[0] * 6, [1, 1, 1, 3, 3, 5], [2, 2, 2, 5, 9, 7]]
    assert r.active_fraction.tolist() == [[0.0] * 6, [1.0] * 6, [1.0] * 6]
    assert np.array_equal(r.other_side(r.rho), -r.label_side(r.rho))
    assert r.label_side(r.rho).shape == (3, 2, 6)


def test_a_test_error_is_measured_once_at_the_next_snapshot() -> None:
    r = run()
    assert r.test_error("iid", 0.6) == Estimate(0.1, 0.05, 0.2)
    assert r.test_error("iid", 1.0) == Estimate(0.1, 0.05, 0.2)
    assert r.trajectory.asked == [("iid", 20, r.test_samples, 5)]  # type: ignore[attr-defined]
    r.test_error("spurious", 1.0)
    r.test_error("iid", 2.0)
    assert len(r.trajectory.asked) == 3  # type: ignore[attr-defined]
