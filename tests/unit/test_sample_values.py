"""Laws of single samples, crossing times and fresh noise against their formulas written out."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, special, stats

from theory.condition import Condition
from theory.two_stage import conditions
from theory.two_stage.conditions import ALL, CONSTANT_REASONS, DEFAULT_CONSTANTS
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.mean_field.event_law import misfit_probability
from theory.two_stage.mean_field.iid_law import SideSums, iid_log_error, relu_moments, side_sums
from theory.two_stage.mean_field.mean_field import Population, mean_field, share_response
from theory.two_stage.mean_field.relu_tail import log_tail
from theory.two_stage.mean_field.sample_law import memorisation_error, run_sample_law, sample_law
from theory.two_stage.mean_field.time_errors import (
    CrossingLaw,
    crossing_law,
    order_statistic,
    share_variance,
    stage_time,
)
from theory.two_stage.recursions import gamma_increment, rho_increment
from theory.two_stage.setting import Setting
from theory.two_stage.sources import framework, here, paper


def g(z: float) -> float:
    return 1 / (1 + math.exp(z))


def head(rho: float, iota: float) -> float:
    """`iota/sqrt(2 pi) - E (iota N - rho)_+`."""
    x = rho / iota
    return iota / math.sqrt(2 * math.pi) - (iota * stats.norm.pdf(x) - rho * stats.norm.sf(x))


# Recursions ----------------------------------------------------------------------------------------------


def test_increments_written_out() -> None:
    """Two steps at once, three samples, two filters; every array without a symmetry."""
    rng = np.random.default_rng(0)
    slope = -rng.random((2, 3))
    signal, noise = rng.normal(size=(2, 2, 2)), rng.normal(size=(2, 2, 2, 3))
    signal[0, 0, 0] = noise[0, 0, 0, 0] = 0.0
    y, seen, norms = np.array([1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0]), np.array([4.0, 9.0, 2.0])
    gamma = gamma_increment(slope, signal, y, seen, 0.3, 2, 7.0)
    rho = rho_increment(slope, noise, seen, 0.3, 2, norms)
    for t, j, r in itertools.product((0, 1), (0, 1), (0, 1)):
        total = 0.0
        for i in range(3):
            if signal[t, j, r] * y[i] > 0:
                total -= 0.3 * 7 / 6 * slope[t, i] * y[i] * seen[i]
            up = (1, -1)[j] * seen[i] * (noise[t, j, r, i] > 0)
            assert rho[t, j, r, i] == pytest.approx(-0.3 * norms[i] / 6 * slope[t, i] * up, rel=1e-14)
        assert gamma[t, j, r] == pytest.approx(total, rel=1e-13)


def test_increments_name_what_has_the_wrong_shape() -> None:
    one, two, three = np.ones(3), np.ones((2, 2)), np.ones((2, 2, 3))
    good_gamma: dict[str, Any] = {
        "loss_derivative": one, "signal_products": two, "y": one, "y_observed": one, "eta": 0.1, "m": 2,
        "mu_norm_sq": 1.0,
    }  # fmt: skip
    good_rho: dict[str, Any] = {
        "loss_derivative": one, "noise_products": three, "y_observed": one, "eta": 0.1, "m": 2,
        "xi_norm_sq": one, "y": one,
    }  # fmt: skip
    gamma_increment(**good_gamma)
    rho_increment(**good_rho)
    for name, shape in (
        ("loss_derivative", r"\(3,\)"),
        ("signal_products", r"\(2, 2\)"),
        ("y_observed", r"\(3,\)"),
    ):
        with pytest.raises(ValueError, match=rf"^{name} must have trailing shape {shape}, was \(7,\)$"):
            gamma_increment(**(good_gamma | {name: np.ones(7)}))
    for name, shape in (
        ("loss_derivative", r"\(3,\)"), ("noise_products", r"\(2, 2, 3\)"), ("xi_norm_sq", r"\(3,\)"),
        ("y", r"\(3,\)"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rf"^{name} must have trailing shape {shape}, was \(7,\)$"):
            rho_increment(**(good_rho | {name: np.ones(7)}))


# Conditions ----------------------------------------------------------------------------------------------

S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)
A = 30 * 25 / (9 * 700)
LOG = math.log

SIDES_OF = {
    "snr_lower": (A, 0.2),
    "snr_upper": (31.0, A),
    "flip_rates": (0.1, 0.04),
    "dimension": (700, 1.1 * 900 * LOG(6 * 900 / 0.06)),
    "dimension_signal": (700, 1.1 * 30 * 5 / 3 * math.sqrt(LOG(180 / 0.06))),
    "samples": (30, 1.1 * LOG(7 / 0.06)),
    "width": (7, 1.1 * LOG(30 / 0.06)),
    "signal": (25, 1.1 * 9 * LOG(30 / 0.06)),
    "init_noise": (math.sqrt(30) / (1.1 * 3 * 700), 0.01),
    "init_signal": (1 / (1.1 * 5 * math.sqrt(LOG(7 / 0.06))), 0.01),
    "step_noise": (900 * 7 * math.sqrt(LOG(30 / 0.06)) / (1.1 * 9 * 700**1.5), 0.02),
    "step_samples": (30 / (1.1 * 9 * 700), 0.02),
    "signal_dominates": (A * (1 - 0.6), 6.5),
    "kappa_large": (0.03 * 700 / math.sqrt(30), 11.0),
    "kappa_small": (0.35, 0.03 * 700 / math.sqrt(30)),
    "iota_small": (0.15, 0.03 * math.sqrt(700)),
    "clock_step": (0.12, 0.02 * 9 * 700 / (30 * 7)),
    "width_activation": (7, 50 * LOG(30 / 0.06)),
    "dimension_ratio": (700 / 30, 21.0),
    "rates_apart": (0.1, 2.5 * math.sqrt(0.2 * 0.8 / 30)),
}


def test_both_sides_of_every_condition() -> None:
    constants = DEFAULT_CONSTANTS.with_(
        C=1.1, delta=0.06, c_a=0.2, C_a=31.0, c_tau=0.04, c_1=6.5, c_kappa=11.0, c_k=0.35, c_iota=0.15,
        c_h=0.12,
        c_ratio=21.0, c_z=2.5,
    )  # fmt: skip
    assert set(ALL) == set(SIDES_OF)
    for name, (large, small) in SIDES_OF.items():
        found = ALL[name].check(S, constants)
        assert (found.value, found.threshold) == pytest.approx((large, small), rel=1e-12), name
        assert found.inside == (large >= small)
    assert set(CONSTANT_REASONS) == set(DEFAULT_CONSTANTS.values)


def test_a_condition_carries_its_source() -> None:
    x, y = sp.symbols("x y")
    assert conditions._paper("a", x, y, "why") == Condition("a", x, y, paper("Condition 4.1"), "paper", "why")
    assert conditions._framework("b", x, y, "why") == Condition(
        "b", x, y, framework("standing condition"), "framework", "why"
    )
    assert conditions._scope("c", x, y, "Part", "why") == Condition(
        "c", x, y, here("docs/derivations/scope.md, Part"), "derived", "why"
    )
    found = conditions._condition("d", 2, 3, here("place"), "paper", "why")  # type: ignore[arg-type]
    assert found == Condition("d", sp.Integer(2), sp.Integer(3), here("place"), "paper", "why")
    assert isinstance(found.large, sp.Expr)
    assert isinstance(found.small, sp.Expr)


# The law of every sample ---------------------------------------------------------------------------------


def small_run(**changes: Any) -> Any:
    """Four samples, three filters a side, three steps, from arrays without symmetry."""
    rng = np.random.default_rng(5)
    m, n, d = 3, 4, 50
    V = rng.normal(size=(d, n + 1)) * 2
    setting = Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=5.0, tau_plus=0.1, tau_minus=0.2, clock_step=0.4, kappa_0=0.7, sigma_xi=3.0
    )
    y, seen = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, -1.0, 1.0])
    given: dict[str, Any] = {
        "setting": setting,
        "y": y,
        "y_observed": seen,
        "clean": y == seen,
        "noisy": y != seen,
        "gram": V.T @ V,
        "initial_products": rng.normal(size=(2, m, n + 1)),
        "steps": np.arange(3),
        "snapshot_steps": np.arange(3),
        "clock": 0.4 * np.arange(3),
        "gamma": rng.random((3, 2, m)),
        "rho": rng.random((3, 2, m, n)),
        "products": rng.normal(size=(3, 2, m, n + 1)),
        "margins": rng.normal(size=(3, n)),
        "noise_mass": rng.random((3, n)),
        "active_fraction": rng.random((3, n)),
    }
    root = rng.normal(size=(2 * m, d))
    given["weight_gram"] = lambda clock: (1 + clock) * root @ root.T  # fmt: skip
    given |= changes
    return SimpleNamespace(**given, snapshot_at=lambda clock: round(clock))


def written_out(a: float, h: float, iota: float, y: Any, seen: Any, active: Any, q: Any) -> dict[str, Any]:
    steps, n = active.shape
    G, P, gamma = [0.0] * n, [0.0] * n, [0.0, 0.0]
    out: dict[str, list[Any]] = {"gamma": [], "mass": [], "margins": []}
    for t in range(steps):
        side = [0 if y[i] > 0 else 1 for i in range(n)]
        M = [P[i] + y[i] * seen[i] * gamma[side[i]] + head(q[i] * G[i], iota) for i in range(n)]
        out["gamma"].append(list(gamma))
        out["mass"].append(list(P))
        out["margins"].append(M)
        for i in range(n):
            G[i] += h * g(M[i])
            P[i] += h * active[t, i] * q[i] * g(M[i])
            gamma[side[i]] += a * h / n * y[i] * seen[i] * g(M[i])
    return out


def test_the_sample_law_written_out() -> None:
    rng = np.random.default_rng(1)
    y, seen = np.array([1.0, -1.0, 1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0, -1.0])
    active, q = rng.random((9, 5)), 0.5 + rng.random(5)
    found = sample_law(a=3.0, clock_step=0.3, iota=0.2, y=y, y_observed=seen, active=active, q=q)
    for name, value in written_out(3.0, 0.3, 0.2, y, seen, active, q).items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-12, atol=1e-14, err_msg=name)
    np.testing.assert_allclose(found.clock, 0.3 * np.arange(9))
    once = sample_law(a=3.0, clock_step=0.3, iota=0.2, y=y, y_observed=seen, active=active[:1], q=q)
    assert once.margins.shape == (1, 5)


def test_the_sample_law_of_a_run() -> None:
    run = small_run()
    q = [run.gram[i, i] / (9.0 * 50) for i in range(1, 5)]
    found = run_sample_law(run)
    iota = run.setting.iota
    expected = written_out(5.0, 0.4, iota, run.y, run.y_observed, run.active_fraction, q)
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-11, atol=1e-13)
    wanted = r"^run must keep every step's state \(every_step_snapshots\), kept 2 of 3$"
    with pytest.raises(ValueError, match=wanted):
        run_sample_law(small_run(snapshot_steps=np.arange(2)))


def test_the_memorisation_error_by_hand() -> None:
    """Samples: clean +, noisy +, clean -, noisy -; gamma_+ = 2, gamma_- = 1 at the second snapshot."""
    gamma = np.zeros((3, 2, 3))
    gamma[2] = [[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]]
    mass = np.zeros((2, 4))
    margins = np.zeros((3, 4))

    def error(masses: list[float], m: list[float]) -> float:
        mass[1], margins[2] = masses, m
        run = small_run(
            gamma=gamma, noise_mass=mass, margins=margins, snapshot_steps=np.array([0, 2]), steps=np.arange(3)
        )
        return memorisation_error(run, 1.0)

    assert error([1.5, 9.0, 1.5, 9.0], [-1.0, -1.0, -1.0, -1.0]) == 0.125  # sample 0 outweighs gamma_- = 1
    assert error([0.9, 9.0, 2.1, 9.0], [9.0, -1.0, 9.0, -1.0]) == 0.125  # sample 2 outweighs gamma_+ = 2
    assert error([1.0, 0.0, 2.0, 0.0], [9.0, 0.5, 9.0, 0.0]) == 0.125  # sample 1 is fit
    assert error([1.1, 0.0, 2.1, 0.0], [9.0, 0.5, 9.0, 0.1]) == 0.5


# Crossing times ------------------------------------------------------------------------------------------

POP = Population(8.0, ((45, 8), (40, 12)), iota=0.05, kappa_0=2.0, clock_step=0.1, m=30, d=3000)


def variance_written_out(c: int, crossing: float) -> tuple[float, float, float]:
    """v, sd and Psi by loops over steps, with the last one in part."""
    steps = 150
    f = mean_field(POP, steps)
    h = POP.clock_step
    last = math.floor(crossing / h)
    weight = [h] * last + [crossing - last * h]
    M, p = f.margins[:, c, 1], f.active[:, c, 1]
    E = []
    for t in range(last + 1):
        product = weight[t]
        for later in range(t + 1, last + 1):
            product *= 1 - weight[later] * p[later] * g(M[later]) * (1 - g(M[later]))
        E.append(product)
    first = math.prod(1 - weight[t] * p[t] * g(M[t]) * (1 - g(M[t])) for t in range(last + 1))
    psi = sum(E[t] * g(M[t]) for t in range(last + 1))
    share = f.mass[last + 1, c, 1] / f.rho[last + 1, c, 1]
    cross = 0.0
    for y, kind in ((1 - c, 0), (c, 1)):
        integral = sum(E[t] * g(f.margins[t, y, kind]) for t in range(last + 1))
        cross += POP.counts[y][kind] / 105 * integral**2
    D = sum(E[t] * (f.gamma[t + 1, 1 - c] - f.gamma[t, 1 - c]) / h for t in range(last + 1))
    start = first * 0.05 / psi
    own = share * (1 - share) + start / math.sqrt(2 * math.pi) + start**2 * (0.5 - 0.5 / math.pi)
    v = own / 30 + 2 * share**2 / 3000 + 105 / 3000 * (share / psi) ** 2 * (share**2 * cross + D**2 / 8)
    growth = (M[last + 1] - M[last]) / h
    return v, psi * math.sqrt(v) / growth, psi


@pytest.mark.parametrize(("c", "crossing"), [(0, 3.27), (1, 4.0321), (1, 0.05)])
def test_the_variance_of_a_share_written_out(c: int, crossing: float) -> None:
    field = mean_field(POP, 150)
    assert share_variance(field, c, crossing) == pytest.approx(variance_written_out(c, crossing), rel=1e-10)


def test_the_variance_at_the_end_of_the_field() -> None:
    """A crossing in the last step is told from that step."""
    short = mean_field(POP, 40)
    long = mean_field(POP, 150)
    for crossing in (3.95, 3.85):
        assert share_variance(short, 0, crossing) == pytest.approx(
            share_variance(long, 0, crossing), rel=1e-12
        )


def crossing_of(margins: list[float], h: float) -> float:
    """Last upward crossing by linear interpolation."""
    if margins[-1] <= 0:
        return math.inf
    below = [t for t, v in enumerate(margins) if v < 0]
    if not below:
        return 0.0
    t = below[-1]
    return h * (t - margins[t] / (margins[t + 1] - margins[t]))


STEPS = 150


def test_the_crossing_law_written_out() -> None:
    law = crossing_law(POP, STEPS)
    f = mean_field(POP, STEPS)
    responses = share_response(POP, STEPS)
    assert (law.scores[0], law.scores[-1], len(law.scores)) == (-4.5, 4.5, 37)
    for c in (0, 1):
        clock = crossing_of(list(f.margins[:, c, 1]), 0.1)
        assert law.clock[c] == pytest.approx(clock, rel=1e-12)
        v, sd, psi = variance_written_out(c, clock)
        assert law.sd[c] == pytest.approx(sd, rel=1e-9)
        at = round(clock / 0.1)
        for kind in (0, 1):
            shared = ((psi if kind else 0.0) - responses[kind].margins[at, c, 1]) / psi
            assert law.shared[c, kind] == pytest.approx(shared, rel=1e-9)
        for k in (0, 7, 18, 30, 36):
            offset = law.scores[k] * math.sqrt(v)
            mass, margins = 0.0, []
            for t in range(STEPS + 1):
                margins.append(mass - f.gamma[t, c] + head(f.rho[t, c, 1], 0.05))
                mass += 0.1 * min(max(f.active[t, c, 1] + offset, 0.0), 1.0) * g(margins[-1])
            expected = crossing_of(margins, 0.1)
            assert law.at_score[k, c] == (
                expected if math.isinf(expected) else pytest.approx(expected, rel=1e-9)
            )


def test_a_class_that_does_not_cross_has_no_deviation() -> None:
    law = crossing_law(POP, 10)
    assert np.all(np.isinf(law.clock))
    assert np.all(np.isnan(law.sd))
    assert np.all(law.shared == 0.0)
    assert np.all(np.isinf(law.at_score))
    assert np.all(law.fit_probability(np.array([0.5])) == 0.0)


def test_shares_are_clipped_at_0_and_1() -> None:
    """Three filters: at 4.5 standard deviations a share would be 1.8, or negative."""
    few = replace(POP, m=3)
    law, f = crossing_law(few, STEPS), mean_field(few, STEPS)
    mass, margins = 0.0, []
    for t in range(STEPS + 1):
        margins.append(mass - f.gamma[t, 0] + head(f.rho[t, 0, 1], 0.05))
        mass += 0.1 * g(margins[-1])
    assert law.at_score[-1, 0] == pytest.approx(crossing_of(margins, 0.1), rel=1e-9)
    assert math.isinf(law.at_score[0, 0])


def test_probabilities_between_the_scores() -> None:
    scores = np.array([-2.0, -1.0, 0.0, 1.0])
    at = np.array([[math.inf, math.inf], [5.0, math.inf], [3.0, math.inf], [2.0, math.inf]])
    law = CrossingLaw(np.zeros(2), np.zeros(2), scores, at, np.zeros((2, 2)))
    found = law.fit_probability(np.array([1.9, 2.0, 2.5, 4.0, 5.0, 9.0]))
    wanted = [0.0, *stats.norm.cdf([-1.0, -0.5, 0.5, 1.0, 1.0])]
    assert found[:, 0] == pytest.approx(wanted)
    assert np.all(found[:, 1] == 0.0)


@pytest.mark.parametrize("counts", [(2, 3), (0, 2), (3, 0), (1, 1)])
def test_order_statistics_by_enumeration(counts: tuple[int, int]) -> None:
    p = np.array([[0.3, 0.8], [0.0, 0.5], [1.0, 0.1]])
    total = sum(counts)
    for rank in range(1, total + 1):
        expected = []
        for first, second in p:
            chances = [first] * counts[0] + [second] * counts[1]
            hit = 0.0
            for outcome in itertools.product((0, 1), repeat=total):
                if sum(outcome) >= rank:
                    hit += math.prod(c if o else 1 - c for c, o in zip(chances, outcome, strict=True))
            expected.append(hit)
        assert order_statistic(np.zeros(3), p, counts, rank) == pytest.approx(expected, abs=1e-12)


def time_written_out(pop: Population, share: float) -> tuple[float, float]:
    """Mean and deviation of the time from the law's scores, the binomials by enumeration of counts."""
    law = crossing_law(pop, STEPS)
    counts = [pop.counts[0][1], pop.counts[1][1]]
    rank = max(1, math.ceil(share * sum(counts)))
    present = [c for c in (0, 1) if counts[c]]
    known = law.at_score[:, present]
    low, high = float(known.min()), min(pop.clock_step * STEPS, float(known[np.isfinite(known)].max()))
    clock = np.linspace(low, high, 401)

    def mean_of(delay: list[float]) -> tuple[float, float]:
        fit = [law.fit_probability(clock - delay[c])[:, c] for c in (0, 1)]
        late = np.zeros(401)
        for one in range(counts[0] + 1):
            for two in range(counts[1] + 1):
                if one + two < rank:
                    late += stats.binom.pmf(one, counts[0], fit[0]) * stats.binom.pmf(two, counts[1], fit[1])
        final = 1 - late[-1]
        late = 1 - (1 - late) / final
        mean = integrate.trapezoid(late, clock)
        second = 2 * (clock[1] - clock[0]) * float(((clock - low) * late).sum())
        return low + mean, second - mean**2

    mean, variance = mean_of([0.0, 0.0])
    for c in present:
        e = 0.1 * law.sd[c]
        delay = [0.0, 0.0]
        delay[c] = e
        slope = (mean_of(delay)[0] - mean) / e
        clean, noisy = pop.counts[c]
        on_clean, on_noisy = law.shared[c]
        own = law.sd[c] ** 2
        variance += slope**2 * own * ((on_noisy**2 - 2 * on_noisy) / noisy + on_clean**2 / max(1, clean))
    return float(mean), math.sqrt(variance + pop.clock_step**2 / 12)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.52, 1.0])
