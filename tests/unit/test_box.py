"""The first paper's places by hand: draws, units, sweeps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.setting import Setting

S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)


BOX: dict[str, Any] = {
    "name": "box", "n": (20, 40), "m": (5, 10), "signal_margin": (4.0, 8.0), "tau": (0.05, 0.2),
    "kappa_0": (0.01, 0.1), "dimension": (300.0, 400.0), "clock_step": (0.02, 0.05), "sigma_xi": (2.0, 3.0),
}  # fmt: skip


def test_a_draw_is_log_uniform_in_the_order_of_its_coordinates() -> None:
    rng = np.random.default_rng(4)

    def log(low: float, high: float) -> float:
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    count, width, margin = round(log(20, 40)), round(log(5, 10)), log(4, 8)
    plus, minus = rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.2)
    kappa, dimension, h, sigma = log(0.01, 0.1), log(300, 400), log(0.02, 0.05), log(2, 3)
    s = Domain(**BOX).draw(np.random.default_rng(4))
    assert (s.n, s.m, s.d) == (count, width, math.ceil(dimension * count))
    assert (s.tau_plus, s.tau_minus, s.sigma_xi) == (plus, minus, sigma)
    assert (s.signal_margin, s.kappa_0, s.clock_step) == pytest.approx((margin, kappa, h), rel=1e-12)


def test_a_point_range_is_that_point() -> None:
    rng = np.random.default_rng(0)
    s = Domain(**(BOX | {"n": (25, 25), "kappa_0": (0.04, 0.04)})).draw(rng)
    assert s.n == 25
    # Nothing is drawn for it: the next coordinate has the generator's first number but one (m's).
    again = np.random.default_rng(0)
    again.uniform()
    assert s.signal_margin == pytest.approx(4 * 2 ** again.uniform(), rel=1e-12)
    assert s.kappa_0 == pytest.approx(0.04, rel=1e-12)


AT = {
    "n": 20, "m": 5, "signal_margin": 4.0, "tau_plus": 0.1, "tau_minus": 0.2, "kappa_0": 0.3,
    "dimension": 3.0, "clock_step": 0.1, "sigma_xi": 2.0,
}  # fmt: skip


def test_the_setting_at_given_coordinates() -> None:
    s = Domain(**BOX).at(**AT)  # type: ignore[arg-type]
    assert (s.n, s.m, s.d, s.tau_plus, s.tau_minus, s.sigma_xi) == (20, 5, 60, 0.1, 0.2, 2.0)
    assert (s.n_snr2, s.kappa_0, s.clock_step) == pytest.approx((4 / 0.6, 0.3, 0.1), rel=1e-12)
    assert Domain(**BOX).at(**(AT | {"dimension": 0.5})).d == 21  # type: ignore[arg-type]
    equal = Domain(**BOX, equal_rates=True).at(**AT)  # type: ignore[arg-type]
    assert (equal.tau_plus, equal.tau_minus) == (0.1, 0.1)
    narrow = Domain(**BOX, clock_step_per_width=True).at(**AT)  # type: ignore[arg-type]
    assert narrow.clock_step == pytest.approx(0.02, rel=1e-12)


def test_units_of_dimension() -> None:
    log = math.log(6 * 49 / 0.05)
    for unit, size in (("n", 7.0), ("n^2", 49.0), ("n^2 log", 49 * log)):
        assert Domain(**BOX, dimension_unit=unit).dimension_scale(7) == pytest.approx(size, rel=1e-14)  # type: ignore[arg-type]
    assert isinstance(Domain(**BOX).dimension_scale(7), float)


@pytest.mark.parametrize("name", ["eta", "n", "m", "sigma_xi", "d"])
def test_a_sweep_moves_its_parameter_and_holds_the_groups(name: str) -> None:
    sweep = Sweep(name, S, (1.0, 3.0))  # type: ignore[arg-type]
    s = sweep.at(3.0)
    for other in ("n", "d", "m", "sigma_xi", "eta"):
        assert getattr(s, other) == pytest.approx(getattr(S, other) * (3.0 if other == name else 1.0))
    assert type(s.n) is type(s.d) is type(s.m) is int
    assert (s.n_snr2, s.kappa_0) == pytest.approx((S.n_snr2, S.kappa_0), rel=1e-12)
    assert (s.tau_plus, s.tau_minus) == (0.1, 0.3)
    assert sweep.value(s) == getattr(s, name)
    with pytest.raises(ValueError, match=r"^parameter must be one of eta, n, m, sigma_xi, d, was 'tau'$"):
        Sweep("tau", S, (1.0,)).at(1.0)  # type: ignore[arg-type]


def test_places_with_labels_can_be_keys() -> None:
    assert hash(Grid((({"x": 1.0}, S),))) == hash(Grid((({"x": 2.0}, S),))) != hash(Grid(()))
    assert hash(Fixed(S, {"x": 1})) == hash(Fixed(S)) != hash(Fixed(S.with_(n=31)))
