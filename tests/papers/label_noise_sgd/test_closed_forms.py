"""Closed forms against numbers that do not come from them: integrators, sampling, finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from theory.label_noise_sgd import decay, rich, sam, sam_field, slow_flow
from theory.label_noise_sgd.proofs import closed_forms, exact
from theory.label_noise_sgd.setting import LinearSetting


@pytest.mark.parametrize(
    "name",
    [
        "transport", "compression", "balance", "homogeneous_balance", "volume", "obstruction", "drift",
        "decrease_probability", "sam_transport", "sam_balance", "decay", "forced", "slow_flow", "fixed_point",
        "logistic", "sam_root",
    ],
)  # fmt: skip
def test_every_step_of_every_proof_holds(name: str) -> None:
    proof = getattr(exact, name, None) or getattr(closed_forms, name)
    proof = proof()
    assert proof.holds, proof.steps
    assert len(proof.steps) >= 1


def test_the_residual_variance_is_that_of_the_linear_recursion() -> None:
    """delta' = delta - eta mu g with g of fresh Gaussian samples, iterated."""
    eta, mu, sigma, d, B = 2e-3, 60.0, 1.5, 6, 2
    rng = np.random.default_rng(0)
    delta, total = np.zeros((4000, d)), []
    for step in range(400):
        x = rng.standard_normal((4000, B, d))
        r = np.einsum("nbd,nd->nb", x, delta) - sigma * rng.choice([-1, 1], (4000, B))
        delta -= eta * mu * np.einsum("nb,nbd->nd", r, x) / B
        if step >= 100:
            total.append(np.mean(delta**2))
    assert np.mean(total) == pytest.approx(decay.residual_variance(mu, eta, sigma, d, B), rel=0.02)


@pytest.mark.parametrize(("m_0", "d", "B"), [(50.0, 20, 1), (80.0, 6, 4)])
def test_the_decay_clock_integrates_the_rate(m_0: float, d: int, B: int) -> None:
    eta, sigma = 1e-3, 2.0

    def right(_: float, y: Any) -> Any:
        return [-2 * eta * decay.residual_variance(y[0], eta, sigma, d, B)]

    end = 2.5 / decay.kappa(eta, sigma, B)
    done = solve_ivp(right, (0, end), [m_0], rtol=1e-10, atol=1e-12)
    clock = decay.decay_clock(end, m_0, eta, sigma, d, B)
    assert m_0 * np.exp(-clock) == pytest.approx(done.y[0, -1], rel=1e-7)
    assert clock > 2.5 * 1.03


def test_durations_are_times_of_the_decay() -> None:
    eta, sigma, d, m_0, target = 1e-3, 3.0, 10, 60.0, 1.2
    T_x = decay.crossover_steps(m_0, eta, sigma, d, target)
    assert m_0 * np.exp(-decay.decay_clock(T_x, m_0, eta, sigma, d)) == pytest.approx(np.sqrt(d) * target)
    T_1 = decay.escape_steps(m_0, 0.1, eta, sigma, d)
    assert np.exp(-decay.decay_clock(T_1, m_0, eta, sigma, d)) == pytest.approx(0.9)


def test_no_clock_beyond_the_edge() -> None:
    with pytest.raises(ValueError, match="c_B M_0 must be below 1"):
        decay.decay_clock(1.0, 100.0, 2e-3, 1.0, 20)
    with pytest.raises(ValueError, match="tr\\(Sigma M\\)"):
        decay.direction_rates(np.ones(5), np.full(5, 1000.0), 1e-3, 1.0)


def test_equal_directions_give_the_isotropic_rate() -> None:
    eta, sigma, d, B, M = 1e-3, 2.0, 7, 3, 40.0
    rates = decay.direction_rates(np.ones(d), np.full(d, M), eta, sigma, B)
    want = decay.kappa(eta, sigma, B) / (1 - decay.amplification(eta, d, B) * M)
    np.testing.assert_allclose(rates, want, rtol=1e-12)


