r"""Does a law engine draw (K, A^(0)) and the labels from their law? Its draws against arrays, and formulas.

At d = n + 1, n + 2, 4n and 100n the engine draws many times, one gradient step each. The numbers of
`theory.two_stage.drawn_law` are compared with those of as many d-dimensional arrays drawn here from the
definition (two-sample Kolmogorov-Smirnov), and where their law is known in closed form with that:

* ln det K: its mean, a z-test with the exact mean and variance. One degree of freedom too many moves it by
  sqrt(n/2d) standard deviations, .07 at d = 100n: 7.7 standard errors of 12,000 draws, p ~ 1e-14;
* tr A0 K^-1 A0^T and |xi_n|^2: chi-squared, one-sample Kolmogorov-Smirnov;
* labels: binomial with 1/2, and flips of each class binomial with its own rate.

A check fails when its least p-value after Holm's correction is below 1e-6: of correct engines, whatever their
seeds, one in a million fails.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.conformance.check import Measurement
from theory.rng import generator
from theory.two_stage.drawn_law import draw_features, log_det_moments
from theory.two_stage.setting import Setting

__all__ = ["DIMENSIONS", "DRAWN_RULE", "Draws", "against_law", "drawn_setting", "sample_draws"]

Floats = NDArray[np.float64]
#: K (N, n+1, n+1), A^(0) (N, 2m, n+1), y and y_observed (N, n).
Draws = tuple[Floats, Floats, Floats, Floats]

_N, _M = 6, 2
#: The dimensions by name: no room, one dimension more, cross-talk of order 1, and the paper's side.
DIMENSIONS: Mapping[str, int] = {
    "d = n + 1": _N + 1,
    "d = n + 2": _N + 2,
    "d = 4n": 4 * _N,
    "d = 100n": 100 * _N,
}
_LEVEL = 6.0
DRAWN_RULE = "-log10 of the least p-value after Holm's correction"
_CHUNK = 1000


def drawn_setting(d: int) -> Setting:
    """Unequal flip rates, and no unit equal to 1."""
    return Setting.from_n_snr2(
        n=_N, d=d, m=_M, n_snr2=4.0, tau_plus=0.35, tau_minus=0.1, kappa_0=1.0, clock_step=0.1, sigma_xi=0.7
    )


def sample_draws(setting: Setting, draws: int, seed: int) -> Draws:
    """As many draws from d-dimensional arrays: mu on an axis, patches and weights normal, labels flipped."""
    n, d, m = setting.n, setting.d, setting.m
    parts: list[Draws] = []
    for chunk, start in enumerate(range(0, draws, _CHUNK)):
        count = min(_CHUNK, draws - start)
        rng = generator(seed, f"conformance arrays {d}", chunk)
        V = setting.sigma_xi * rng.standard_normal((count, d, n + 1))
        V[:, :, 0] = 0.0
        V[:, 0, 0] = setting.signal_norm
        W = setting.sigma_0 * rng.standard_normal((count, 2 * m, d))
        y = rng.choice([-1.0, 1.0], size=(count, n))
        rate = np.where(y > 0, setting.tau_plus, setting.tau_minus)
        y_observed = np.where(rng.random((count, n)) < rate, -y, y)
        parts.append((np.swapaxes(V, 1, 2) @ V, W @ V, y, y_observed))
    return tuple(np.concatenate(p) for p in zip(*parts, strict=True))  # type: ignore[return-value]


def _p_values(setting: Setting, draws: Draws, arrays: Draws) -> dict[str, float]:
    from scipy import stats

    K, _, y, y_observed = draws
    found, sampled = draw_features(*draws), draw_features(*arrays)
    p = {
        f"{name} against arrays": float(stats.ks_2samp(found[name], sampled[name], method="asymp").pvalue)
        for name in found
    }
    mean, variance = log_det_moments(setting)
    z = (found["ln det K"].mean() - mean) / np.sqrt(variance / len(K))
    p["mean of ln det K"] = float(2 * stats.norm.sf(abs(z)))
    known = {
        "tr A0 K^-1 A0^T": (2 * setting.m * (setting.n + 1), setting.sigma_0**2),
        "norm of a patch": (setting.d, setting.sigma_xi**2),
    }
    for name, (freedom, scale) in known.items():
        p[f"{name}, chi-squared"] = float(
            stats.kstest(found[name], stats.chi2(freedom, scale=scale).cdf, method="asymp").pvalue
        )
    signal = np.abs(K[:, 0, 0] / setting.signal_norm**2 - 1).max()
    p["|mu|^2 as set"] = float(signal <= 1e-12)
    p["true labels"] = float(stats.binomtest(int((y > 0).sum()), y.size, 0.5).pvalue)
    for label, rate in ((1, setting.tau_plus), (-1, setting.tau_minus)):
        of_class = y == label
        flips = int((y_observed != y)[of_class].sum())
        p[f"flips of class {label:+d}"] = float(stats.binomtest(flips, int(of_class.sum()), rate).pvalue)
    return p


def against_law(setting: Setting, draws: Draws, arrays: Draws) -> Measurement:
    """-log10 of the least p-value after Holm's correction, against 6.

    A draw that is not finite, or whose K is singular, counts as p = 0.
    """
    if not all(np.all(np.isfinite(x)) for x in draws) or np.linalg.eigvalsh(draws[0]).min() <= 0:
        return Measurement(float("inf"), _LEVEL, "K or A0 is not finite, or K is singular")
    p = _p_values(setting, draws, arrays)
    worst = min(p, key=lambda name: p[name])
    # Holm's correction of the least p-value is Bonferroni's.
    corrected = min(1.0, p[worst] * len(p))
    with np.errstate(divide="ignore"):
        error = float(-np.log10(corrected)) + 0.0
    return Measurement(error, _LEVEL, f"{worst}: p = {p[worst]:.1e} over {len(draws[0])} draws")
