"""The law engine against direct sampling: the same distributions, and planted faults in it are seen.

Every test compares fixed seeds, so its outcome never varies; the error level is shared by Holm's method
within a family of comparisons. Direct samples come from the oracle: d-dimensional arrays, own generator.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle.numpy_cnn import Data, coefficients, count_errors, make_data, stacked
from oracle.numpy_cnn import train as train_oracle
from scipy import stats

from simulation.two_stage.geometry import Geometry, draw_geometry
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.stages import stays_fit
from simulation.two_stage.trajectory import Trajectory
from theory.two_stage.setting import Setting

Floats = NDArray[np.float64]
Sampler = Callable[[Setting, int], Geometry]
#: Probability of a false alarm of a family, over the choice of the seeds fixed below.
LEVEL = 1e-3
DIRECT_RUNS = 500
LAW_RUNS = 1500
FRESH = 400


def holm(p_values: Mapping[str, float], level: float = LEVEL) -> list[str]:
    """The comparisons that Holm's method rejects."""
    rejected = []
    for k, name in enumerate(sorted(p_values, key=lambda key: p_values[key])):
        if p_values[name] > level / (len(p_values) - k):
            break
        rejected.append(name)
    return rejected


def small(d: int) -> Setting:
    """(n, d, m) = (12, d, 5); kappa_0 = 4, so that initial weights matter to the end."""
    return Setting.from_n_snr2(
        n=12, d=d, m=5, n_snr2=5.0, tau_plus=0.3, tau_minus=0.15, kappa_0=4.0, clock_step=0.25, sigma_xi=0.7
    )


# Whole runs ---------------------------------------------------------------------------------------------

STEPS = 60


def summary(margins: Floats, clean: NDArray[np.bool_], gamma: Floats, error: float) -> dict[str, float]:
    steps = np.arange(len(margins), dtype=np.int64)
    return {
        "final loss": float(np.logaddexp(0.0, -margins[-1]).mean()),
        "mean gamma": float(gamma.mean()),
        "least margin": float(margins[-1].min()),
        "t_half": stays_fit(margins[:, ~clean], steps, 0.5),
        "iid error": error,
    }


def columns(rows: list[dict[str, float]]) -> dict[str, Floats]:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@cache
def direct_runs(d: int) -> dict[str, Floats]:
    """Runs of d-dimensional networks on arrays, all by the oracle."""
    s = small(d)
    generators = [np.random.default_rng([20, d, seed]) for seed in range(DIRECT_RUNS)]
    several = [
        make_data(
            rng, s.n, d, s.m,
            sigma_xi=s.sigma_xi, signal_norm=s.signal_norm,
            flip_plus=s.tau_plus, flip_minus=s.tau_minus, sigma_0=s.sigma_0,
        )
        for rng in generators
    ]  # fmt: skip
    run = train_oracle(stacked(several), s.eta, STEPS)
    rows = []
    for k, (data, rng) in enumerate(zip(several, generators, strict=True)):
        w = run.weights[STEPS][k]
        gamma, _ = coefficients(w, data)
        error = count_errors(w, data, "iid", s.sigma_xi, FRESH, rng) / FRESH
        rows.append(summary(run.margins[:, k], data.y == data.y_observed, gamma, error))
    return columns(rows)


def law_runs(d: int, sampler: Sampler) -> dict[str, Floats]:
    s = small(d)
    geometries = [sampler(s, seed) for seed in range(LAW_RUNS)]
    grid = np.arange(STEPS + 1, dtype=np.int64)
    records = run_reduced(
        geometries,
        [s.eta] * LAW_RUNS,
        steps=[STEPS] * LAW_RUNS,
        recorded=[grid] * LAW_RUNS,
        snapshots=[grid[-1:]] * LAW_RUNS,
    )
    rows = []
    for seed, (record, geometry) in enumerate(zip(records, geometries, strict=True)):
        run = Trajectory(record, geometry, s.eta, "law", "float64", seed, s.sigma_xi, s, True)
        error, _, _ = run.test_error("iid", samples=FRESH, seed=seed)
        rows.append(summary(run.margins, run.y == run.y_observed, run.gamma[-1], error))
    return columns(rows)


def compare(d: int, sampler: Sampler) -> dict[str, float]:
    law, direct = law_runs(d, sampler), direct_runs(d)
    return {name: float(stats.ks_2samp(law[name], direct[name]).pvalue) for name in law}


def test_runs_of_the_law_engine_are_distributed_as_runs_on_arrays() -> None:
    """(12, 60, 5), and (12, 14, 5), where 2m > d - n - 1 makes the weights' Wishart factor singular."""
    p_values = {f"{name}, d={d}": p for d in (60, 14) for name, p in compare(d, draw_geometry).items()}
    assert holm(p_values) == [], p_values