def test_stage_times_written_out(share: float) -> None:
    wide = replace(POP, m=3000, d=10**7, iota=1e-3)
    found = stage_time(wide, STEPS, share)
    assert found is not None
    assert (found.clock, found.sd) == pytest.approx(time_written_out(wide, share), rel=1e-8)


def test_stage_times_of_one_class_and_of_none() -> None:
    wide = replace(POP, m=3000, d=10**7, iota=1e-3)
    for counts in (((45, 8), (52, 0)), ((53, 0), (40, 12)), ((50, 1), (50, 0))):
        one = replace(wide, counts=counts)
        found = stage_time(one, STEPS, 0.5)
        assert found is not None
        assert (found.clock, found.sd) == pytest.approx(time_written_out(one, 0.5), rel=1e-8)
    assert stage_time(replace(wide, counts=((53, 0), (52, 0))), STEPS, 0.5) is None
    assert stage_time(wide, 10, 0.5) is None
    assert stage_time(POP, 38, 1.0) is None  # t_all lies beyond the run for some networks


# The event of Theorem 4.1 --------------------------------------------------------------------------------


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


# Fresh noise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("s", "q"), [(0.7, 1.3), (-2.0, 0.4), (0.0, 2.0), (3.0, 0.5)])
def test_moments_of_a_relu_by_quadrature(s: float, q: float) -> None:
    def moment(k: int) -> float:
        def density(x: float) -> float:
            return float((s + q * x) ** k * stats.norm.pdf(x))

        return float(integrate.quad(density, -s / q, 40, limit=200)[0])

    mean, variance = relu_moments(np.array([s]), q)
    assert mean[0] == pytest.approx(moment(1), rel=1e-8)
    assert variance[0] == pytest.approx(moment(2) - moment(1) ** 2, rel=1e-6)
    assert relu_moments(np.array([-60.0]), 1.0)[1][0] == 0.0


