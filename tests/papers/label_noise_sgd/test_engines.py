"""The engines against a loop written outside of them, and against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulation.label_noise_sgd import Dynamics, LinearProblem, sample_problem, train, train_many
from simulation.label_noise_sgd.training import run_dynamics

ENGINES = ("full", "compressed")


def outside(
    w: Any, a: Any, theta: Any, xs: Any, eps: Any, eta: float, rho: float = 0.0, normalised: bool = True
) -> tuple[Any, Any]:
    """Neuron by neuron gradient of 1/2 mean (f - y - eps)^2, as autograd would write it."""
    w, a = w.copy(), a.copy()

    def gradients(w: Any, a: Any, x: Any, e: Any) -> tuple[Any, Any]:
        hidden = x @ w.T
        residual = (hidden @ a - x @ theta - e) / len(e)
        return a[:, None] * (residual[:, None] * x).sum(0)[None, :], hidden.T @ residual

    for x, e in zip(xs, eps, strict=True):
        gw, ga = gradients(w, a, x, e)
        if rho:
            radius = rho / np.sqrt((gw**2).sum() + (ga**2).sum()) if normalised else rho
            gw, ga = gradients(w + radius * gw, a + radius * ga, x, e)
        w -= eta * gw
        a -= eta * ga
    return w, a


def samples(T: int, B: int, d: int, sigma: float, seed: int = 5) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((T, B, d)), sigma * rng.choice([-1.0, 1.0], (T, B))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("m", "d", "B"), [(60, 5, 1), (40, 8, 4), (3, 6, 2)])
@pytest.mark.parametrize(("rho", "normalised"), [(0.0, True), (0.05, True), (0.02, False)])
def test_given_samples_follow_an_outside_loop(
    engine: Any, m: int, d: int, B: int, rho: float, normalised: bool
) -> None:
    p = sample_problem(m, d, np.linspace(-1, 1, d), seed=3)
    xs, eps = samples(2000, B, d, 0.7)
    w, a = outside(p.w_0, p.a_0, p.theta_star, xs, eps, 2e-3, rho, normalised)
    r = train(
        p, eta=2e-3, inputs=xs, label_noise=eps, engine=engine, sam=rho or None, sam_normalised=normalised
    )
    assert np.abs(w - p.w_0).max() > 1e-2
    assert np.abs(r.w - w).max() <= 1e-9 * np.abs(w).max()
    assert np.abs(r.a - a).max() <= 1e-9 * np.abs(a).max()


@pytest.mark.parametrize(
    "how",
    [
        Dynamics(2e-3, sigma=1.0),
        Dynamics(2e-3, sigma=1.0, batch=3, spectrum=np.linspace(0.5, 1.5, 4)),
        Dynamics(
            2e-3, sigma=1.0, samples="sampled", data=np.random.default_rng(0).normal(size=(9, 4)), batch=2
        ),
        Dynamics(
            2e-3, samples="sampled", data=np.random.default_rng(0).normal(size=(9, 4)), static=np.ones(9)
        ),
        Dynamics(2e-3, sigma=1.0, samples="full", data=np.random.default_rng(0).normal(size=(9, 4))),
        Dynamics(2e-3, samples="population", rho=0.1),
        Dynamics(2e-3, samples="population", decay_w=1e-4, decay_a=4e-4),
        Dynamics(2e-3, sigma=1.0, rho=0.05, blocks=((30, 1.0), (50, 0.0)), cycle=True),
    ],
    ids=["online", "spectrum", "sampled", "static", "full", "population-sam", "decay", "sam-schedule"],
)
def test_engines_draw_the_same_and_agree(how: Dynamics) -> None:
    p = sample_problem(40, 4, seed=1)
    one = run_dynamics(p, how, 3000, seed=7, engine="full", record=500, moments_from=100)
    two = run_dynamics(p, how, 3000, seed=7, engine="compressed", record=500, moments_from=100)
    scale = np.abs(one.P).max()
    assert np.abs(one.P - two.P).max() <= 1e-10 * scale
    assert np.abs(one.P[0] - one.P[-1]).max() > 1e-3 * scale
    np.testing.assert_allclose(one.sums, two.sums, rtol=1e-9, atol=1e-12)
    for name in ("qv_a", "qv_w", "mean_a", "var_a"):
        a, b = getattr(one, name), getattr(two, name)
        assert np.abs(a - b).max() <= 1e-9 * np.abs(a).max() + 1e-15, name
    np.testing.assert_allclose(one.cos, two.cos, rtol=1e-9)
    np.testing.assert_allclose(one.w_norm, two.w_norm, rtol=1e-9)


@pytest.mark.slow
def test_engines_agree_over_long_runs() -> None:
    p = sample_problem(120, 6, seed=2)
    how = Dynamics(2e-3, sigma=1.5)
    one = run_dynamics(p, how, 200_000, seed=3, engine="full", record=50_000)
    two = run_dynamics(p, how, 200_000, seed=3, engine="compressed", record=50_000)
    assert one.trace[-1] < 0.5 * one.trace[0]
    assert np.abs(one.P - two.P).max() <= 1e-10 * np.abs(one.P).max()


def test_a_full_batch_of_whitened_data_is_the_population() -> None:
    x = np.random.default_rng(0).normal(size=(60, 5))
    values, vectors = np.linalg.eigh(x.T @ x / 60)
    x = x @ vectors / np.sqrt(values)
    p = sample_problem(50, 5, seed=1)
    one = run_dynamics(p, Dynamics(2e-3, samples="full", data=x, rho=0.1), 2000)
    two = run_dynamics(p, Dynamics(2e-3, samples="population", rho=0.1), 2000)
    np.testing.assert_allclose(one.P, two.P, rtol=1e-9, atol=1e-11)


def test_a_run_depends_on_its_seed_alone() -> None:
    problems = [sample_problem(30, 4, seed=s) for s in range(4)]
    how = Dynamics(5e-3, sigma=1.0)
    many = train_many(problems, how, 500, seeds=range(4), threads=2)
    alone = run_dynamics(problems[2], how, 500, seed=2)
    np.testing.assert_array_equal(many[2].z, alone.z)
    assert np.abs(many[1].P[-1] - many[2].P[-1]).max() > 1e-3


def test_records_sums_and_blow_up() -> None:
    p = sample_problem(30, 3, seed=0)
    r = train(p, eta=5e-3, steps=100, sigma=1.0, record=[10, 40])
    assert r.steps.tolist() == [0, 10, 40, 100]
    each = train(p, eta=5e-3, steps=100, sigma=1.0, record=1)
    np.testing.assert_allclose(r.mean_theta(1, 2), each.theta[10:40].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(r.var_theta(0), each.theta[:100].var(axis=0), rtol=1e-9)
    np.testing.assert_allclose(r.mean_s(1), each.s[10:100].mean(), rtol=1e-12)
    np.testing.assert_allclose(r.mean_trace(0), each.trace[:100:20].mean(), rtol=1e-12)
    bad = run_dynamics(p, Dynamics(1.0, sigma=1.0), 1000, limit=3000.0)
    assert bad.blew_up
    assert bad.steps[-1] < 1000
    assert bad.s[-1] > 3000
    assert not r.blew_up


def test_a_rank_deficient_start_stays_in_its_span() -> None:
    p = LinearProblem(np.ones((4, 3)), np.ones(4), [1.0, 0.0, 0.0])
    r = train(p, eta=1e-2, steps=200, sigma=1.0)
    np.testing.assert_allclose(r.w, np.broadcast_to(r.w[0], (4, 3)), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"eta": 0.0}, "eta"),
        ({"steps": 0}, "steps"),
        ({"steps": None}, "steps"),
        ({"engine": "half"}, "engine"),
        ({"noise": "old"}, "noise"),
        ({"noise": "static"}, "static"),
        ({"sam": -1.0}, "sam"),
        ({"batch": 0}, "batch"),
        ({"sigma": float("nan")}, "sigma"),
        ({"record": 0}, "record"),
        ({"record": [500]}, "record"),
        ({"data": np.ones((3, 4))}, "data"),
        ({"full_batch": True}, "full_batch"),
        ({"spectrum": np.ones(4)}, "spectrum"),
        ({"spectrum": -np.ones(3)}, "spectrum"),
        ({"inputs": np.ones((5, 1, 3))}, "label_noise"),
        ({"inputs": np.ones((5, 1, 4)), "label_noise": np.ones((5, 1))}, "inputs"),
        ({"inputs": np.ones((5, 1, 3)), "label_noise": np.ones((5, 2))}, "label_noise"),
        ({"inputs": np.ones((5, 1, 3)), "label_noise": np.ones((5, 1)), "steps": 6}, "steps"),
        ({"schedule": []}, "blocks"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, Any], word: str) -> None:
    arguments: dict[str, Any] = {"eta": 0.1, "steps": 10} | change
    with pytest.raises(ValueError, match=word):
        train(sample_problem(5, 3), **arguments)


@pytest.mark.parametrize(
    ("w", "a", "t", "word"),
    [
        (np.ones(3), np.ones(3), np.ones(3), "w_0"),
        (np.ones((3, 2)), np.ones(2), np.ones(2), "a_0"),
        (np.ones((3, 2)), np.ones(3), np.ones(3), "theta_star"),
        (np.full((3, 2), np.nan), np.ones(3), np.ones(2), "w_0"),
        ([["x"]], np.ones(1), np.ones(1), "w_0"),
        (np.ones((2, 2)) * 1j, np.ones(2), np.ones(2), "w_0"),
    ],
)
def test_bad_problems_are_named(w: Any, a: Any, t: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        LinearProblem(w, a, t)
