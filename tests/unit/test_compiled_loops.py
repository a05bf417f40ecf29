"""The compiled loops of the laws against the same in numpy, written out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from theory.two_stage.cavity.loops import grow, switch
from theory.two_stage.mean_field.activation_law import active_share, head_start
from theory.two_stage.mean_field.loops import all_fit, pull
from theory.two_stage.mean_field.mean_field import Population, g, mean_field


@pytest.mark.parametrize("share", [None, 0.6])
def test_the_mean_field_is_its_euler_map(share: float | None) -> None:
    pop = Population(6.0, ((30, 4), (25, 7)), 0.05, 2.0, 0.1, 20, 10**6, share)
    found = mean_field(pop, 80)
    counts, sign = np.array(pop.counts, dtype=float), np.array([1.0, -1.0])
    gamma, rho, mass = np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2))
    for t in range(81):
        squares = counts * rho**2 / (2 * pop.n)
        seen = active_share(np.sqrt(gamma**2 / pop.a + squares[:, 0] + squares[::-1, 1]), pop.kappa_0)
        active = np.full((2, 2), share) if share else np.stack([seen, seen[::-1]], axis=-1)
        margins = mass + sign * gamma[:, None] + head_start(rho, pop.iota)
        for name, value in {"active": active, "margins": margins, "gamma": gamma, "mass": mass}.items():
            np.testing.assert_allclose(getattr(found, name)[t], value, rtol=1e-12, atol=1e-14)
        slope = g(margins)
        step = (pop.a * pop.clock_step / pop.n * counts * sign * slope).sum(axis=1)
        gamma = gamma + (step if t else 0.5 * (step + step[::-1]))
        rho, mass = rho + pop.clock_step * slope, mass + pop.clock_step * active * slope


def test_steps_of_the_stage_time_law_are_numpys_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    n, R, ends = 11, 5, np.array([0, 4, 6, 9, 11])
    starts, mass, weight = (rng.standard_normal((n, R)) for _ in range(3))
    start, gamma, before = rng.standard_normal(4), rng.standard_normal((2, R)), rng.standard_normal((n, R))
    margins, crossing, was = np.empty((n, R)), np.zeros((n, R)), before.copy()
    everyone = all_fit(3, 0.1, ends, starts, start, gamma, mass, margins, before, crossing)
    kind = np.repeat(np.arange(4), np.diff(ends))
    signed = np.where(kind % 2 == 0, 1.0, -1.0)[:, None] * gamma[kind // 2]
    np.testing.assert_array_equal(margins, starts * start[kind][:, None] + signed + mass)
    noisy = kind % 2 == 1
    assert everyone == bool((margins[noisy] > 0).all())
    up = noisy[:, None] & (was <= 0) & (margins > 0)
    np.testing.assert_array_equal(crossing[up], ((2 - was / (margins - was)) * 0.1)[up])
    assert not crossing[~up].any()
    powers, sums, moved = np.exp(margins), np.empty((4, R)), mass.copy()
    pull(0.1, ends, powers, weight, moved, sums)
    slope = 1 / (powers + 1.0)
    np.testing.assert_array_equal(moved, mass + slope * weight * 0.1)
    np.testing.assert_array_equal(sums, [slope[a:b].sum(axis=0) for a, b in pairwise(ends)])


@pytest.mark.parametrize("with_own", [False, True])
def test_passes_over_filters_are_numpys_to_the_last_bit(with_own: bool) -> None:
    rng = np.random.default_rng(1)
    m, cells = 7, 40

    def draw(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape, dtype=np.float32)

    C, initial, own, q, gain, shared = *(draw(m, cells) for _ in range(3)), *(draw(cells) for _ in range(3))
    on, size = draw(m, cells) > 0, np.float32(0.3)
    wanted, means = C + on * gain, np.empty(cells, np.float32)
    grow(C, on, gain, means)
    np.testing.assert_array_equal(C, wanted)
    np.testing.assert_array_equal(means, wanted.mean(axis=0))
    products, active, parts = np.empty_like(C), np.empty_like(q), np.empty_like(q)
    none = np.empty((0, 0), np.float32)
    switch(q, C, initial, shared, own if with_own else none, size, on, products, active, parts)
    plain = q * C + initial + shared + (own * size if with_own else 0)
    np.testing.assert_array_equal(on, plain > 0)
    np.testing.assert_array_equal(products, np.maximum(plain, 0))
    np.testing.assert_array_equal(parts, np.maximum(plain, 0).mean(axis=0))
    np.testing.assert_array_equal(active, (plain > 0).sum(axis=0).astype(np.float32) / np.float32(m))
