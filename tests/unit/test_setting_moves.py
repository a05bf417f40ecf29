"""Settings moved along their dimensionless groups: the run stays the same one in time units."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from simulation import train
from theory import Setting

S = Setting.from_n_snr2(
    n=50, d=3_000, m=7, sigma_xi=0.3, n_snr2=6.0, tau_plus=0.1, tau_minus=0.2, kappa_0=0.4, clock_step=0.05
)
GROUPS = ("n_snr2", "kappa_0", "clock_step")
MADE_BY = {"n_snr2": "signal_norm", "kappa_0": "sigma_0", "clock_step": "eta"}


@pytest.mark.parametrize(
    "changes",
    [
        {"d": 10**12}, {"d": 60}, {"n": 500}, {"m": 100}, {"sigma_xi": 4.0}, {"sigma_xi": 1e-30},
        {"n": 9, "d": 77, "m": 3, "sigma_xi": 2.0, "tau_plus": 0.0},
    ],
)  # fmt: skip
def test_groups_stay_where_a_setting_is_moved(changes: dict[str, Any]) -> None:
    moved = S.at(**changes)
    for name in GROUPS:
        assert getattr(moved, name) == pytest.approx(getattr(S, name), rel=1e-12), name
    for name in ("n", "d", "m", "sigma_xi", "tau_plus", "tau_minus"):
        assert getattr(moved, name) == changes.get(name, getattr(S, name))
    # Fields change without their groups: `with_` is literal.
    literal = S.with_(**changes)
    for name in ("signal_norm", "sigma_0", "eta"):
        assert getattr(literal, name) == getattr(S, name)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_that_is_named_moves_alone(group: str) -> None:
    moved = S.at(**{group: 3.5}, d=4_000)
    assert getattr(moved, group) == pytest.approx(3.5, rel=1e-12)
    for other in set(GROUPS) - {group}:
        assert getattr(moved, other) == pytest.approx(getattr(S, other), rel=1e-12)
    named = S.at(**{MADE_BY[group]: 0.01}, d=4_000)
    assert getattr(named, MADE_BY[group]) == 0.01
    for other in set(GROUPS) - {group}:
        assert getattr(named, other) == pytest.approx(getattr(S, other), rel=1e-12)


def test_nothing_changed_is_the_same_setting() -> None:
    assert S.at() == S
    assert S.at(tau_plus=0.3) == S.with_(tau_plus=0.3)
    assert S.at(d=np.int64(3_000)) == S


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimension": 5}, "was given 'dimension'"),
        ({"n_snr2": 2.0, "signal_norm": 1.0}, "n_snr2 and signal_norm exclude each other"),
        ({"kappa_0": 2.0, "sigma_0": 1.0}, "kappa_0 and sigma_0 exclude each other"),
        ({"clock_step": 2.0, "eta": 1.0}, "clock_step and eta exclude each other"),
        ({"d": 0}, "d must be at least 1, was 0"),
        ({"n": 2.5}, "n must be an integer, was 2.5"),
        ({"m": "8"}, "m must be an integer, was '8'"),
        ({"kappa_0": -1.0}, "kappa_0 must be a finite number > 0, was -1.0"),
        ({"sigma_xi": "1"}, "sigma_xi must be a finite number > 0, was '1'"),
        ({"tau_plus": 0.5}, "tau_plus must lie in"),
    ],
)
def test_what_cannot_be_moved_to_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        S.at(**changes)


def test_a_run_in_another_dimension_is_the_same_run_in_time_units() -> None:
    """What the front page shows: late D_test error of a tenth of flipped labels, at d = 10^12."""
    s = Setting.from_n_snr2(
        n=200, d=40_000, m=20, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.05
    )
    far = train(s.at(d=10**12), steps=200, seed=0)
    error, low, high = far.test_error("spurious")
    assert low <= 0.0428 <= high
    assert 0.040 < error < 0.046
    # Literally moved, the signal is lost in the noise and a step is a million time units.
    lost = train(s.with_(d=10**12), steps=200, seed=0)
    assert lost.test_error("spurious")[0] > 0.4