def log_error_by_sums(sums: SideSums, u_ends: tuple[float, float], v_ends: tuple[float, float]) -> float:
    """ln P(y f < 0), both labels, over the plane of the two side sums, on a grid of spacing .05."""
    logs = []
    for own, other in ((0, 1), (1, 0)):
        cov = sums.covariance[2]
        L = np.linalg.cholesky(np.array([[sums.covariance[own], cov], [cov, sums.covariance[other]]]))
        u, v = np.meshgrid(np.arange(*u_ends, 0.05), np.arange(*v_ends, 0.05), indexing="ij")
        wrong = log_tail(
            sums.signal[own],
            (L[0, 0] * u, sums.own[own]),
            (L[1, 0] * u + L[1, 1] * v, sums.own[other]),
            sums.m,
        )
        logs.append(special.logsumexp(wrong - 0.5 * (u**2 + v**2)) + math.log(0.05**2 / (2 * math.pi)))
    return float(np.logaddexp(*logs)) - math.log(2)


def test_the_error_under_fresh_noise_on_a_finer_grid() -> None:
    sums = SideSums(signal=(1.1, 0.8), covariance=(0.9, 0.5, -0.2), own=(0.6, 0.9), m=5)
    assert iid_log_error(sums) == pytest.approx(log_error_by_sums(sums, (-7, 7), (-7, 7)), abs=1e-3)
    swapped = SideSums(signal=(0.8, 1.1), covariance=(0.5, 0.9, -0.2), own=(0.9, 0.6), m=5)
    assert iid_log_error(swapped) == pytest.approx(iid_log_error(sums), abs=1e-12)


