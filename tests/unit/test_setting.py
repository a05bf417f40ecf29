"""A setting by hand: groups, clock, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from theory.two_stage.setting import Setting

S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)


def place(**changes: Any) -> Setting:
    given: dict[str, Any] = {
        "n": 30, "d": 700, "m": 7, "n_snr2": 3.0, "tau_plus": 0.1, "tau_minus": 0.3, "clock_step": 0.05,
        "kappa_0": 0.7, "sigma_xi": 3.0,
    }  # fmt: skip
    return Setting.from_n_snr2(**(given | changes))


def test_the_groups_of_a_setting_by_hand() -> None:
    assert S.groups() == pytest.approx(
        {
            "n_snr2": 30 * 25 / (9 * 700),
            "clock_step": 0.02 * 9 * 700 / (30 * 7),
            "iota": 0.03 * math.sqrt(700),
            "kappa_0": 0.03 * 700 / math.sqrt(30),
            "d_over_n": 700 / 30,
            "signal_margin": 0.4 * 30 * 25 / (9 * 700),
        },
        rel=1e-14,
    )
    assert S.snr == pytest.approx(5 / (3 * math.sqrt(700)), rel=1e-14)
    assert S.time_unit == pytest.approx(30 * 7 / (0.02 * 9 * 700), rel=1e-14)
    assert (S.tau_min, S.tau_max) == (0.1, 0.3)


def test_clock_and_steps_by_hand() -> None:
    assert S.clock(3) == pytest.approx(3 * 0.6)
    assert (S.steps(0.6), S.steps(0.61), S.steps(1.2 + 1e-12)) == (1, 2, 2)
    assert S.with_(n=31).n == 31
    assert S.as_dict()["sigma_xi"] == 3.0


def test_a_setting_from_its_groups_has_them() -> None:
    s = place()
    assert (s.n, s.d, s.m, s.sigma_xi, s.tau_plus, s.tau_minus) == (30, 700, 7, 3.0, 0.1, 0.3)
    assert s.signal_norm == pytest.approx(3 * math.sqrt(3 * 700 / 30), rel=1e-14)
    assert s.sigma_0 == pytest.approx(0.7 * math.sqrt(30) / (3 * 700), rel=1e-14)
    assert s.eta == pytest.approx(0.05 * 30 * 7 / (9 * 700), rel=1e-14)
    assert place(kappa_0=None, sigma_0=0.02).sigma_0 == 0.02
    unscaled = {"n": 30, "d": 700, "m": 7, "n_snr2": 3.0, "tau_plus": 0.0, "tau_minus": 0.0}
    assert Setting.from_n_snr2(**unscaled, clock_step=0.1, kappa_0=1.0).sigma_xi == 1.0  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["n", "d", "m"])
def test_counts_are_checked_at_their_ends(name: str) -> None:
    least = 2 if name == "n" else 1
    for make in (lambda v: place(**{name: v}), lambda v: S.with_(**{name: v})):
        for bad in (least - 1, 2**53 + 1, True, 3.0, "3"):
            with pytest.raises(ValueError, match=rf"^{name} must be .*, was {bad!r}$"):
                make(bad)
        assert getattr(make(least), name) == least
    assert getattr(S.with_(**{name: 2**53}), name) == 2**53


@pytest.mark.parametrize("name", ["n_snr2", "clock_step", "sigma_xi", "kappa_0"])
def test_positive_numbers_of_a_setting_from_groups(name: str) -> None:
    for bad in (0.0, -1.0, math.inf, math.nan, "1", True):
        with pytest.raises(ValueError, match=rf"^{name} must be a finite number > 0, was "):
            place(**{name: bad})
    for bad in (1e-76, 1e76):
        with pytest.raises(ValueError, match=rf"^{name} must lie between 1e-75 and 1e\+75, was "):
            place(**{name: bad})


@pytest.mark.parametrize("name", ["sigma_xi", "signal_norm", "sigma_0", "eta"])
def test_positive_numbers_of_a_setting(name: str) -> None:
    for value in (1e-75, 1e75, 1 / 1e-75, np.float32(2.0)):
        assert getattr(S.with_(**{name: value}), name) == value
    for bad in (0.0, 9e-76, 1.1e75, True, None):
        with pytest.raises(ValueError, match=rf"^{name} must "):
            S.with_(**{name: bad})


@pytest.mark.parametrize("name", ["tau_plus", "tau_minus"])
def test_flip_rates_are_checked_at_their_ends(name: str) -> None:
    assert getattr(S.with_(**{name: 0.0}), name) == 0.0
    assert getattr(S.with_(**{name: 0.49999}), name) == 0.49999
    for bad in (0.5, -1e-9, 0.7, True, "0", math.nan):
        with pytest.raises(ValueError, match=rf"^{name} must lie in \[0, 1/2\), was {bad!r}$"):
            S.with_(**{name: bad})


def test_one_of_the_two_initialisations_is_given() -> None:
    for changes in ({"sigma_0": 0.1}, {"kappa_0": None}):
        with pytest.raises(ValueError, match=r"^exactly one of sigma_0 and kappa_0 must be given$"):
            place(**changes)
