"""Settings, conditions, domains and the mean field at values worked out by other means.

Scaling laws and signs leave many wrong formulas alive; a value at a point with no 1, no 2 and no symmetry
leaves few.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from theory.condition import Condition, ConditionCheck, Constants, all_inside, check_all, evaluate
from theory.source import Source
from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.mean_field.activation_law import (
    active_share,
    active_share_small_init,
    head_start,
    normal_excess,
)
from theory.two_stage.mean_field.mean_field import (
    MeanField,
    Population,
    g,
    last_crossing,
    mean_field,
    population,
    share_response,
    trajectory_sd,
)
from theory.two_stage.predictions import noise_norm_bounds, number
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import m, n
from theory.two_stage.terms import TERM_SYMBOLS, evaluate_at, evaluate_term, require_trailing

S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)


def place(**changes: Any) -> Setting:
    given: dict[str, Any] = {
        "n": 30, "d": 700, "m": 7, "n_snr2": 3.0, "tau_plus": 0.1, "tau_minus": 0.3, "clock_step": 0.05,
        "kappa_0": 0.7, "sigma_xi": 3.0,
    }  # fmt: skip
    return Setting.from_n_snr2(**(given | changes))


# Settings ------------------------------------------------------------------------------------------------


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


# Conditions ----------------------------------------------------------------------------------------------


def condition(large: Any, small: Any) -> Condition:
    return Condition("c", sp.sympify(large), sp.sympify(small), Source("p", "1"), "derived", "why")


def test_a_check_tells_values_slack_and_side() -> None:
    C = sp.Symbol("C", positive=True)
    found = condition(m * 4, C * n).check(S, Constants({"C": 3.0}))
    assert found == ConditionCheck("c", 28.0, 90.0, 28 / 90, False)
    assert str(found) == "c: outside, by a factor 3.21"
    assert str(condition(n, m).check(S, Constants({}))) == "c: inside, slack 4.29"
    assert str(condition(0, m).check(S, Constants({}))) == "c: outside, by a factor inf"
    assert condition(n, 0).check(S, Constants({})).slack == math.inf
    assert condition(n, -n).check(S, Constants({})).slack == math.inf
    assert condition(m, n).latex == r"m \ge n"


@pytest.mark.parametrize(("off", "inside"), [(0.0, True), (-0.5e-12, True), (-4e-12, False), (1e-9, True)])
def test_rounding_at_a_threshold_counts_as_inside(off: float, inside: bool) -> None:
    assert condition(sp.Float(1 + off, 30), 1).check(S, Constants({})).inside is inside
    assert all_inside([condition(sp.Float(1 + off, 30), 1)], S, Constants({})) is inside


def test_constants_and_expressions() -> None:
    C, other = sp.symbols("C n_other", positive=True)
    values = Constants({"C": 3.0, "n_other": 5.0})
    assert evaluate(C * n + other * m, S, values) == 125.0
    assert values.with_(C=4.0).values == {"C": 4.0, "n_other": 5.0}
    assert hash(values) == hash(Constants({"n_other": 5.0, "C": 3.0})) != hash(values.with_(C=4.0))
    with pytest.raises(KeyError, match=r"^'D'$"):
        evaluate(sp.Symbol("D"), S, values)
    checks = check_all([condition(n, m), condition(m, n)], S, values)
    assert [c.inside for c in checks] == [True, False]


# Domains -------------------------------------------------------------------------------------------------

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
    with pytest.raises(ValueError, match=r"^parameter must be eta, n, m, sigma_xi or d, was 'tau'$"):
        Sweep("tau", S, (1.0,)).at(1.0)  # type: ignore[arg-type]


def test_places_with_labels_can_be_keys() -> None:
    assert hash(Grid((({"x": 1.0}, S),))) == hash(Grid((({"x": 2.0}, S),))) != hash(Grid(()))
    assert hash(Fixed(S, {"x": 1})) == hash(Fixed(S)) != hash(Fixed(S.with_(n=31)))


# Laws ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [-60, -3, -0.7, 0, 0.3, 0.9, 2, 7, 20, 37, 45])
def test_the_normal_excess_against_fifty_digits(x: float) -> None:
    with mpmath.workdps(50):
        exact = float(mpmath.npdf(x) - x * mpmath.ncdf(-x))
    # Conditioned like eps x^2 where the density decays; integers are taken too.
    assert normal_excess([int(x) if x == int(x) else x])[0] == pytest.approx(
        exact, rel=1e-15 * (9 + x * x), abs=1e-307
    )


def test_active_shares_by_hand() -> None:
    assert active_share([2, 3], 4.0).tolist() == pytest.approx(
        [0.5 + math.atan(0.5) / (2 * math.pi), 0.5 + math.atan(0.75) / (2 * math.pi)], rel=1e-15
    )
    # a = 3, tau = .2: G = .27, r^2 = .52/.645.
    assert active_share_small_init(3.0, 0.2) == pytest.approx(
        0.875 - math.asin(math.sqrt(0.52 / 0.645)) / (4 * math.pi), rel=1e-15
    )


def test_norm_bounds_and_terms_by_hand() -> None:
    assert [number(x, S, Constants({})) for x in noise_norm_bounds()] == pytest.approx(
        [9 * 700 / 2, 3 * 9 * 700 / 2]
    )
    y = sp.Symbol("y", real=True)
    with pytest.raises(ValueError, match=r"^term contains y"):
        evaluate_term(y, (2,), {})
    with pytest.raises(ValueError, match=r"^x must have trailing shape \(2, 3\), was \(3, 2\)$"):
        require_trailing("x", np.zeros((3, 2)), (2, 3))
    require_trailing("x", np.zeros((5, 2, 3)), (2, 3))
    require_trailing("x", np.zeros((2, 3)), (2, 3))
    assert evaluate_at(TERM_SYMBOLS["y"] + y, {"y": 3}) == 3 + y
    assert evaluate_term(sp.Integer(3), (2,), {}).dtype == np.float64


def test_single_precision_is_computed_with_in_double() -> None:
    x = np.array([0.3], dtype=np.float32)
    for found, double in (
        (normal_excess(x), normal_excess(x.astype(float))),
        (active_share(x, 0.7), active_share(x.astype(float), 0.7)),
        (head_start(x, 0.7), head_start(x.astype(float), 0.7)),
        (g(x), g(x.astype(float))),
    ):
        assert found.dtype == np.float64
        assert found == double
    assert evaluate_term(TERM_SYMBOLS["y"], (1,), {"y": x}).dtype == np.float64


POPULATION = Population(3.0, ((7, 2), (4, 3)), iota=0.2, kappa_0=0.8, clock_step=0.3, m=11, d=900)


def plain_mean_field(p: Population, steps: int, shift: tuple[float, float] = (0.0, 0.0)) -> dict[str, Any]:
    """The map written class by class and kind by kind, with the standard library alone."""

    def phi(x: float) -> float:
        return math.erfc(-x / math.sqrt(2)) / 2

    def head(r: float) -> float:
        x = r / p.iota
        return p.iota * (1 - math.exp(-x * x / 2)) / math.sqrt(2 * math.pi) + r * (1 - phi(x))

    count = sum(map(sum, p.counts))
    gamma, rho, mass = [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]
    out: dict[str, Any] = {"gamma": [], "rho": [], "mass": [], "margins": [], "active": []}
    for t in range(steps + 1):
        side = [
            gamma[c] ** 2 / p.a
            + p.counts[c][0] * rho[c][0] ** 2 / (2 * count)
            + p.counts[1 - c][1] * rho[1 - c][1] ** 2 / (2 * count)
            for c in (0, 1)
        ]
        q = [0.5 + math.atan(math.sqrt(x) / p.kappa_0) / (2 * math.pi) for x in side]
        active = [[q[c] + shift[0], q[1 - c] + shift[1]] for c in (0, 1)]
        margins = [
            [mass[c][k] + (gamma[c] if k == 0 else -gamma[c]) + head(rho[c][k]) for k in (0, 1)]
            for c in (0, 1)
        ]
        for name, value in (
            ("gamma", gamma),
            ("rho", rho),
            ("mass", mass),
            ("margins", margins),
            ("active", active),
        ):
            out[name].append(np.array(value))
        g = [[1 / (1 + math.exp(z)) for z in row] for row in margins]
        push = [
            p.a * p.clock_step / count * (p.counts[c][0] * g[c][0] - p.counts[c][1] * g[c][1]) for c in (0, 1)
        ]
        if t == 0:
            push = [sum(push) / 2] * 2
        mass = [[mass[c][k] + p.clock_step * active[c][k] * g[c][k] for k in (0, 1)] for c in (0, 1)]
        rho = [[rho[c][k] + p.clock_step * g[c][k] for k in (0, 1)] for c in (0, 1)]
        gamma = [gamma[c] + push[c] for c in (0, 1)]
    return {name: np.array(value) for name, value in out.items()}


def same(found: MeanField, expected: dict[str, Any], **tolerance: float) -> None:
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(found, name), value, err_msg=name, **tolerance)


def test_the_mean_field_against_the_map_written_out() -> None:
    found = mean_field(POPULATION, 12)
    same(found, plain_mean_field(POPULATION, 12), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found.clock, 0.3 * np.arange(13), rtol=1e-15)
    weights = np.array([[7, 2], [4, 3]]) / 16
    np.testing.assert_allclose(
        found.train_loss, (weights * np.log(1 + np.exp(-found.margins))).sum(axis=(1, 2)), rtol=1e-14
    )


def test_the_share_response_against_differences_of_the_map_written_out() -> None:
    clean, noisy = share_response(POPULATION, 12)
    e = 1e-3
    for found, shift in ((clean, (e, 0.0)), (noisy, (0.0, e))):
        up = plain_mean_field(POPULATION, 12, shift)
        down = plain_mean_field(POPULATION, 12, (-shift[0], -shift[1]))
        slope = {name: (up[name] - down[name]) / (2 * e) for name in up}
        same(found, slope, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("flipped", [1, 2])
def test_the_deviation_between_runs_written_out(flipped: int) -> None:
    p = replace(POPULATION, counts=((9 - flipped, flipped), (4, 3)))
    clean, noisy = share_response(p, 12)
    field = mean_field(p, 12)
    gamma, margins, loss = trajectory_sd(p, 12)
    start = (0.5 * 3.0 * 0.3 / (2 * 16) * abs((9 - 2 * flipped) - (4 - 3))) ** 2 / 11
    for t in (0, 1, 5, 12):
        for c, (a, b) in enumerate(p.counts):
            by_kind = clean.gamma[t, c] ** 2 / a + noisy.gamma[t, c] ** 2 / b
            assert gamma[t, c] ** 2 == pytest.approx(by_kind / 44 + start, rel=1e-12)
            for k in (0, 1):
                each = clean.margins[t, c, k] ** 2 / a + noisy.margins[t, c, k] ** 2 / b
                assert margins[t, c, k] ** 2 == pytest.approx(each / 44 + start, rel=1e-12)
        weight = np.array(p.counts) / 16 / (1 + np.exp(field.margins[t]))
        total = start * weight.sum() ** 2
        for c, (a, b) in enumerate(p.counts):
            total += (
                (weight[c] @ clean.margins[t, c]) ** 2 / a + (weight[c] @ noisy.margins[t, c]) ** 2 / b
            ) / 44
        assert loss[t] ** 2 == pytest.approx(total, rel=1e-12)
    empty = Population(3.0, ((7, 0), (4, 3)), iota=0.2, kappa_0=0.8, clock_step=0.3, m=11, d=900)
    assert all(np.isfinite(x).all() for x in trajectory_sd(empty, 5))


def test_a_fixed_share_and_counts_of_labels() -> None:
    fixed = Population(3.0, ((7, 2), (4, 3)), 0.2, 0.8, 0.3, 11, 900, share=0.6)
    assert np.unique(mean_field(fixed, 4).active).tolist() == [0.6]
    s = place(n=6)
    found = population(s, [1, 1, 1, 1, -1, -1], [1, 1, 1, -1, 1, 1])
    assert found == Population(s.n_snr2, ((3, 1), (0, 2)), s.iota, s.kappa_0, s.clock_step, s.m, s.d)


def test_last_crossings_by_hand() -> None:
    clock = np.array([2.0, 2.5, 3.0, 3.5])
    margins = np.array(
        [  # never below; once below; touches 0; ends below; twice below; from below; ends at 0
            [0.0, 0.0, 0.0, 0.0, 0.0, -2.0, 0.0],
            [1.0, -1.0, 2.0, 1.0, -1.0, -1.0, 1.0],
            [2.0, 3.0, 0.0, -1.0, 3.0, -3.0, 1.0],
            [3.0, 4.0, 4.0, -2.0, 4.0, 1.0, 0.0],
        ]
    )
    assert last_crossing(clock, margins).tolist() == pytest.approx(
        [0.0, 2.5 + 0.5 / 4, 3.0, math.inf, 2.5 + 0.5 / 4, 3.0 + 0.5 * 3 / 4, math.inf]
    )
