"""Monte Carlo test errors: the same truth as real d-dimensional patches under the real weights give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle.numpy_cnn import Data, count_errors, make_data
from scipy import stats

from simulation.two_stage import test_error as module
from simulation.two_stage.problem import Problem
from simulation.two_stage.test_error import binomial_interval, monte_carlo_error
from simulation.two_stage.training import train
from simulation.two_stage.trajectory import Trajectory

Floats = NDArray[np.float64]
STEPS = 25


def trained(n: int, d: int, m: int, engine: str = "reduced") -> tuple[Trajectory, Data, Floats]:
    """A run, its data, and its weights `W0 + C D^-1 V^T` put together here."""
    data = make_data(
        np.random.default_rng([n, d, m]), n, d, m,
        sigma_xi=0.7, signal_norm=0.7 * np.sqrt(1.5 * d / n), flip_plus=0.3, flip_minus=0.2, sigma_0=0.1,
    )  # fmt: skip
    problem = Problem(data.mu, data.xi, data.y, data.y_observed, data.w0)
    t = train(problem, eta=0.3 * n * m / (0.49 * d), steps=STEPS, engine=engine)
    assert t.rho is not None
    side = np.array([1.0, -1.0])[:, None, None]
    w = data.w0 + side * t.gamma[-1][..., None] * data.mu / (data.mu @ data.mu)
    return t, data, w + t.rho[-1] @ (data.xi / np.sum(data.xi**2, axis=1)[:, None])


SHAPES = [(8, 60, 4), (12, 14, 5), (6, 7, 2), (3, 5, 6)]


@pytest.mark.parametrize("engine", ["reduced", "cnn"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_root_is_a_root_of_the_weights_gram_matrix(shape: tuple[int, int, int], engine: str) -> None:
    """Also where 2m > d - n - 1, and where d = n + 1 leaves no dimension off the span."""
    t, data, w = trained(*shape, engine=engine)
    W = w.reshape(-1, shape[1])
    root = t.weight_root()
    assert root.shape == (2 * shape[2], 2 * shape[2])
    size = float(np.abs(W @ W.T).max())
    np.testing.assert_allclose(root @ root.T, W @ W.T, rtol=0, atol=1e-11 * size)
    start = data.w0.reshape(-1, shape[1])
    first = t.weight_root(0)
    np.testing.assert_allclose(first @ first.T, start @ start.T, rtol=0, atol=1e-11 * size)
    assert np.abs(first @ first.T - W @ W.T).max() > 0.01 * size


DISTRIBUTIONS = [("iid", None), ("spurious", None), ("spurious", 0.2), ("spurious", 3.0)]


def truth(data: Data, w: Floats, distribution: str, sigma: float) -> tuple[int, int]:
    rng = np.random.default_rng(1)
    batches = [count_errors(w, data, distribution, sigma, 20_000, rng) for _ in range(5)]
    return sum(batches), 100_000


@pytest.mark.parametrize(("distribution", "sigma_zeta"), DISTRIBUTIONS)
@pytest.mark.parametrize("shape", SHAPES[:2], ids=str)
def test_the_error_is_that_of_real_patches(
    shape: tuple[int, int, int], distribution: str, sigma_zeta: float | None
) -> None:
    t, data, w = trained(*shape)
    # For arrays from outside sigma_xi is the root mean square of the patches.
    sigma = float(np.sqrt(np.mean(data.xi**2))) if sigma_zeta is None else sigma_zeta
    errors, draws = truth(data, w, distribution, sigma)
    assert 0.005 * draws < errors < 0.7 * draws
    estimate, low, high = t.test_error(distribution, samples=100_000, sigma_zeta=sigma_zeta)
    assert low <= estimate <= high
    counts = [round(estimate * 100_000), errors]
    table = [counts, [100_000 - counts[0], draws - counts[1]]]
    assert stats.fisher_exact(table).pvalue > 1e-4, (estimate, errors / draws)


def test_a_wrong_scale_or_distribution_would_be_seen() -> None:
    t, data, w = trained(*SHAPES[0])
    errors, draws = truth(data, w, "spurious", t.sigma_xi)
    for wrong in (
        t.test_error("spurious", samples=100_000, sigma_zeta=1.2),
        t.test_error("iid", samples=100_000),
        t.test_error("spurious", samples=100_000, at=5),
    ):
        table = [[round(wrong[0] * 100_000), errors], [round((1 - wrong[0]) * 100_000), draws - errors]]
        assert stats.fisher_exact(table).pvalue < 1e-4


def test_the_limits_cover_the_truth_as_often_as_they_say() -> None:
    t, data, w = trained(*SHAPES[0])
    errors, draws = truth(data, w, "iid", t.sigma_xi)
    intervals = [t.test_error("iid", samples=300, seed=seed) for seed in range(200)]
    missed = sum(not low <= errors / draws <= high for _, low, high in intervals)
    assert stats.binom.sf(missed - 1, 200, 0.05) > 1e-4
    assert len({estimate for estimate, _, _ in intervals}) > 10  # seeds matter
    halved = sum(not low <= 0.5 * errors / draws <= high for _, low, high in intervals)
    assert stats.binom.sf(halved - 1, 200, 0.05) < 1e-4


@pytest.mark.parametrize(("errors", "samples"), [(0, 50), (50, 50), (1, 2), (3, 1000), (500, 1000)])
def test_the_limits_are_those_of_clopper_and_pearson(errors: int, samples: int) -> None:
    for level in (0.5, 0.95, 0.999):
        exact = stats.binomtest(errors, samples).proportion_ci(level, method="exact")
        assert binomial_interval(errors, samples, level) == pytest.approx((exact.low, exact.high), rel=1e-9)


def error_of(samples: int, seed: int, **change: Any) -> float:
    """Errors of a network of one filter a side; about a third."""
    given: dict[str, Any] = {
        "signal_products": np.array([0.4, -0.3]),
        "noise_products": np.array([[0.2, -0.1, 0.5], [0.3, 0.4, -0.2]]),
        "distribution": "iid",
        "draw": lambda rng, count: rng.standard_normal((count, 2)),
    }
    return monte_carlo_error(**{**given, **change}, samples=samples, seed=seed)[0]


@pytest.mark.parametrize("distribution", ["iid", "spurious"])
def test_drawing_in_chunks_changes_no_distribution(
    distribution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = error_of(200_000, 0, distribution=distribution)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 16 * 7000)  # 7000 points of two filters
    parts = error_of(200_000, 1, distribution=distribution)
    se = np.sqrt(2 * whole * (1 - whole) / 200_000)
    assert abs(parts - whole) < 4 * se
    # Chunks are independent of each other: one repeated would double every count.
    doubled = [
        error_of(14_000, seed, distribution=distribution) == error_of(7000, seed, distribution=distribution)
        for seed in range(5)
    ]
    assert not all(doubled)
    # And the first chunk is the same however many follow.
    assert error_of(7000, 3, distribution=distribution) == error_of(7000, 3, distribution=distribution)


def test_ties_are_errors() -> None:
    """A network that is 0 everywhere predicts nothing."""
    assert error_of(100, 0, draw=lambda _, count: np.zeros((count, 2)), signal_products=np.zeros(2)) == 1.0


@pytest.mark.parametrize("method", ["test_error", "log_test_error"])
@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"distribution": "ood"}, "distribution"),
        ({"samples": 0}, "samples"),
        ({"samples": -3}, "samples"),
        ({"at": STEPS + 1}, "at"),
        ({"sigma_zeta": -1.0, "distribution": "spurious"}, "sigma_zeta"),
        ({"sigma_zeta": float("nan"), "distribution": "spurious"}, "sigma_zeta"),
    ],
)
def test_wrong_arguments_are_refused_by_name(given: dict[str, Any], name: str, method: str) -> None:
    t, _, _ = trained(*SHAPES[2])
    with pytest.raises(ValueError) as refused:
        getattr(t, method)(**given)
    assert str(refused.value).split()[0] == name
