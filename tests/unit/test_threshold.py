"""The threshold of Stage I: its parts by hand, its monotonicity, and both sides of it on runs."""

from __future__ import annotations

import math
import pickle
import sys

import numpy as np
import pytest
import sympy as sp

from simulation import train
from theory.compiled import Eventually
from theory.rng import generator
from theory.two_stage.cavity.ratio import ends, table, threshold_ratio
from theory.two_stage.cavity.threshold_claims import CLAIMS, OF_BETWEEN
from theory.two_stage.conditions import ALL, DEFAULT_CONSTANTS
from theory.two_stage.experiments import OF_LARGE_INIT, OF_PAPER
from theory.two_stage.mean_field.mean_field import Population, mean_field
from theory.two_stage.places import REFERENCE, drawn_from
from theory.two_stage.setting import Setting
from theory.two_stage.threshold import (
    filter_threshold,
    signal_threshold,
    unlucky_counts,
    worst_share,
)
from theory.two_stage.threshold_root import margin
from verify.region import drawn_region

AT = (0.02, 0.5, 0.05)


def test_unlucky_counts_are_a_quantile_of_the_surplus() -> None:
    n, tau, delta = 150, 0.2, 0.05
    rng = np.random.default_rng(0)
    kinds = rng.choice(3, p=[0.4, 0.1, 0.5], size=(200_000, n))
    clean, noisy = (kinds == 0).sum(axis=1), (kinds == 1).sum(axis=1)
    low = unlucky_counts(n, tau, delta)
    surplus = n * (low[0] - low[1])
    assert np.mean(clean - noisy < surplus) == pytest.approx(delta / 4, abs=0.002)
    at = np.abs(clean - noisy - surplus) <= 1
    assert clean[at].mean() == pytest.approx(n * low[0], abs=0.8)
    assert noisy[at].mean() == pytest.approx(n * low[1], abs=0.8)


def test_the_worst_share_is_a_quantile_of_the_largest() -> None:
    rng = np.random.default_rng(1)
    largest = (rng.normal(0.5, 0.5 / math.sqrt(30), size=(100_000, 20))).max(axis=1)
    assert np.mean(largest > worst_share(100, 30, 0.2, 0.05)) == pytest.approx(0.025, abs=0.003)


@pytest.mark.parametrize(("p", "kappa_0", "m"), [(1.0, 0.1, 20), (0.5, 100.0, 10**12)])
def test_at_the_threshold_the_mean_field_has_margin_zero(p: float, kappa_0: float, m: int) -> None:
    """With endless samples the counts are their means and every sample is the mean field's."""
    n, tau, h = 10**12, 0.2, 0.02
    a = signal_threshold(n, m, tau, kappa_0, h, 0.5, 0.05)
    count = (round(n / 2 * (1 - tau)), round(n / 2 * tau))
    field = mean_field(Population(a, (count, count), 1e-9, kappa_0, h, m, n, share=p), 26)
    assert field.margins[26, 0, 1] == pytest.approx(0.0, abs=1e-4)
    assert a * (1 - 2 * tau) > 2 * p


def test_it_grows_with_the_flip_rate_and_falls_with_the_samples() -> None:
    def small(n: int, tau: float) -> float:
        return signal_threshold(n, 20, tau, 0.1, *AT)

    def large(n: int, tau: float) -> float:
        return signal_threshold(n, 20, tau, 50.0, *AT)

    def filters(n: int, tau: float) -> float:
        return filter_threshold(n, tau, *AT)

    for threshold in (small, large, filters):
        over_tau = [threshold(150, tau) for tau in (0.05, 0.1, 0.2, 0.3)]
        over_n = [threshold(n, 0.2) for n in (60, 100, 200, 1000)]
        assert over_tau == sorted(over_tau)
        assert over_n == sorted(over_n, reverse=True)
    assert signal_threshold(200, 20, 0.2, 50.0, *AT) < signal_threshold(200, 20, 0.2, 9.9, *AT)
    assert signal_threshold(40, 20, 0.35, 0.1, *AT) == math.inf


def test_it_travels_and_is_written_in_formulas() -> None:
    condition = ALL["signal_dominates"]
    assert pickle.loads(pickle.dumps(condition)) == condition
    assert r"a^*\left(n, m, " in sp.latex(condition.small)


def _violations(asked: tuple[str, ...], factor: float, runs: int) -> int:
    """Runs at `factor` of the threshold in which some noisy sample is fit at s = 1/2."""
    kept = [c for c in (*OF_PAPER, *OF_LARGE_INIT) if c.name in asked]
    place = drawn_from("here", kept, DEFAULT_CONSTANTS)
    violated = done = k = 0
    while done < runs:
        s = place.draw(generator(20, f"threshold {asked} {factor}", k))
        k += 1
        assert isinstance(s, Setting)
        a = factor * signal_threshold(s.n, s.m, s.tau_max, s.kappa_0, s.clock_step, 0.5, 0.05)
        if a > 30 or s.m > 60:
            continue
        steps = math.ceil(0.5 / s.clock_step - 1e-9)
        run = train(s.at(n_snr2=a), steps=steps, engine="law", seed=k, record_every=steps)
        done += 1
        violated += bool(np.any(run.margins[-1][run.y != run.y_observed] >= 0))
    return violated


