"""Runs are tested on the noise that they were trained on: each law against real patches and real weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulation import Problem, Trajectory, sample_problem, train
from simulation.two_stage.fresh_noise import Elliptical, Isotropic, law_of_variation, named_law
from simulation.two_stage.rare import log_error
from simulation.two_stage.run import MeasuredRun
from theory import Setting, Variation
from theory.two_stage.variation import NOISES

Floats = NDArray[np.float64]
D = 80
S = Setting.from_n_snr2(
    n=20, d=D, m=5, n_snr2=3.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.5, clock_step=0.05, sigma_xi=0.7
)
SAMPLES = 60_000


def patches(noise: str, decay: float, rng: np.random.Generator, count: int) -> Floats:
    """Patches of a law of `Variation`, by its definition."""
    shape = (count, D)
    if noise == "correlated":
        values = np.arange(1, D + 1.0) ** -decay
        x = rng.standard_normal(shape) * np.sqrt(values * D / values.sum())
    elif noise == "elliptical_t5":
        x = rng.standard_normal(shape) / np.sqrt(rng.chisquare(5, (count, 1)) / 3)
    elif noise == "sparse":
        x = np.where(rng.random(shape) < 0.05, rng.normal(0, math.sqrt(20), shape), 0.0)
    else:
        x = {
            "gaussian": lambda: rng.standard_normal(shape),
            "rademacher": lambda: rng.choice([-1.0, 1.0], shape),
            "laplace": lambda: rng.laplace(0, 1 / math.sqrt(2), shape),
            "student_t5": lambda: rng.standard_t(5, shape) * math.sqrt(0.6),
        }[noise]()
    return S.sigma_xi * x


def weights(t: Trajectory, w0: Floats, mu: Floats, xi: Floats) -> Floats:
    """W = W0 + C D^-1 V^T, from the coefficients as the definition of the decomposition says."""
    assert t.rho is not None
    side = np.array([1.0, -1.0])[:, None, None]
    w = w0 + side * t.gamma[-1][..., None] * mu / (mu @ mu)
    return np.asarray(w + t.rho[-1] @ (xi / np.sum(xi**2, axis=1)[:, None]))


def count_errors(w: Floats, mu: Floats, draw: Callable[[np.random.Generator, int], Floats]) -> int:
    """0-1 errors against the true label on SAMPLES fresh points, from the network's definition."""
    rng, errors = np.random.default_rng(3), 0
    for _ in range(SAMPLES // 10_000):
        xi, y = draw(rng, 10_000), rng.choice([-1.0, 1.0], 10_000)
        noise = np.maximum(np.einsum("nd,jrd->njr", xi, w), 0).mean(axis=2)
        signal = np.maximum(y[:, None, None] * (w @ mu), 0).mean(axis=2)
        f = (signal + noise) @ np.array([1.0, -1.0])
        errors += int(np.count_nonzero(y * f <= 0))
    return errors


def agree(found: tuple[float, float, float], errors: int) -> float:
    counts = [round(found[0] * SAMPLES), errors]
    table = [counts, [SAMPLES - c for c in counts]]
    return float(stats.fisher_exact(table).pvalue)


@pytest.mark.parametrize(
    ("noise", "engine"), [*((noise, "reduced") for noise in NOISES), ("correlated", "cnn")]
)
def test_a_sampled_run_is_tested_on_its_own_noise(noise: Any, engine: str) -> None:
    variation = Variation(noise, decay=1.0)
    p = sample_problem(S, 5, variation)
    t = train(p, steps=60, engine=engine, snapshots=[60])
    errors = count_errors(
        weights(t, p.w0, p.mu, p.xi), p.mu, lambda rng, count: patches(noise, 1.0, rng, count)
    )
    assert 20 < errors < 0.45 * SAMPLES
    found = t.test_error(samples=SAMPLES)
    assert found[1] <= found[0] <= found[2]
    assert agree(found, errors) > 1e-4
    value, low, high = t.log_test_error(samples=SAMPLES)
    assert low <= value <= high
    # Three standard errors of the count, and the estimate's own limits.
    slack = 3 / math.sqrt(errors)
    assert low - slack <= math.log(errors / SAMPLES) <= high + slack


@pytest.mark.parametrize("noise", ["correlated", "elliptical_t5"])
def test_isotropic_patches_would_be_told_from_its_own(noise: Any) -> None:
    """What stood here before: fresh patches N(0, sigma^2 I) whatever the run was trained on."""
    p = sample_problem(S, 5, Variation(noise, decay=1.0))
    t = train(p, steps=60, snapshots=[60])
    errors = count_errors(
        weights(t, p.w0, p.mu, p.xi), p.mu, lambda rng, count: patches(noise, 1.0, rng, count)
    )
    assert agree(t.test_error(samples=SAMPLES, noise="isotropic"), errors) < 1e-6
    assert t.test_error(samples=2_000, noise="isotropic") == t.test_error(
        samples=2_000, noise=Isotropic(S.sigma_xi)
    )


def test_errors_of_the_verifier_and_of_sweeps_are_those() -> None:
    t = train(S, steps=60, engine="reduced", seed=5, variation=Variation("correlated", decay=1.0))
    run = MeasuredRun(t, S, test_samples=700, test_lines=60)
    found = run.test_error("iid", 3.0)
    assert (found.value, found.low, found.high) == t.test_error(samples=700, seed=5)
    logs = run.log_test_error("iid", 3.0)
    assert (logs.value, logs.low, logs.high) == t.log_test_error(samples=60, seed=5)
    # Patches that are no mixture of Gaussians are counted: as many as of the plain error.
    u = train(S, steps=60, engine="reduced", seed=5, variation=Variation("sparse"))
    assert not u.resolves_rare_errors()
    assert u.resolves_rare_errors("spurious")
    counted = MeasuredRun(u, S, test_samples=700, test_lines=60).log_test_error("iid", 3.0)
    assert counted.value == pytest.approx(math.log(u.test_error(samples=700, seed=5)[0]))


def given_arrays() -> dict[str, Floats]:
    """Noise orthogonal to the signal (n 20, d 60, n SNR^2 4, m 10)."""
    rng = np.random.default_rng(3)
    n, d, m = 20, 60, 10
    mu = rng.standard_normal(d)
    mu *= math.sqrt(4 * d / n) / np.linalg.norm(mu)
    xi = rng.standard_normal((n, d))
    xi -= np.outer(xi @ mu, mu) / (mu @ mu)
    y = np.where(rng.random(n) < 0.5, 1.0, -1.0)
    y_observed = np.where(rng.random(n) < 0.2, -y, y)
    return {
        "mu": mu, "xi": xi, "y": y, "y_observed": y_observed,
        "w0": 0.5 * math.sqrt(n) / d * rng.standard_normal((2, m, d)),
    }  # fmt: skip


def test_the_law_for_arrays_is_the_callers_and_the_default_is_said() -> None:
    a = given_arrays()
    mu, n, d = a["mu"], 20, 60
    sigma = float(np.sqrt(np.mean(a["xi"] ** 2)))

    def isotropic(rng: np.random.Generator, count: int) -> Floats:
        return sigma * rng.standard_normal((count, d))

    def orthogonal(rng: np.random.Generator, count: int) -> Floats:
        x = sigma * math.sqrt(d / (d - 1)) * rng.standard_normal((count, d))
        return np.asarray(x - np.outer(x @ mu, mu) / (mu @ mu))

    eta, found, errors = 0.05 * n * 10 / d, {}, {}
    for law, truth in ((None, isotropic), ("isotropic", isotropic), ("orthogonal", orthogonal),
                       (orthogonal, orthogonal)):  # fmt: skip
        t = train(Problem(**a, fresh_noise=law), eta=eta, steps=3000, snapshots=[3000])
        errors[law] = count_errors(weights(t, a["w0"], mu, a["xi"]), mu, truth)
        found[law] = t.test_error(samples=SAMPLES)
        assert agree(found[law], errors[law]) > 1e-4
        # The same by asking for it at the test.
        plain = train(Problem(**a), eta=eta, steps=3000, snapshots=[3000])
        assert plain.test_error(samples=SAMPLES, noise=law) == found[law]
    assert found[None] == found["isotropic"]
    assert agree(found[None], errors["orthogonal"]) < 1e-6
    logs = plain.log_test_error(noise="orthogonal")
    assert logs[0] == pytest.approx(math.log(errors["orthogonal"] / SAMPLES), abs=0.3)
    assert "fresh noise isotropic Gaussian" in repr(Problem(**a))
    assert "(the default)" in repr(Problem(**a))
    assert "orthogonal to mu" in repr(Problem(**a, fresh_noise="orthogonal"))
    assert "(the default)" not in repr(Problem(**a, fresh_noise="orthogonal"))
    assert "fresh noise isotropic Gaussian" in repr(plain)
    assert len(repr(plain)) < 300


def test_the_law_engine_takes_laws_that_need_no_patches() -> None:
    t = train(S.at(d=10**9), steps=60)
    plain = t.test_error("iid", samples=4_000)
    assert t.test_error("iid", samples=4_000, noise="isotropic") == plain
    assert t.log_test_error(noise="orthogonal")[0] <= t.log_test_error()[0] * 0.99
    with pytest.raises(ValueError, match="engine 'law' has no weights"):
        t.test_error("iid", noise=lambda rng, count: rng.standard_normal((count, 3)))


def test_noise_of_d_test_is_isotropic_by_its_definition() -> None:
    for noise in ("correlated", "sparse"):
        t = train(S, steps=40, engine="reduced", variation=Variation(noise))
        one = t.test_error("spurious", samples=3_000)
        assert one == t.test_error("spurious", samples=3_000, sigma_zeta=S.sigma_xi)
        assert one == t.test_error("spurious", samples=3_000, noise="isotropic")
        assert t.log_test_error("spurious", samples=2_000)[0] == pytest.approx(math.log(one[0]), abs=0.3)


WRONG: dict[str, tuple[Any, str]] = {
    "a word": ("diagonal", "noise must be 'isotropic', 'orthogonal', a function"),
    "a number": (3.0, "noise must be 'isotropic'"),
    "too few patches": (lambda rng, count: np.zeros((1, D)), r"must return patches of shape \(count, d\)"),
    "another dimension": (lambda rng, count: np.zeros((count, D + 1)), "must return patches of shape"),
    "NaN": (lambda rng, count: np.full((count, D), np.nan), "must return finite patches"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_noise_is_refused(name: str) -> None:
    noise, message = WRONG[name]
    t = train(S, steps=3, engine="reduced")
    for call in (t.test_error, t.log_test_error):
        with pytest.raises(ValueError, match=message):
            call("iid", samples=20, noise=noise)
    with pytest.raises(ValueError, match="sigma_zeta and noise exclude each other"):
        t.test_error("spurious", sigma_zeta=1.0, noise="isotropic")
    if not callable(noise):
        with pytest.raises(ValueError, match="fresh_noise must be"):
            Problem(**given_arrays(), fresh_noise=noise)


def test_every_law_of_a_variation_has_a_name() -> None:
    laws = {str(law_of_variation(Variation(noise), 1.0)) for noise in NOISES}  # type: ignore[arg-type]
    assert len(laws) == len(NOISES)
    assert named_law("noise", Elliptical(2.0), 1.0, 9) == Elliptical(2.0)


def test_a_mixture_of_scales_is_the_integral_over_them() -> None:
    """One filter a side: P(error) given the scale is known, and the law of Student's t follows."""
    problem = {"root": np.eye(2), "signal_products": np.array([6.0, -6.0]), "noise_products": None}
    scales, share = np.array([0.5, 2.0, 5.0]), np.array([0.2, 0.5, 0.3])
    mixed = log_error(**problem, sigma=1.0, samples=60_000, seed=1, scales=scales, log_weights=np.log(share))
    alone = [log_error(**problem, sigma=s, samples=40_000, seed=2)[0] for s in scales]
    assert mixed[0] == pytest.approx(math.log(float(share @ np.exp(alone))), abs=0.02)
    assert mixed[1] <= mixed[0] <= mixed[2]