def without_weights_off_span(setting: Setting, seed: int) -> Geometry:
    g = draw_geometry(setting, seed)
    factor = replace(g.factor, L_perp=0.0 * g.factor.L_perp)
    return replace(g, make_factor=lambda: factor)


def rebuilt(g: Geometry, R: Floats) -> Geometry:
    """The same weights over patches with another triangular factor."""
    factor = replace(g.factor, R=R)
    return replace(g, gram=R.T @ R, products=g.factor.B0 @ R, make_factor=lambda: factor)


def without_noise_along_mu(setting: Setting, seed: int) -> Geometry:
    g = draw_geometry(setting, seed)
    R = g.factor.R.copy()
    R[0, 1:] = 0.0
    return rebuilt(g, R)


def with_more_freedom(setting: Setting, seed: int) -> Geometry:
    """chi_{d-k} in place of chi_{d-1-k}: `chi_{f+1}^2 = chi_f^2 + N(0,1)^2`, exactly."""
    g = draw_geometry(setting, seed)
    R = g.factor.R.copy()
    more = setting.sigma_xi * np.random.default_rng([21, seed]).standard_normal(setting.n)
    noise = np.arange(1, setting.n + 1)
    R[noise, noise] = np.hypot(R[noise, noise], more)
    return rebuilt(g, R)


def without_flipped_labels(setting: Setting, seed: int) -> Geometry:
    g = draw_geometry(setting, seed)
    return replace(g, y_observed=g.y)


@pytest.mark.parametrize(
    ("fault", "d", "where"),
    [
        (without_weights_off_span, 60, "iid error"),
        (without_noise_along_mu, 14, "mean gamma"),
        (without_flipped_labels, 60, "t_half"),
    ],
)
def test_a_fault_of_the_sampler_shows_in_the_runs(fault: Sampler, d: int, where: str) -> None:
    assert where in holm(compare(d, fault))


# The Gram matrix and the initial products ---------------------------------------------------------------

DRAWS = 2000


@cache
def k_only(d: int) -> Setting:
    return Setting(
        n=12, d=d, m=2, sigma_xi=0.7, signal_norm=3.0, tau_plus=0.1, tau_minus=0.1, sigma_0=0.2, eta=1.0
    )


def direct_geometry(setting: Setting, seed: int) -> Data:
    return make_data(
        np.random.default_rng([22, setting.d, seed]), setting.n, setting.d, setting.m,
        sigma_xi=setting.sigma_xi, signal_norm=setting.signal_norm,
        flip_plus=0.1, flip_minus=0.1, sigma_0=setting.sigma_0,
    )  # fmt: skip


def features(K: Floats, A0: Floats, weights_gram: Floats) -> dict[str, float]:
    return {
        "log det K": float(np.linalg.slogdet(K)[1]),
        "least eigenvalue of K": float(np.linalg.eigvalsh(K)[0]),
        "noise cross-talk": float(K[1, 2]),
        "noise along mu": float(K[0, 3]),
        "tr A0 K^-1 A0^T": float(np.trace(A0 @ np.linalg.solve(K, A0.T))),
        "initial product": float(A0[0, 4]),
        "norm of a weight": float(weights_gram[0, 0]),
        "overlap of two weights": float(weights_gram[0, 3]),
    }


def of_law(setting: Setting, sampler: Sampler) -> dict[str, Floats]:
    rows = []
    for seed in range(DRAWS):
        g = sampler(setting, seed)
        M = np.concatenate([g.factor.B0, g.factor.L_perp], axis=1)
        rows.append(features(g.gram, g.products, M @ M.T))
    return columns(rows)


@cache
def of_arrays(d: int) -> dict[str, Floats]:
    rows = []
    for seed in range(DRAWS):
        data = direct_geometry(k_only(d), seed)
        patches = np.concatenate([data.mu[None], data.xi])
        W = data.w0.reshape(-1, d)
        rows.append(features(patches @ patches.T, W @ patches.T, W @ W.T))
    return columns(rows)


@pytest.mark.parametrize("d", [13, 16, 40])
def test_gram_matrix_products_and_weights_are_distributed_as_those_of_arrays(d: int) -> None:
    """d = 13 = n + 1 leaves no dimension off the span; 16 a singular Wishart (2m > d - n - 1); 40 a full."""
    law, direct = of_law(k_only(d), draw_geometry), of_arrays(d)
    p_values = {name: float(stats.ks_2samp(law[name], direct[name]).pvalue) for name in law}
    assert holm(p_values) == [], p_values


def test_one_degree_of_freedom_too_many_is_seen_at_once() -> None:
    law, direct = of_law(k_only(16), with_more_freedom), of_arrays(16)
    assert stats.ks_2samp(law["log det K"], direct["log det K"]).pvalue < 1e-60