@pytest.mark.parametrize(("d", "u_0"), [(3, 20.0), (8, 40.0), (5, 0.3)])
def test_the_implicit_law_solves_the_flow(d: int, u_0: float) -> None:
    target = 1.3

    def right(_: float, y: Any) -> Any:
        pull = (1 + d) * target**2 / (y[0] + y[1])
        return [-y[0] + pull, -d * y[1] + pull]

    at = np.array([0.5, 1.0, 3.0])
    done = solve_ivp(right, (0, 3), [u_0, target**2 / u_0], t_eval=at, rtol=1e-11, atol=1e-13, method="LSODA")
    np.testing.assert_allclose(slow_flow.implicit_u(at, u_0, d, target), done.y[0], rtol=1e-6)
    np.testing.assert_allclose(done.y[0] * done.y[1], target**2, rtol=1e-6)


def test_the_flow_of_any_covariance_rests_at_its_fixed_point() -> None:
    """`nu = -(1/2)(M + s)^-1 (Sigma + tr Sigma) theta*` leaves M and s where they are."""
    isotropic, _ = slow_flow.general_fixed_point(np.ones(4), np.array([1.0, 0, 0, 0]))
    assert isotropic[0, 0] == pytest.approx(2.0)
    spectrum, along = np.array([2.0, 1.0, 0.6, 0.4]), np.full(4, 0.5)
    M, s = slow_flow.general_fixed_point(spectrum, along)
    nu = -0.5 * np.linalg.solve(M + s * np.eye(4), (spectrum + spectrum.sum()) * along)
    outer = np.outer(along, nu)
    np.testing.assert_allclose((spectrum[:, None] + spectrum) * M / 2, -(outer + outer.T), atol=1e-12)
    assert -spectrum.sum() * s == pytest.approx(2 * along @ nu)


def test_rates_at_the_fixed_point_by_differences() -> None:
    d, T, h = 5.0, 1.0, 1e-6

    def f(y: Any) -> Any:
        pull = (1 + d) * T**2 / (y[0] + y[1])
        return np.array([-y[0] + pull, -d * y[1] + pull])

    at = np.array([np.sqrt(d), 1 / np.sqrt(d)])
    J = np.array([(f(at + h * e) - f(at - h * e)) / (2 * h) for e in np.eye(2)]).T
    assert sorted(np.linalg.eigvals(J)) == pytest.approx([-(d + 1), -2 * d / (d + 1)], rel=1e-6)


@pytest.mark.parametrize(("u", "M", "d"), [(1.0, 1.0, 3), (2.0, 0.05, 5), (3.0, 1e-5, 8), (0.5, 4.0, 20)])
def test_the_mean_cosine_by_sampling(u: float, M: float, d: int) -> None:
    z = np.random.default_rng(1).standard_normal((400_000, d)) * np.sqrt(np.r_[u, np.full(d - 1, M)])
    seen = np.abs(z[:, 0]) / np.linalg.norm(z, axis=1)
    assert slow_flow.mean_cosine(u, M, d) == pytest.approx(seen.mean(), abs=4 * seen.std() / 632)


def test_first_order_exponents_sum_to_the_volume() -> None:
    """Their sum is the rate of ln det: -(eta^2/1) E|g|^2 2/..., to first order in chi."""
    eta, sigma, d, T = 1e-4, 1.0, 5, 1.0
    got = rich.first_order_exponents(eta, sigma, d, T).sum() / decay.kappa(eta, sigma)
    assert got == pytest.approx(-2 * d, rel=0.01)


def test_logistic_and_its_half_time() -> None:
    half = rich.escape_from_small_start(1e-3, 0.01, 0.7)
    assert rich.logistic(half, 1e-3, 0.01, 0.7) == pytest.approx(0.35)


@pytest.mark.parametrize("d", [2, 7])
def test_the_mean_norm_by_sampling(d: int) -> None:
    x = np.linalg.norm(np.random.default_rng(0).standard_normal((200_000, d)), axis=1)
    assert sam.mean_norm(d) == pytest.approx(x.mean(), rel=3e-3)