def test_a_tiny_error_is_told_from_its_largest_point() -> None:
    """One label's error is e^-200 or so, the other's far less; the plane around the origin holds nothing of
    it."""
    sums = SideSums(signal=(20.0, 60.0), covariance=(0.9, 0.5, -0.2), own=(0.6, 0.9), m=5)
    found = iid_log_error(sums)
    assert found < -150
    assert found == pytest.approx(log_error_by_sums(sums, (-14, 5), (5, 34)), abs=1e-2)


@pytest.mark.parametrize("clock", [0.0, 1.0])
def test_the_sums_of_a_run_written_out(clock: float) -> None:
    run = small_run()
    found = side_sums(run, clock)
    m, sigma = 3, run.setting.sigma_xi**2 * run.weight_gram(clock)
    for j in (0, 1):
        pairs = [sigma[j * m + r, j * m + q] for r in range(m) for q in range(m) if q != r]
        diagonal = np.mean([sigma[j * m + r, j * m + r] for r in range(m)])
        assert found.covariance[j] == pytest.approx(max(np.mean(pairs), 0.0), rel=1e-11)
        assert found.own[j] ** 2 == pytest.approx(diagonal - max(np.mean(pairs), 0.0), rel=1e-11)
        side = [
            sum(max((1, -1)[j] * x, 0.0) for x in run.products[round(clock), k, :, 0]) / m for k in (0, 1)
        ]
        assert found.signal[j] == pytest.approx(side[j] - side[1 - j], rel=1e-12)
    across = np.mean([sigma[r, m + q] for r in range(m) for q in range(m)])
    most = math.sqrt(found.covariance[0] * found.covariance[1])
    assert found.covariance[2] == pytest.approx(np.clip(across, -most, most), rel=1e-11, abs=1e-12)
    assert found.m == m


