"""The law of every sample, written out."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from theory.two_stage.mean_field.sample_law import memorisation_error, run_sample_law, sample_law
from theory.two_stage.setting import Setting


def g(z: float) -> float:
    return 1 / (1 + math.exp(z))


def head(rho: float, iota: float) -> float:
    """`iota/sqrt(2 pi) - E (iota N - rho)_+`."""
    x = rho / iota
    return iota / math.sqrt(2 * math.pi) - (iota * stats.norm.pdf(x) - rho * stats.norm.sf(x))


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
