r"""What a draw `(K, A^(0), y, y~)` is compared by: numbers whose laws any sampler must reproduce.

Gradient descent is a function of the draw alone, so samplers of one law give runs of one law. With
`V = [mu, xi_1..xi_n]`, `K = V^T V` and `A^(0) = W^(0) V`, for Gaussian patches and weights,

    ln det K = ln |mu|^2 + sum_{k<n} ln(sigma_xi^2 chi^2_{d-1-k})     (independent)
    tr A^(0) K^-1 A^(0)^T ~ sigma_0^2 chi^2_{2m(n+1)}
    K_ii = |xi_i|^2 ~ sigma_xi^2 chi^2_d

and the extreme eigenvalues of K and the rows of A^(0) have laws that only samples tell. One degree of freedom
too many, `chi_{d-k}` for `chi_{d-1-k}`, moves ln det K by sum 1/(d-1-k), about sqrt(n/2d) of its deviation.

Source: Bartlett's decomposition; derived here (`docs/engines.md`, Exactness in law).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.setting import Setting

__all__ = ["draw_features", "log_det_moments"]

Floats = NDArray[np.float64]


def draw_features(gram: Floats, products: Floats, y: Floats, y_observed: Floats) -> dict[str, Floats]:
    """The compared numbers of draws; K (..., n+1, n+1), A^(0) (..., 2m, n+1), labels (..., n).

    >>> K, A = np.diag([4.0, 1.0, 2.0]), np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    >>> found = draw_features(K, A, np.array([1.0, -1.0]), np.array([1.0, 1.0]))
    >>> {name: round(float(x), 6) for name, x in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'ln det K': 2.079442, 'least eigenvalue of K': 1.0, 'largest eigenvalue of K': 4.0,
     'tr A0 K^-1 A0^T': 2.5, 'norm of a patch': 2.0, 'norm of a row of A0': 4.0,
     'flips of class +1': 0.0, 'flips of class -1': 1.0}
    """
    if gram.ndim == 2:
        # Tens of thousands of small draws: LAPACK itself, and one factor for both.
        from scipy.linalg import lapack

        eigenvalues, _, _ = lapack.dsyevd(gram, compute_v=0, lower=1)
        factor, _, solved, _ = lapack.dgesv(gram, products.T)
        log_det = np.log(np.abs(factor.diagonal())).sum()
    else:
        eigenvalues = np.linalg.eigvalsh(gram)
        solved = np.linalg.solve(gram, np.swapaxes(products, -1, -2))
        log_det = np.linalg.slogdet(gram)[1]
    flipped = y != y_observed
    return {
        "ln det K": np.asarray(log_det),
        "least eigenvalue of K": eigenvalues[..., 0],
        "largest eigenvalue of K": eigenvalues[..., -1],
        "tr A0 K^-1 A0^T": np.sum(products * np.swapaxes(solved, -1, -2), axis=(-2, -1)),
        "norm of a patch": gram[..., -1, -1],
        "norm of a row of A0": np.sum(products[..., 0, :] ** 2, axis=-1),
        "flips of class +1": np.asarray(np.sum(flipped & (y > 0), axis=-1, dtype=np.float64)),
        "flips of class -1": np.asarray(np.sum(flipped & (y < 0), axis=-1, dtype=np.float64)),
    }


def log_det_moments(setting: Setting) -> tuple[float, float]:
    """Mean and variance of ln det K: digamma and trigamma functions of half the degrees of freedom.

    >>> s = Setting.from_n_snr2(n=2, d=3, m=1, n_snr2=3.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0,
    ...                         clock_step=0.1)
    >>> [round(x, 6) for x in log_det_moments(s)]  # 2 samples in 2 dimensions: chi^2_2 and chi^2_1
    [0.349646, 6.579736]
    """
    from scipy.special import polygamma

    half = (setting.d - 1 - np.arange(setting.n)) / 2
    logs = polygamma(0, half) + np.log(2 * setting.sigma_xi**2)
    return float(2 * np.log(setting.signal_norm) + logs.sum()), float(polygamma(1, half).sum())