# Brackets of the transition clock ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "tau", "p"), [(6.0, 0.1, 0.5), (4.0, 0.2, 0.8), (30.0, 0.3, 0.4), (1.3, 0.1, 0.5)]
)
def test_brackets_solve_their_equations(a: float, tau: float, p: float) -> None:
    alpha, beta, delta, kappa = a * (1 - tau) / 2 + p, a * tau / 2, p + a * tau / 2, a * (1 - tau) / 2
    Delta = p * (p + a / 2)
    low, high = limit_transition.transition_bracket(a, tau, p)
    solved = integrate.solve_ivp(
        lambda _, M: alpha / (1 + np.exp(M)) - beta / 2, (0.0, high), [0.0], rtol=1e-11, atol=1e-13,
        dense_output=True,
    )  # fmt: skip
    assert kappa * solved.y[0, -1] == pytest.approx(Delta * high / 2, rel=1e-7)
    grid = np.linspace(0, high, 200_001)
    depth = float((kappa * solved.sol(grid)[0] - Delta * grid / 2).max()) / alpha
    rate = delta / (1 + math.exp(-depth))
    if kappa <= 2 * rate:
        assert low == 0.0
    else:
        envelope = integrate.solve_ivp(
            lambda _, U: 1 / (1 + np.exp(U)), (0.0, alpha * low), [0.0], rtol=1e-11, atol=1e-13
        )
        assert rate * low == pytest.approx(kappa / alpha * envelope.y[0, -1], rel=1e-7)
        assert low > 0


def test_ends_of_the_brackets() -> None:
    assert limit_transition.transition_bracket(1.25, 0.1, 0.5) == (0.0, 0.0)
    assert limit_transition.transition_bracket(1.2, 0.1) == (0.0, 0.0)
    assert limit_transition.transition_bracket(1.3, 0.1)[1] > 0
    for bad in (0.0, 0.5, -0.1, math.nan):
        with pytest.raises(ValueError, match=rf"^tau must lie in \(0, 1/2\), was {bad!r}$"):
            limit_transition.transition_bracket(6.0, bad)
    low, high = limit_transition.transition_bracket(6.0, 0.1)
    assert (low, high) == (limit_transition.lower_bracket(6.0, 0.1), limit_transition.upper_bracket(6.0, 0.1))
    assert (low, high) == limit_transition.transition_bracket(6.0, 0.1, 0.5)
