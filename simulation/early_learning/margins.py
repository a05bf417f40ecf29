"""Whether labels are linearly separable, and the hard-margin direction: solvers, no training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, qr
from scipy.optimize import linprog, nnls

__all__ = ["HardMargin", "hard_margin", "hard_margin_of_gram", "separable"]

Floats = NDArray[np.float64]


def _points(x: Floats, labels: Floats) -> Floats:
    if x.ndim != 2 or labels.shape != (len(x),):
        raise ValueError(f"labels must have shape ({len(x)},) to match x, was {labels.shape}")
    return x * labels[:, None]


def separable(x: Floats, labels: Floats) -> bool:
    """Whether some vector w has `labels_i (w . x_i) >= 1` for all i: a linear program (HiGHS).

    Args:
        x: inputs, (n, p).
        labels: signs in {-1, +1}, (n,).

    Raises:
        RuntimeError: when the solver comes to no conclusion.

    >>> separable(np.array([[1.], [2.]]), np.array([1., 1.]))
    True
    >>> separable(np.array([[1.], [1.]]), np.array([1., -1.]))
    False
    """
    signed = _points(x, labels)
    n, p = signed.shape
    if p > n:
        # The same cone in the n coordinates that the points span.
        signed = qr(signed.T, mode="r")[0][:n].T
        p = n
    # Close to the threshold the simplex method now and then ends undecided; the interior point does not.
    for method in ("highs", "highs-ipm"):
        found = linprog(np.zeros(p), A_ub=-signed, b_ub=-np.ones(n), bounds=(None, None), method=method)
        if found.status in (0, 2):
            return bool(found.status == 0)
    raise RuntimeError(f"the linear program for n = {n}, p = {p} ended undecided: {found.message}")


@dataclass(frozen=True, eq=False)
class HardMargin:
    """`min |w|` subject to `labels_i (w . x_i) >= 1`.

    Args:
        weights: w is `sum_i weights_i labels_i x_i`, all >= 0, (n,).
        norm2: `|w|^2 = sum_i weights_i`.
        support: examples with a weight above zero, (n,).
    """

    weights: Floats
    norm2: float
    support: NDArray[np.bool_]


def hard_margin_of_gram(gram: Floats) -> HardMargin:
    """The hard margin from `G_ik = labels_i labels_k x_i . x_k`, positive definite (n, n).

    The dual `min (1/2) a^T G a - sum a, a >= 0` is the nonnegative least squares `|L^T a - L^-1 1|` with
    `G = L L^T`.

    Raises:
        ValueError: when gram is not positive definite (fewer dimensions than examples): use `hard_margin`.
    """
    try:
        lower = cholesky(gram, lower=True)
    except np.linalg.LinAlgError:
        raise ValueError("gram must be positive definite; with p < n use hard_margin(x, labels)") from None
    right = np.linalg.solve(lower, np.ones(len(gram)))
    weights, _ = nnls(lower.T, right, maxiter=30 * len(gram))
    return HardMargin(weights, float(weights.sum()), weights > 1e-12 * weights.max())


def hard_margin(x: Floats, labels: Floats) -> HardMargin | None:
    """The hard margin of given arrays, or None when the labels are not separable.

    Lawson and Hanson's least-distance programming: `|[X^T; 1^T] u - (0, .., 0, 1)|` over u >= 0 has residual
    zero exactly when no vector separates.
    """
    signed = _points(x, labels)
    n, p = signed.shape
    if p > n:
        signed = qr(signed.T, mode="r")[0][:n].T
    stacked = np.vstack([signed.T, np.ones(n)])
    aim = np.zeros(len(stacked))
    aim[-1] = 1.0
    u, residual = nnls(stacked, aim, maxiter=30 * n)
    if residual < 1e-9:
        return None
    # The last entry of the residual vector is residual^2; dividing by it makes the smallest margin 1.
    weights = u / (aim - stacked @ u)[-1]
    return HardMargin(weights, float(weights.sum()), weights > 1e-12 * weights.max())
