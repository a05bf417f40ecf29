"""The mean field and its error model against tables, closed forms, brute force and independent
integrators."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

from theory.two_stage.mean_field.activation_law import (
    active_share,
    active_share_small_init,
    head_start,
    normal_excess,
)
from theory.two_stage.mean_field.event_law import misfit_probability
from theory.two_stage.mean_field.iid_law import SideSums, iid_log_error
from theory.two_stage.mean_field.mean_field import (
    MeanField,
    Population,
    g,
    last_crossing,
    mean_field,
    population,
    share_response,
    strong_signal_clock,
    trajectory_sd,
    transition_clock,
)
from theory.two_stage.mean_field.sample_law import sample_law
from theory.two_stage.mean_field.time_errors import crossing_law, order_statistic, stage_time
from theory.two_stage.setting import Setting
from theory.two_stage.terms import TERM_SYMBOLS, evaluate_term

#: a, tau: s_2, sqrt(m) sd_i/s_2, Euler error at h = .1, depth of min M_n.
TABLE = {
    (1.5, 0.1): (1.190, 5.68, 0.070, -0.014),
    (2.0, 0.1): (2.751, 2.47, 0.023, -0.080),
    (3.0, 0.1): (4.445, 1.60, 0.008, -0.238),
    (4.0, 0.1): (5.326, 1.37, 0.004, -0.381),
    (6.0, 0.1): (6.172, 1.22, 0.000, -0.606),
    (10.0, 0.1): (6.726, 1.15, -0.004, -0.900),
    (20.0, 0.1): (6.989, 1.17, -0.005, -1.274),
    (3.0, 0.2): (2.640, 2.03, 0.021, -0.098),
    (4.0, 0.2): (3.440, 1.54, 0.011, -0.193),
    (6.0, 0.2): (4.150, 1.25, 0.003, -0.350),
    (10.0, 0.2): (4.557, 1.13, -0.003, -0.558),
    (6.0, 0.3): (2.396, 1.47, 0.015, -0.140),
    (10.0, 0.3): (2.842, 1.15, 0.002, -0.277),
    (10.0, 0.4): (1.141, 1.69, 0.044, -0.054),
}


def plain(a: float, tau: float, h: float, **changes: object) -> Population:
    """Many samples, wide filters, weights and cross-talk that do not matter: the bare flow."""
    noisy = round(10**6 * tau)
    counts = ((10**6 - noisy, noisy), (10**6 - noisy, noisy))
    base = Population(a, counts, iota=1e-12, kappa_0=1e12, clock_step=h, m=10**6, d=10**16, share=0.5)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("a", "tau"), TABLE)
def test_the_table_of_transition_times(a: float, tau: float) -> None:
    s_2, sd, euler, depth = TABLE[a, tau]
    exact = transition_clock(a, tau)
    assert exact == pytest.approx(s_2, abs=6e-4)
    coarse = plain(a, tau, 0.1)
    steps = math.ceil(2 * s_2 / 0.1) + 5
    law = crossing_law(coarse, steps)
    assert law.clock[0] / exact - 1 == pytest.approx(euler, abs=1.1e-3)
    fine = plain(a, tau, s_2 / 400)
    law = crossing_law(fine, 440)
    assert law.sd[0] * math.sqrt(fine.m) / exact == pytest.approx(sd, rel=0.02)
    # The Euler map at step s_2/400 overshoots by less than half a step's fall.
    lowest = mean_field(fine, 440).margins[:, 0, 1].min()
    assert lowest == pytest.approx(depth, abs=0.5 * fine.clock_step + 6e-4)


def test_the_transition_time_solves_its_equation() -> None:
    """By another integrator, to 1e-9; and its limits."""
    for a, tau, p in ((4.0, 0.2, 0.5), (8.0, 0.05, 0.7)):
        s_2 = transition_clock(a, tau, p)

        def flow(_: float, r: np.ndarray, a: float = a, tau: float = tau, p: float = p) -> list[float]:
            gamma = a / 2 * ((1 - tau) * r[0] - tau * r[1])
            return [1 / (1 + math.exp(gamma + p * r[0])), 1 / (1 + math.exp(p * r[1] - gamma))]

        end = integrate.solve_ivp(flow, (0, s_2), [0.0, 0.0], "LSODA", rtol=1e-12, atol=1e-13).y[:, -1]
        margin = p * end[1] - a / 2 * ((1 - tau) * end[0] - tau * end[1])
        assert margin == pytest.approx(0.0, abs=1e-9)
    assert transition_clock(1.24, 0.1) == 0.0  # a(1 - 2 tau) < 2p
    ratios = [transition_clock(a, 0.1) / strong_signal_clock(0.1) for a in (6.0, 20.0, 100.0, 1000.0)]
    assert ratios == pytest.approx([0.848, 0.960, 0.989, 0.9988], abs=6e-4)
    for bad in (0.0, 0.5):
        with pytest.raises(ValueError, match="tau"):
            transition_clock(4.0, bad)


def test_head_start_and_excess_are_expectations_and_stable() -> None:
    for x in (-3.0, 0.0, 0.5, 4.0, 12.0, 30.0):
        exact = integrate.quad(lambda z, x=x: z * stats.norm.pdf(x + z), 0, 50)[0]
        assert float(normal_excess(x)) == pytest.approx(exact, rel=1e-9)
    rho, iota = 0.13, 0.2
    kept = iota * integrate.quad(lambda z: z * stats.norm.pdf(z), 0, 40)[0]
    other = integrate.quad(lambda z: (iota * z - rho) * stats.norm.pdf(z), rho / iota, 40)[0]
    assert float(head_start(rho, iota)) == pytest.approx(kept - other, rel=1e-10)
    assert float(head_start(1e-14, 0.1)) == pytest.approx(0.5e-14, rel=1e-9)


def test_the_active_share_is_a_probability_of_two_normals() -> None:
    rng = np.random.default_rng(0)
    z, cross = rng.standard_normal((2, 200_000))
    for x, kappa_0 in ((0.5, 1.0), (3.0, 0.5)):
        share = np.mean((z > 0) | (kappa_0 * z + x * cross > 0))
        assert share == pytest.approx(float(active_share(x, kappa_0)), abs=4 * 0.5 / math.sqrt(200_000))
    assert 0.75 < active_share_small_init(1.0, 0.3) < active_share_small_init(1.0, 0.3) + 1e-9 < 0.82


def test_order_statistics_by_enumeration() -> None:
    counts, probability = (2, 3), np.array([[0.3, 0.8]])
    chances = [0.3] * 2 + [0.8] * 3
    for rank in range(1, 6):
        exact = sum(
            math.prod(p if fit else 1 - p for p, fit in zip(chances, pattern, strict=True))
            for pattern in itertools.product((0, 1), repeat=5)
            if sum(pattern) >= rank
        )
        assert order_statistic(np.zeros(1), probability, counts, rank)[0] == pytest.approx(exact)


def test_the_order_statistic_of_one_class_has_its_known_spread() -> None:
    """1.2533 sd/sqrt(N) of a normal median, less the feedback through gamma."""
    pop = plain(6.0, 0.1, 0.02, counts=((450, 50), (450, 50)), m=400)
    law, median = crossing_law(pop, 450), stage_time(pop, 450, 0.5)
    assert median is not None
    independent = 1.2533 * law.sd[0] / math.sqrt(100)
    assert 0.75 * independent < median.sd < 1.1 * independent
    assert median.clock == pytest.approx(law.clock[0], abs=0.3 * median.sd)
    latest = stage_time(pop, 600, 1.0)
    assert latest is not None
    assert latest.clock > median.clock + 2 * law.sd[0]
    assert stage_time(replace(pop, counts=((500, 0), (500, 0))), 450, 0.5) is None
    assert stage_time(replace(pop, a=0.5), 450, 0.5) is None


def test_a_shift_of_all_shares_moves_the_margins_as_the_response_says() -> None:
    pop = plain(6.0, 0.2, 0.05)
    clean, noisy = share_response(pop, 80)
    moved = mean_field(replace(pop, share=0.51), 80).margins - mean_field(pop, 80).margins
    np.testing.assert_allclose(0.01 * (clean.margins + noisy.margins), moved, atol=2e-3, rtol=0.03)


def test_the_sample_law_of_equal_samples_is_the_mean_field() -> None:
    pop = Population(6.0, ((8, 2), (7, 3)), 1e-12, 1e12, 0.1, 30, 10**15, share=0.5)
    y = np.array([1] * 10 + [-1] * 10)
    seen = np.where(np.isin(np.arange(20), [0, 1, 10, 11, 12]), -y, y)
    paths = sample_law(
        a=6.0, clock_step=0.1, iota=1e-12, y=y, y_observed=seen, active=np.full((60, 20), 0.5), q=np.ones(20)
    )
    field = mean_field(pop, 59)
    # The mean field's first step mixes the classes, as random filters do.
    assert np.max(np.abs(paths.gamma - field.gamma)) < 0.05
    assert np.max(np.abs(paths.margins[:, 15] - field.margins[:, 1, 0])) < 0.05


def test_the_iid_law_of_a_network_without_own_parts_is_a_normal_integral() -> None:
    """y f = S + relu(s_y) - relu(s_-y) fails when s_-y exceeds S + relu(s_y)."""
    signal, sd = 1.0, 0.3
    sums = SideSums((signal, signal), (sd**2, sd**2, 0.0), (1e-9, 1e-9), 10**6)
    exact = integrate.quad(
        lambda u: stats.norm.pdf(u) * stats.norm.sf((signal + max(sd * u, 0.0)) / sd), -10, 10, points=[0.0]
    )[0]
    # A step within the grid's cells: the quadrature is as coarse as it gets.
    assert iid_log_error(sums) == pytest.approx(math.log(exact), abs=0.15)
    smooth = SideSums((signal, signal), (sd**2, sd**2, -0.02), (0.2, 0.3), 10)
    rng = np.random.default_rng(1)
    side = rng.multivariate_normal([0, 0], [[sd**2, -0.02], [-0.02, sd**2]], 200_000)
    out = [
        np.maximum(side[:, j, None] + q * rng.standard_normal((200_000, 10)), 0).mean(axis=1)
        for j, q in ((0, 0.2), (1, 0.3))
    ]
    error = 0.5 * (np.mean(signal + out[0] - out[1] < 0) + np.mean(signal + out[1] - out[0] < 0))
    # Ten relus a side; 200,000 draws give ln err to .01.
    assert iid_log_error(smooth) == pytest.approx(math.log(error), abs=0.03)


def test_the_event_is_certain_far_from_its_threshold_and_impossible_below() -> None:
    counts = ((45, 5), (44, 6))
    strong = Population(12.0, counts, 1e-6, 100.0, 0.02, 50, 10**12)
    assert misfit_probability(strong, 0.5) > 0.999
    assert misfit_probability(replace(strong, a=1.0), 0.5) < 1e-6
    assert misfit_probability(replace(strong, counts=((50, 0), (50, 0))), 0.5) == 1.0


# Laws by hand -----------------------------------------------------------------------------------------


def place(**changes: Any) -> Setting:
    given: dict[str, Any] = {
        "n": 30, "d": 700, "m": 7, "n_snr2": 3.0, "tau_plus": 0.1, "tau_minus": 0.3, "clock_step": 0.05,
        "kappa_0": 0.7, "sigma_xi": 3.0,
    }  # fmt: skip
    return Setting.from_n_snr2(**(given | changes))


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
    assert population(place(n=3), [1, 1, 1], [1, 1, -1]).counts == ((2, 1), (0, 0))


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
