"""The law of every sample, written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from run_cases import small_run
from scipy import stats

from theory.two_stage.mean_field.sample_law import memorisation_error, run_sample_law, sample_law


def g(z: float) -> float:
    return 1 / (1 + math.exp(z))


def head(rho: float, iota: float) -> float:
    """`iota/sqrt(2 pi) - E (iota N - rho)_+`."""
    x = rho / iota
    return iota / math.sqrt(2 * math.pi) - (iota * stats.norm.pdf(x) - rho * stats.norm.sf(x))


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
