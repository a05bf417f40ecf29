"""The mixture engines against plain gradient descent, each other, and the limits of floating point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from papers.early_learning.outside import plain_descent
from simulation.early_learning.force import Forces, Loss
from simulation.early_learning.gram import Gram, draw_gram, gram_of
from simulation.early_learning.problem import MixtureProblem, sample_problem
from simulation.early_learning.training import descend, record_steps, train
from theory.early_learning.setting import MixtureSetting

SETTING = MixtureSetting(n=60, p=45, sigma=0.35, flip_rate=0.25, eta=0.2)
ENGINES: Any = ("primal", "dual", "two_row")
CASES: list[dict[str, Any]] = [
    {},
    *({"lam": 3.0, "beta": b, "eps": e} for b in (0.0, 0.7, 0.9) for e in (None, 1e-4, 0.05)),
    {"lam": 0.6, "beta": 0.7},
    *({"lam": 4.0, "beta": b, "kl": True} for b in (0.0, 0.7, 0.9)),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_engines_follow_plain_gradient_descent(engine: Any, case: dict[str, Any]) -> None:
    problem = sample_problem(SETTING, seed=3)
    start = np.random.default_rng(5).standard_normal(SETTING.p) * 0.3
    # The plain loop's 1 - <p, t> must not be rounding noise: without a clamp it may not saturate.
    eta = 0.2 if case.get("eps") else 0.05
    expected = plain_descent(problem.x, problem.e_observed, eta, 200, theta_0=start, **case)
    options: dict[str, Any] = {"loss": "ce"}
    if case:
        name = "kl" if case.get("kl") else "elr"
        options = {"loss": name, "lam": case["lam"], "beta": case["beta"], "clamp": case.get("eps")}
    result = train(problem, eta=eta, steps=200, engine=engine, theta_0=start, **options)
    assert result.theta is not None
    assert np.max(np.abs(result.theta - expected)) < 1e-9
    assert np.max(np.abs(result.f[-1] - problem.e * (problem.x @ expected))) < 1e-9
    assert result.a[-1] == pytest.approx(float(expected @ problem.v), abs=1e-9)
    across = expected - (expected @ problem.v) * problem.v
    assert result.noise_norm[-1] == pytest.approx(float(np.linalg.norm(across)), abs=1e-9)


def test_a_wrong_step_would_be_seen() -> None:
    problem = sample_problem(SETTING, seed=3)
    expected = plain_descent(problem.x, problem.e_observed, 0.2, 200, lam=3.0, beta=0.7)
    for changed in ({"lam": 3.001}, {"beta": 0.701}, {"clamp": 1e-2}):
        options: dict[str, Any] = {"lam": 3.0, "beta": 0.7} | changed
        theta = train(problem, eta=0.2, steps=200, loss="elr", **options).theta
        assert theta is not None
        assert np.max(np.abs(theta - expected)) > 1e-6, changed


@pytest.mark.parametrize("loss", [{"loss": "ce"}, {"loss": "elr", "lam": 3.0, "beta": 0.9}])
def test_equivalences_over_300_steps(loss: dict[str, Any]) -> None:
    problem = sample_problem(SETTING, seed=8)
    runs = [train(problem, eta=0.2, steps=300, engine=engine, **loss) for engine in ENGINES]
    for other in runs[1:]:
        assert np.max(np.abs(other.f - runs[0].f)) < 1e-10
        assert np.max(np.abs(other.coefficients - runs[0].coefficients)) < 1e-9


@pytest.mark.slow
def test_dual_handles_sixty_thousand_dimensions() -> None:
    setting = MixtureSetting.from_kappa(n=300, kappa=0.25, gamma=200.0, flip_rate=0.2, eta=0.1)
    assert setting.p == 60_000
    problem = sample_problem(setting, seed=0)
    result = train(problem, eta=0.1, steps=50, loss="elr", lam=3.0, beta=0.7)
    expected = plain_descent(problem.x, problem.e_observed, 0.1, 50, lam=3.0, beta=0.7)
    assert result.theta is not None
    assert np.max(np.abs(result.f[-1] - problem.e * (problem.x @ expected))) < 1e-9


def test_law_of_the_gram_form_is_that_of_real_inputs() -> None:
    """Moments of K, margins of the start and noise norm: drawn against formed from p-dimensional arrays."""
    setting = MixtureSetting(n=12, p=30, sigma=0.7, flip_rate=0.25, eta=0.1, start=1.5)
    drawn, formed = [], []

    def numbers(g: Gram) -> list[float]:
        return [g.noise[0, 0], g.noise[0, 1] ** 2, np.linalg.slogdet(g.noise)[1], g.start[0] ** 2, g.h[0]]

    for seed in range(1500):
        g = draw_gram(setting, seed)
        drawn.append(numbers(g))
        problem = sample_problem(setting, seed + 10_000)
        rng = np.random.default_rng(seed)
        start = rng.standard_normal(setting.p)
        start -= (start @ problem.v) * problem.v
        g = gram_of(problem, 1.5 * start / np.linalg.norm(start))
        formed.append(numbers(g))
    a, b = np.array(drawn), np.array(formed)
    spread = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 4.0 * spread)


@pytest.mark.parametrize("p", [5, 11, 12, 40])
def test_gram_has_the_rank_and_scale_of_its_dimension(p: int) -> None:
    setting = MixtureSetting(n=12, p=p, sigma=0.5, flip_rate=0.25, eta=0.1)
    noise = draw_gram(setting, seed=1).noise
    assert np.linalg.matrix_rank(noise, tol=1e-10) == min(12, p - 1)
    mean = np.mean([np.trace(draw_gram(setting, seed).noise) for seed in range(300)])
    assert mean == pytest.approx(0.25 * (p - 1), rel=0.05)


def test_exact_flips_are_exact_and_random_ones_are_not() -> None:
    setting = MixtureSetting(n=50, p=10, sigma=0.5, flip_rate=0.3, eta=0.1)
    counts = {int((draw_gram(setting, seed).s < 0).sum()) for seed in range(20)}
    assert counts == {15}
    free = setting.with_(flips="random")
    counts = {int((draw_gram(free, seed).s < 0).sum()) for seed in range(20)}
    assert len(counts) > 3
    assert (sample_problem(setting, 4).s == draw_gram(setting, 4).s).all()


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_forces_stay_finite_where_probabilities_saturate(beta: float) -> None:
    f = np.array([-2000.0, -745.0, -40.0, 0.0, 40.0, 745.0, 2000.0])
    for s in (np.ones(7), -np.ones(7)):
        forces = Forces(Loss("elr", 3.0, beta), s)
        for _ in range(800):
            force = forces(f)
        # Where the targets equal the predictions, F = (s + (lam - 1) tanh(f/2))/2; with memory the missing
        # mass .9^800 stays above e^-745, and cross entropy alone is left there.
        followed = np.abs(f) < (1e9 if beta == 0.0 else 100.0)
        expected = np.where(followed, (s + 2.0 * np.tanh(f / 2)) / 2, (s - np.sign(f)) / 2)
        assert np.max(np.abs(force - expected)) < 1e-9


def test_target_mass_is_carried_apart() -> None:
    """The naive 1 - t1 - t2 is rounding noise: the carried mass gives the force to rounding at f = 30."""
    forces = Forces(Loss("elr", 3.0, 0.7), np.array([1.0]))
    f = np.array([30.0])
    for _ in range(20):
        force = forces(f)
    one = np.longdouble(1)
    miss = np.exp(-np.longdouble(30)) / (one + np.exp(-np.longdouble(30)))
    mass = one - np.longdouble(0.7) ** 20
    t1, t2 = mass * (one - miss), mass * miss
    rest = np.longdouble(0.7) ** 20 + t1 * miss + t2 * (one - miss)
    expected = miss + 3 * (one - miss) * miss * (t1 - t2) / rest
    assert float(force[0]) == pytest.approx(float(expected), rel=1e-9)


def test_records_and_stops() -> None:
    assert record_steps(7, 3).tolist() == [0, 3, 6, 7]
    gram = draw_gram(SETTING, 0)
    whole = descend(gram, 0.2, 50, Loss())
    some = descend(gram, 0.2, 50, Loss(), record=[10, 30])
    assert some.steps.tolist() == [0, 10, 30, 50]
    assert np.array_equal(some.f, whole.f[[0, 10, 30, 50]])
    halted = descend(gram, 0.2, 50, Loss(), record=10, stop=lambda f: float(f.mean()) > 0)
    assert halted.steps[-1] == 10


def test_shares_and_accuracies() -> None:
    problem = sample_problem(SETTING, seed=1)
    result = train(problem, eta=0.2, steps=3)
    wrong = problem.s < 0
    assert result.accuracy_wrong[-1] == np.mean(result.f[-1][wrong] > 0)
    assert result.accuracy_clean[-1] == np.mean(result.f[-1][~wrong] > 0)
    assert result.memorised[-1] == np.mean(result.f[-1][wrong] < 0)
    assert result.test_accuracy[0] == 0.5
    rng = np.random.default_rng(0)
    fresh = problem.v + SETTING.sigma * rng.standard_normal((200_000, SETTING.p))
    assert result.theta is not None
    share = np.mean(fresh @ result.theta > 0)
    assert result.test_accuracy[-1] == pytest.approx(share, abs=4 * 0.5 / np.sqrt(200_000))
    assert np.exp(result.log_test_error[-1]) == pytest.approx(1 - result.test_accuracy[-1], rel=1e-9)


ARRAYS = {"x": np.eye(3), "e": np.array([1.0, -1, 1]), "e_observed": np.array([1.0, 1, 1]), "v": np.eye(3)[0]}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("x", np.full((3, 3), np.nan), "x must be finite"),
        ("x", np.ones(3), "x must have shape"),
        ("e", np.array([1.0, 0.0, 1.0]), "e must hold only"),
        ("e_observed", np.array([1.0, 1.0]), "e_observed must have shape"),
        ("v", np.ones(3), "v must have length 1"),
        ("v", np.eye(4)[0], "v must have shape"),
    ],
)
def test_bad_arrays_are_named(name: str, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MixtureProblem(**(ARRAYS | {name: value}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "ce", "lam": 1.0}, "lam must not be given"),
        ({"loss": "ce", "beta": 0.5}, "beta must not be given"),
        ({"loss": "ce", "clamp": 1e-4}, "clamp must not be given"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"loss": "elr", "beta": 1.0}, "beta must lie in"),
        ({"loss": "elr", "lam": -1.0}, "lam must be finite"),
        ({"loss": "elr", "clamp": 0.7}, "clamp must lie in"),
        ({"engine": "other"}, "engine must be one of"),
        ({"eta": 0.0}, "eta must be finite"),
        ({"steps": -1}, "steps must be"),
        ({"theta_0": np.zeros(2)}, "theta_0 must be finite with shape"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], words: str) -> None:
    problem = MixtureProblem(**ARRAYS)
    with pytest.raises(ValueError, match=words):
        train(problem, **({"eta": 0.1, "steps": 3} | options))
