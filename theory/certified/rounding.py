r"""Outward rounding for numpy: each function's float result is on the stated side of the exact one.

An IEEE operation is within half an ulp of the exact result, so `nextafter` of it is a bound. Sums and matrix
products of N terms, in any order of addition, are within `N u/(1 - N u) sum |terms|`, `u = 2^-53`; twice that
is taken, to cover the rounding of the bound itself. numpy's exp is taken to be within 8 ulp
(`tests/unit/test_bracket.py` checks it against ball arithmetic on this machine).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["add_down", "add_up", "dot_up", "down", "logistic_down", "logistic_up", "sum_down", "sum_up", "up"]

Floats = NDArray[np.float64]

_U = 2.0**-53
_EXP_ULPS = 8


def up(x: Floats) -> Floats:
    """At least the exact result of the single operation that gave x."""
    return np.nextafter(x, np.inf)


def down(x: Floats) -> Floats:
    """At most the exact result of the single operation that gave x."""
    return np.nextafter(x, -np.inf)


def add_up(*terms: Floats) -> Floats:
    """At least `sum of the terms`."""
    total = np.asarray(terms[0], dtype=np.float64)
    for term in terms[1:]:
        total = up(total + term)
    return total


def add_down(*terms: Floats) -> Floats:
    """At most `sum of the terms`."""
    return -add_up(*(-np.asarray(term) for term in terms))


def _inflation(terms: int) -> float:
    return 2.0 * (terms + 2) * _U


def sum_up(x: Floats) -> Floats:
    """At least the sum over the last axis."""
    return up(x.sum(axis=-1) + up(_inflation(x.shape[-1]) * np.abs(x).sum(axis=-1)))


def sum_down(x: Floats) -> Floats:
    """At most the sum over the last axis."""
    return -sum_up(-x)


def dot_up(x: Floats, matrix: Floats) -> Floats:
    """At least `x @ matrix`, for non-negative entries."""
    return up((x @ matrix) * (1.0 + _inflation(x.shape[-1])))


def logistic_up(z: Floats) -> Floats:
    """At least `g(z) = 1/(1 + e^z)`, at most 1."""
    with np.errstate(over="ignore"):
        e = np.exp(z)
    e = np.maximum(e * (1.0 - 2.0 * _EXP_ULPS * _U) - 5e-324, 0.0)
    return np.minimum(up(1.0 / down(1.0 + e)), 1.0)


def logistic_down(z: Floats) -> Floats:
    """At most `g(z) = 1/(1 + e^z)`, at least 0."""
    with np.errstate(over="ignore"):
        e = np.exp(z)
        e = up(e * (1.0 + 2.0 * _EXP_ULPS * _U))
        return np.maximum(down(1.0 / up(1.0 + e)), 0.0)
