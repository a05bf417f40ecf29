"""The finite minimiser of the logistic loss below the separability threshold, by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

__all__ = ["NotConverged", "minimiser"]

Floats = NDArray[np.float64]


class NotConverged(ArithmeticError):
    """The loss has no finite minimiser that Newton's method could reach: the labels are separable, or
    nearly."""


def minimiser(x: Floats, labels: Floats, *, tolerance: float = 1e-10, iterations: int = 100) -> Floats:
    """The vector to which gradient descent on the mean logistic loss converges, (p,).

    The loss is strictly convex when p <= n and x has full rank, so gradient descent with any stable step has
    this one limit; Newton's method with halved steps finds it in a dozen iterations.

    Args:
        x: inputs, (n, p) with p <= n.
        labels: signs in {-1, +1}, (n,).
        tolerance: largest entry of the gradient that is accepted.

    Raises:
        NotConverged: when the gradient does not vanish (separable labels).
    """
    signed = x * labels[:, None]
    n, p = signed.shape
    theta = np.zeros(p)
    for _ in range(iterations):
        margins = signed @ theta
        miss = expit(-margins)
        gradient = -(miss @ signed) / n
        if float(np.abs(gradient).max()) <= tolerance and float(margins.min()) < 0.0:
            return theta
        curvature = (signed * (miss * (1.0 - miss))[:, None]).T @ signed / n
        try:
            step = cho_solve(cho_factor(curvature), gradient)
        except np.linalg.LinAlgError:
            break
        now, share = float(np.mean(np.logaddexp(0.0, -margins))), 1.0
        slope = float(gradient @ step)
        while share > 1e-6:
            moved = float(np.mean(np.logaddexp(0.0, -(signed @ (theta - share * step)))))
            if moved <= now - 1e-4 * share * slope:
                break
            share /= 2.0
        theta = theta - share * step
        if float(np.linalg.norm(theta)) > 1e6:
            break
    raise NotConverged(f"no finite minimiser for n = {n}, p = {p}: the labels are separable, or nearly")
