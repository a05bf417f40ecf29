"""A run of the first paper from arrays without symmetry, for laws written out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from theory.two_stage.setting import Setting


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