def test_the_long_form_of_sam_becomes_the_short_one() -> None:
    at = np.array([0.0, 2000.0])
    args = (30.0, 1e-5, 0.05, 1.0, 5)
    np.testing.assert_allclose(sam.normalised_root_long(at, *args), sam.normalised_root(at, *args), rtol=1e-4)


def test_the_mean_field_is_the_sampled_one() -> None:
    rng = np.random.default_rng(0)
    w, a, rho, sigma, d, n = 1.2, 0.5, 0.25, 1.0, 5, 1_000_000
    z, q, eps = rng.standard_normal(n), rng.chisquare(d - 1, n), rng.choice([-1.0, 1.0], n)
    h, r = w * z, (w * a - 1) * z - sigma * eps
    c = rho * np.sign(r) / np.sqrt(h**2 + a**2 * (z**2 + q))
    far_h, far_a = h + c * a * (z**2 + q), a + c * h
    far_r = r + far_h * far_a - a * h
    for got, seen in zip(
        sam_field.field(w, a, rho, sigma, d, 1.0), (-far_r * far_a * z, -far_r * far_h), strict=True
    ):
        assert got == pytest.approx(seen.mean(), abs=4 * seen.std() / 1000)


def flow_to_rest(rho: float, sigma: float, d: int, target: float) -> tuple[float, float] | None:
    """`sam_field.rest_point` by following the mean field in time from the rich state."""
    start = (np.sqrt(np.sqrt(d) * target), np.sqrt(target / np.sqrt(d)))

    def right(_: float, y: Any) -> tuple[float, float]:
        return sam_field.field(float(y[0]), float(y[1]), rho, sigma, d, target)

    def gone(_: float, y: Any) -> float:
        return float(y[0] * y[1] - 0.02 * target)

    def still(_: float, y: Any) -> float:
        # Near the fold a rest point's ghost is slow, not still: the bound is far below its speed.
        return float(np.hypot(*sam_field.field(float(y[0]), float(y[1]), rho, sigma, d, target)) - 1e-7)

    gone.terminal = still.terminal = True  # type: ignore[attr-defined]
    done = solve_ivp(right, (0.0, 1e5), start, method="LSODA", rtol=1e-8, atol=1e-10, events=(gone, still))
    w, a = map(float, done.y[:, -1])
    return None if len(done.t_events[0]) else (w, a)


def test_the_branch_of_rest_points_is_where_the_flow_goes() -> None:
    radius = sam_field.collapse_radius(1.0, 5, 0.5)
    assert radius == pytest.approx(0.1226, abs=5e-4)
    for share in (0.4, 0.95):
        branch = sam_field.rest_point(share * radius, 1.0, 5, 0.5)
        assert branch == pytest.approx(flow_to_rest(share * radius, 1.0, 5, 0.5), rel=1e-4)
    assert sam_field.rest_point(1.02 * radius, 1.0, 5, 0.5) is None
    assert flow_to_rest(1.02 * radius, 1.0, 5, 0.5) is None


def test_settings_check_themselves_and_know_their_groups() -> None:
    s = LinearSetting(m=1000, d=20, eta=1e-3, sigma=4.0)
    assert s.kappa == pytest.approx(1.6e-5)
    assert s.amplified == pytest.approx(0.55)
    assert s.chi == pytest.approx(0.7155, rel=1e-3)
    assert s.spectrum.tolist() == [1.0] * 20
    assert s.with_(spread=0.5).spectrum.mean() == pytest.approx(1.0)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"m": 0}, "m must"), ({"eta": 0.0}, "eta"), ({"sigma": -1.0}, "sigma"), ({"batch": 1.5}, "batch"),
        ({"persistence": 1.0}, "persistence"), ({"n": -1}, "n must"), ({"target": float("nan")}, "target"),
    ]  # fmt: skip
    for change, word in bad:
        with pytest.raises(ValueError, match=word):
            s.with_(**change)
