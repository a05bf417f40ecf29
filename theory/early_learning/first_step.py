r"""The first step of gradient descent from zero, and the end of the paper's own early stage.

After one step from zero every margin is proportional to `mu_i = h_i mean(h s) + (sigma^2/n) sum_k s_k
z_i.z_k`. Its mean is `m + s_i kappa` and its variance `D^2 = sigma^2 (m^2 + kappa)`, up to 1/n.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.early_learning.symbols import kappa, m, n, p, sigma
from theory.proof import checked, vanishes

__all__ = [
    "COSINE",
    "COSINE_BEFORE_T",
    "accuracies_after_one_step",
    "accuracy_wrong_at_t",
    "accuracy_wrong_exact",
    "cosine_before_t",
    "cosine_of_first_gradient",
    "force_changes_at_t",
    "prove_moments_of_first_step",
]

#: Cosine of the first gradient with v.
COSINE: sp.Expr = m / sp.sqrt(m**2 + kappa)
#: Cosine of minus the gradient with v just before theta . v reaches 1/10.
COSINE_BEFORE_T: sp.Expr = (m - sp.Rational(1, 20)) / sp.sqrt(
    (m - sp.Rational(1, 20)) ** 2 + kappa + sigma**4
)


def cosine_of_first_gradient(m: float, kappa: float) -> float:
    """`m / sqrt(m^2 + kappa)`.

    >>> round(cosine_of_first_gradient(.6, .64), 12)
    0.6
    """
    return m / math.sqrt(m * m + kappa)


def accuracies_after_one_step(m: float, kappa: float, sigma: float) -> tuple[float, float, float]:
    """`A_W = Phi((m - kappa)/D)`, `A_C = Phi((m + kappa)/D)`, test `Phi(m/D)`, `D = sigma sqrt(m^2 + kappa)`.

    >>> [round(x, 3) for x in accuracies_after_one_step(.6, .36, .6)]
    [0.681, 0.97, 0.881]
    """
    from scipy.special import ndtr

    scale = sigma * math.sqrt(m * m + kappa)
    wrong, clean, test = ndtr(np.array([m - kappa, m + kappa, m]) / scale)
    return float(wrong), float(clean), float(test)


@cache
def _nodes(size: int) -> tuple[np.ndarray, np.ndarray]:
    x, weight = np.polynomial.hermite_e.hermegauss(size)
    return x, weight / weight.sum()


def accuracy_wrong_exact(n: int, p: int, sigma: float, m: float, nodes: int = 40) -> float:
    """Exact mean of A_W after the first step at finite n and p.

    `E Phi(mu / sqrt V)` over a standard normal G and `Q ~ chi^2_{p-1}` with
    `mu = (1 + sigma G)(m - sigma G/n) - sigma^2 Q/n`,
    `V = (n - 1)/n^2 (sigma^2 (1 + sigma G)^2 + sigma^4 Q)`; m is the realised mean of s.
    """
    from scipy.special import ndtr
    from scipy.stats import chi2

    g, weight = _nodes(nodes)
    levels = (np.arange(400) + 0.5) / 400
    q = chi2.ppf(levels, p - 1)[:, None]
    mu = (1 + sigma * g) * (m - sigma * g / n) - sigma**2 * q / n
    variance = (n - 1) / n**2 * (sigma**2 * (1 + sigma * g) ** 2 + sigma**4 * q)
    return float(np.mean(ndtr(mu / np.sqrt(variance)) @ weight))


def accuracy_wrong_at_t(m: float, kappa: float, sigma: float, start: float, level: float = 0.1) -> float:
    """A_W when `theta . v` reaches `level`, from a start of norm `start` orthogonal to v.

    `Phi(level (1 - kappa/m) / (sigma sqrt(start^2 + level^2 (1 + kappa/m^2))))`.
    """
    from scipy.special import ndtr

    spread = sigma * math.sqrt(start**2 + level**2 * (1 + kappa / m**2))
    return float(ndtr(level * (1 - kappa / m) / spread))


def force_changes_at_t(m: float, kappa: float, sigma: float, start: float) -> tuple[float, float]:
    """Changes of the mean of `k_i^2`, `k_i = s_i - tanh(f_i/2)`, from 0 to T: on clean and on wrong examples.

    To first order in kappa/m and sigma^2 r0^2; at kappa/m -> 0 and r0 -> 0 they are -.0975 and +.1025.
    """
    damp = 1 - sigma**2 * start**2 / 4
    clean = -(1 - (1 - math.tanh(0.05 * (1 + kappa / m))) ** 2) * damp
    wrong = ((1 + math.tanh(0.05 * (1 - kappa / m))) ** 2 - 1) * damp
    return clean, wrong


def cosine_before_t(m: float, kappa: float, sigma: float) -> float:
    """Cosine of minus the gradient with v just before T: `(m - .05)/sqrt((m - .05)^2 + kappa + sigma^4)`."""
    return (m - 0.05) / math.sqrt((m - 0.05) ** 2 + kappa + sigma**4)


def prove_moments_of_first_step() -> Proof:
    r"""Mean and variance of a margin after one step, from the exact finite-n law, as n -> infinity.

    Steps: average over G and Q with symbolic n, p, sigma, m and s = -1, put p = kappa n/sigma^2, take the
    limit.
    """
    G, Q = sp.symbols("G Q", real=True)
    mu = (1 + sigma * G) * (m - sigma * G / n) - sigma**2 * Q / n
    spread = (n - 1) / n**2 * (sigma**2 * (1 + sigma * G) ** 2 + sigma**4 * Q)

    def mean(expr: sp.Expr) -> sp.Expr:
        """Over independent G ~ N(0, 1), Q ~ chi^2 with p - 1 degrees of freedom, both to fourth order."""
        poly = sp.Poly(sp.expand(expr), G, Q)
        of_g = [1, 0, 1, 0, 3]
        of_q = [1, p - 1, (p - 1) * (p + 1)]
        return sum(c * of_g[i] * of_q[j] for (i, j), c in poly.terms())

    first = mean(mu)
    total = mean(mu**2) - first**2 + mean(spread)
    limit_mean = sp.limit(sp.simplify(first.subs(p, kappa * n / sigma**2)), n, sp.oo)
    limit_variance = sp.limit(sp.simplify(total.subs(p, kappa * n / sigma**2)), n, sp.oo)
    return checked(
        [
            (
                f"A wrong example's margin over eta/2 has mean {limit_mean} as n -> oo.",
                vanishes(limit_mean - (m - kappa)),
            ),
            (
                f"Its variance tends to {sp.factor(limit_variance)}, D^2: A_W -> Phi((m - kappa)/D), "
                "above 1/2 exactly when kappa < m.",
                vanishes(limit_variance - sigma**2 * (m**2 + kappa)),
            ),
        ]
    )