_SMALL = tuple(c.name for c in OF_PAPER if c.name not in ("snr_upper", "snr_lower"))
_LARGE = ("flip_rates", "samples", "dimension", "width", "signal", "init_signal", "kappa_large", "iota_small")


@pytest.mark.parametrize("asked", [_SMALL, _LARGE], ids=["small init", "large init"])
def test_at_the_threshold_few_runs_violate_and_at_six_tenths_many_do(asked: tuple[str, ...]) -> None:
    """At most 10 of 200 (rate .05 exceeds 15 with probability .05); at least 11 at .6 a*."""
    assert _violations(asked, 1.0, 200) <= 10
    assert _violations(asked, 0.6, 200) >= 20


@pytest.mark.parametrize("more", [(), ("signal_dominates",), ("signal_dominates_filters",), ("rates_apart",)])
def test_a_narrowed_box_loses_no_setting_that_is_inside(more: tuple[str, ...]) -> None:
    asked = (*OF_PAPER, *(ALL[name] for name in more))
    place = drawn_from("here", asked, DEFAULT_CONSTANTS)
    drawn = [REFERENCE.draw(generator(21, "reference", k)) for k in range(4000)]
    inside = [s for s in drawn if place.accept is not None and place.accept(s)]
    assert len(inside) >= 5
    assert all(place.contains(s) for s in inside)


def test_a_narrowed_box_draws_the_same_law_as_rejection() -> None:
    from scipy.stats import ks_2samp

    place = drawn_from("here", OF_PAPER, DEFAULT_CONSTANTS)
    fast = [place.draw(generator(22, "narrow", k)) for k in range(400)]
    slow = [s for s in (REFERENCE.draw(generator(23, "all", k)) for k in range(12_000)) if place.accept(s)]  # type: ignore[misc]
    for name in ("n", "m", "d", "n_snr2", "tau_plus", "kappa_0", "clock_step"):
        p = ks_2samp([getattr(s, name) for s in fast], [getattr(s, name) for s in slow]).pvalue
        assert p > 1e-3, name


def test_nothing_lies_between_the_thresholds_outside_the_table() -> None:
    place = drawn_from("between", OF_BETWEEN, DEFAULT_CONSTANTS)
    assert (place.n, place.tau[1], place.m[0]) == ((59, 121), 0.2, 7)
    (least, most), (_, tau), (_, kappa_0) = ends()
    assert all(
        threshold_ratio(n, 20, t, k) < 1 for n in (least, most) for t in (0.1, tau) for k in (0.1, kappa_0)
    )
    for n in (least, 80, most):
        for t in (0.05, 0.1, tau):
            for h in (0.03, 0.1):
                top = signal_threshold(n, 20, t, 0.1, h, 0.5, 0.05) * (1 - 2 * t)
                assert 2.0 * min(table().values()) < threshold_ratio(n, 20, t, 0.1) * top
                assert top <= place.signal_margin[1] * (1 + 1e-9)
    outside = (
        (least - 1, 20, 0.1, 0.1),
        (most + 1, 20, 0.1, 0.1),
        (80, 7, 0.1, 0.1),
        (80, 20, tau + 0.01, 0.1),
    )
    assert [threshold_ratio(*at) for at in outside] == [1.0] * 4


def test_the_reference_box_has_settings_between_them() -> None:
    safe = next(claim for claim in CLAIMS if claim.id == "two_stage.cavity.threshold.safe")
    assert drawn_region(safe, REFERENCE).share > 1e-3


def test_a_margin_has_the_same_bits_interpreted_and_compiled() -> None:
    """It is interpreted until the compiler is loaded."""
    import numba  # noqa: F401  # from here on it is compiled

    plain = margin.rests_on
    rng = np.random.default_rng(3)
    for _ in range(300):
        tau, h, share = rng.uniform(0, 0.45), 10 ** rng.uniform(-3, -0.7), rng.choice([0.5, 1.0])
        counts = unlucky_counts(rng.uniform(20, 2000), tau, 0.05)
        of = (
            rng.uniform(0, 8 / h),
            *counts,
            h,
            rng.uniform(0.3, 5) / h + 1,
            share,
            rng.uniform(0.5, 1),
            share,
        )
        assert margin(*map(float, of)) == plain(*map(float, of))


def test_a_loop_is_compiled_once_the_compiler_is_there_or_worth_its_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("theory.compiled.compiled", lambda f, *, as_written: lambda x: ("compiled", f(x)))
    monkeypatch.setattr("theory.compiled._MANY", 3)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    counted = Eventually(lambda x: x)
    assert [counted(k) for k in range(5)] == [0, 1, 2, ("compiled", 3), ("compiled", 4)]
    monkeypatch.setitem(sys.modules, "numba", sys)
    assert Eventually(lambda x: x)(0) == ("compiled", 0)