MOMENT_DRAWS = 2000


@cache
def moments_of(sampler: Sampler, d: int) -> dict[str, float]:
    """z-scores of the closed-form moments, by name; 3 of 1000 correct ones exceed 3."""
    s = k_only(d)
    samples: dict[str, list[float]] = {}
    expected = {
        "E |xi|^2": s.sigma_xi**2 * d,
        "Var |xi|^2": 2 * s.sigma_xi**4 * d,
        "E <xi, xi'>": 0.0,
        "Var <xi, xi'>": s.sigma_xi**4 * d,
        "Var <mu, xi>": (s.signal_norm * s.sigma_xi) ** 2,
        "E tr A0 K^-1 A0^T": 2 * s.m * (s.n + 1) * s.sigma_0**2,
        "Var <w0, mu>": (s.sigma_0 * s.signal_norm) ** 2,
        "E |w|^2": s.sigma_0**2 * d,
        "Var |w|^2": 2 * s.sigma_0**4 * d,
        "E <w, w'>": 0.0,
        "Var <w, w'>": s.sigma_0**4 * d,
    }
    for name in expected:
        samples[name] = []
    for seed in range(MOMENT_DRAWS):
        g = sampler(s, seed)
        M = np.concatenate([g.factor.B0, g.factor.L_perp], axis=1)
        WW = M @ M.T
        K = g.gram
        # One entry of each kind a draw, so that the samples are independent.
        samples["E |xi|^2"].append(K[-1, -1])
        samples["Var |xi|^2"].append((K[-1, -1] - s.sigma_xi**2 * d) ** 2)
        samples["E <xi, xi'>"].append(K[-1, -2])
        samples["Var <xi, xi'>"].append(K[-1, -2] ** 2)
        samples["Var <mu, xi>"].append(K[0, -1] ** 2)
        samples["E tr A0 K^-1 A0^T"].append(np.trace(g.products @ np.linalg.solve(K, g.products.T)))
        samples["Var <w0, mu>"].append(g.products[0, 0] ** 2)
        samples["E |w|^2"].append(WW[-1, -1])
        samples["Var |w|^2"].append((WW[-1, -1] - s.sigma_0**2 * d) ** 2)
        samples["E <w, w'>"].append(WW[0, -1])
        samples["Var <w, w'>"].append(WW[0, -1] ** 2)
    return {
        name: float((np.mean(x) - expected[name]) / (np.std(x) / np.sqrt(len(x))))
        for name, x in samples.items()
    }


@pytest.mark.parametrize("d", [16, 40])
def test_moments_in_closed_form(d: int) -> None:
    p_values = {name: 2 * float(stats.norm.sf(abs(z))) for name, z in moments_of(draw_geometry, d).items()}
    assert holm(p_values) == [], p_values


def test_the_moments_see_one_degree_of_freedom_too_many() -> None:
    assert moments_of(with_more_freedom, 16)["E |xi|^2"] > 5


def test_the_signal_is_exact() -> None:
    s = k_only(40)
    assert draw_geometry(s, 0).gram[0, 0] == pytest.approx(s.signal_norm**2, rel=4 * np.finfo(float).eps)


# The cost does not depend on d --------------------------------------------------------------------------


def sized(d: int) -> Setting:
    return Setting.from_n_snr2(
        n=60, d=d, m=20, n_snr2=5.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1
    )


def shapes(g: Geometry) -> list[tuple[int, ...]]:
    return [x.shape for x in (g.gram, g.products, g.factor.R, g.factor.B0, g.factor.L_perp)]


def peak_bytes(work: Callable[[], object]) -> int:
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_work_is_the_same_at_every_dimension() -> None:
    assert shapes(draw_geometry(sized(10**3), 0)) == shapes(draw_geometry(sized(10**12), 0))
    low, high = (peak_bytes(lambda d=d: draw_geometry(sized(d), 0)) for d in (10**3, 10**12))  # type: ignore[misc]
    assert high <= low + 4096
    # The measure sees a sampler of d-vectors, here 100 times larger.
    arrays = [peak_bytes(lambda d=d: direct_geometry(sized(d), 0)) for d in (10**3, 10**4)]  # type: ignore[misc]
    assert arrays[1] > 5 * arrays[0]


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return median(once() for _ in range(repeats))


def test_the_time_hardly_depends_on_the_dimension() -> None:
    """Medians of interleaved CPU times; a generous factor 3, where O(d) work would show a factor 10^9."""
    ratio = median(
        median_seconds(lambda: draw_geometry(sized(10**12), 1), 5)
        / max(median_seconds(lambda: draw_geometry(sized(10**3), 1), 5), 1e-9)
        for _ in range(5)
    )
    assert ratio < 3
