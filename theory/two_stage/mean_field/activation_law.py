r"""Which filters see a sample, and what the initial weights give its margin: two laws without parameters.

`X^2 = gamma_j^2/a + (1/(2n)) sum_{y~_k = j} rho_k^2` is the variance of the cross-talk on a filter of side j,
in units of n/d; the initial product has size `iota = kappa_0 sqrt(n/d)`. The ratio of the two decides the
share p
of active filters. Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["SQRT_2PI", "active_share", "active_share_small_init", "head_start", "normal_excess"]

Floats = NDArray[np.float64]
SQRT_2PI = math.sqrt(2.0 * math.pi)


def normal_excess(x: ArrayLike) -> Floats:
    r"""`psi(x) = E max(Z - x, 0) = phi(x) - x (1 - Phi(x))` for a standard normal Z.

    For x > 0 the two terms cancel; `phi(x) (1 - x R(x))` with Mills' ratio R from the scaled complementary
    error function keeps the relative error below `eps x^2`.

    >>> normal_excess([0.0, -50.0]).round(6).tolist()
    [0.398942, 50.0]
    """
    from scipy.special import erfcx, ndtr

    values = np.asarray(x, dtype=np.float64)
    out: Floats = np.empty_like(values)
    right = values > 0
    left = values[~right]
    out[~right] = np.exp(-0.5 * left**2) / SQRT_2PI - left * ndtr(-left)
    # Beyond 40 the density underflows to 0, and so does psi.
    some = values[right]
    most = np.minimum(some, 40.0)
    mills = math.sqrt(math.pi / 2) * erfcx(most / math.sqrt(2.0))
    out[right] = np.exp(-0.5 * some**2) / SQRT_2PI * np.maximum(1.0 - most * mills, 0.0)
    return out


def head_start(rho: ArrayLike, iota: float) -> Floats:
    r"""`b(rho) = iota [1/sqrt(2 pi) - psi(rho/iota)]`: what the initial weights add to a margin.

    Active filters of the label's side keep their initial product, the other side's decay as its
    coefficient grows to rho; so b rises from 0 to `iota/sqrt(2 pi)`. Written as a sum of positive terms:
    `iota (phi(0) - phi(x)) + rho (1 - Phi(x))`, x = rho/iota.

    Source: derived here.

    >>> float(head_start(0.0, 0.1)), round(float(head_start(5.0, 0.1)), 6)
    (0.0, 0.039894)
    """
    from scipy.special import ndtr

    values = np.asarray(rho, dtype=np.float64)
    x = values / iota
    out: Floats = -iota * np.expm1(-0.5 * x**2) / SQRT_2PI + values * ndtr(-x)
    return out


def active_share(cross_talk: ArrayLike, kappa_0: float) -> Floats:
    r"""`p = 1/2 + arctan(X/kappa_0)/(2 pi)`: the share of label-side filters active on a sample.

    Filters active at the start stay; one that is not is switched on when cross-talk X N' exceeds its
    initial product kappa_0 |Z|, which for independent normal Z, N' has probability arctan(X/kappa_0)/(2 pi).

    Source: derived here; to leading order in n/d, for kappa_0 >= 0.3 (below, active filters feed back).

    >>> active_share([0.0, 1.0], 1.0).tolist()
    [0.5, 0.625]
    """
    out: Floats = 0.5 + np.arctan(np.asarray(cross_talk, dtype=np.float64) / kappa_0) / (2 * math.pi)
    return out


def active_share_small_init(a: float, tau: float) -> float:
    r"""The limit of p for kappa_0 -> 0: `7/8 - asin(r)/(4 pi)`, `r^2 = (G + 1/4)/(G + 3/8)`.

    `G = (a/4)(1 - 2 tau)^2`. The signs of the first step's cross-talk decide half of the filters that start
    inactive; the filters so gained add cross-talk of their own, of correlation r with the first.

    Source: derived here; for clocks around 0.3 (p rises slowly afterwards).

    >>> round(active_share_small_init(6.0, 0.1), 3)
    0.775
    """
    strength = 0.25 * a * (1.0 - 2.0 * tau) ** 2
    r = math.sqrt((strength + 0.25) / (strength + 0.375))
    return 0.875 - math.asin(r) / (4 * math.pi)
