"""Outward rounding: bounds hold, and lie within a few ulps."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from theory.certified.rounding import (
    add_down,
    add_up,
    dot_up,
    down,
    logistic_down,
    logistic_up,
    sum_down,
    sum_up,
    up,
)

EPS = 2.0**-52


def test_one_ulp_up_and_down() -> None:
    v = np.array([1.0, -1.0, 0.0])
    assert up(v).tolist() == [1 + EPS, -1 + EPS / 2, 5e-324]
    assert down(v).tolist() == [1 - EPS / 2, -1 - EPS, -5e-324]


def test_sums_bound_the_exact_sum_closely() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 40):
        rows = rng.normal(size=(30, count)) * 10.0 ** rng.integers(-3, 4, size=(30, count))
        high, low = sum_up(rows), sum_down(rows)
        total_up, total_down = add_up(*rows.T), add_down(*rows.T)
        for k, row in enumerate(rows):
            true = sum(map(Fraction, row.tolist()))
            size = float(sum(abs(v) for v in row))
            for lower, upper in ((low[k], high[k]), (total_down[k], total_up[k])):
                assert Fraction(float(lower)) <= true <= Fraction(float(upper))
            # The inflation 2 (N + 2) u, and an ulp of each of three roundings.
            slack = (count + 2) * EPS * size
            assert slack / 2 < high[k] - float(true) < 1.6 * slack + 4 * EPS * size
            assert slack / 2 < float(true) - low[k] < 1.6 * slack + 4 * EPS * size
            assert total_up[k] - total_down[k] <= 2.1 * count * EPS * size
    assert add_up(np.array(1.0)) == add_down(np.array(1.0)) == 1.0
    assert add_up(np.array(1.0), np.array(2.0), np.array(4.0)) == pytest.approx(7.0)
    assert add_up(np.array([1], dtype=np.int64)).dtype == np.float64


def test_products_bound_the_exact_product_closely() -> None:
    rng = np.random.default_rng(1)
    v, M = rng.random(9), rng.random((9, 4))
    found = dot_up(v, M)
    for k in range(4):
        true = sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(v, M[:, k], strict=True))
        excess = float(Fraction(float(found[k])) / true - 1)
        assert 0.6 * 11 * EPS < excess < 1.6 * 11 * EPS


def test_logistic_bounds() -> None:
    grid = [-800.0, -745.0, -40.0, -1.3, 0.0, 0.7, 20.0, 36.0, 300.0, 709.0, 720.0, 800.0]
    high, low = logistic_up(np.array(grid)), logistic_down(np.array(grid))
    for z, top, bottom in zip(grid, high, low, strict=True):
        with mpmath.workdps(400):
            true = 1 / (1 + mpmath.exp(mpmath.mpf(z)))
            assert mpmath.mpf(float(bottom)) <= true <= mpmath.mpf(float(top)) or (z == -800.0 and top == 1.0)
        assert 0.0 <= bottom <= top <= 1.0
        if z < 700:
            # 16 u of e^z, weighed by 1 - g, and three roundings.
            room = (16 * (1 - float(true)) + 8) * EPS
            assert top / float(true) - 1 < room
            assert 1 - bottom / float(true) < room
            if z > -30:
                least = 7 * (1 - float(true)) * EPS
                assert top / float(true) - 1 > least
                assert 1 - bottom / float(true) > least
    assert logistic_down(np.array([1e9])) == 0.0
    assert logistic_up(np.array([-1e9])) == 1.0
