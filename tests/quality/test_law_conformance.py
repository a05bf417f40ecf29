"""The conformance checks of engines in law: ours passes, wrong draws and wrong runs are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from quality.late_float32 import SINGLE_FROM, single_later
from quality.wrong_engines import Result

from simulation import (
    run_law_conformance,
    train_many,
)
from simulation.two_stage.conformance.drawn import DIMENSIONS, sample_draws
from simulation.two_stage.conformance.law_case import realised
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.realise import realise
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.trajectory import Trajectory
from theory.rng import derive_seed, generator
from theory.two_stage.setting import Setting

SAMPLED = cache(sample_draws)


@pytest.fixture(autouse=True)
def arrays_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What engines are compared with is a function of setting, number and seed: kept between the tests."""
    monkeypatch.setattr("simulation.two_stage.conformance.law_engine.sample_draws", SAMPLED)


def test_the_law_engine_passes() -> None:
    """At another seed, and other draws, so does `test_a_right_engine_with_seeds_of_its_own_passes`."""
    report = run_law_conformance(seed=0)
    report.raise_on_failure()
    assert set(report.not_run) <= {"cuda"}


def changed_law(
    change: Callable[[Setting], Setting] = lambda s: s,
    dtype: str | None = None,
    per_run: float = 0.0,
    per_length: float = 0.0,
) -> Callable[..., Sequence[Any]]:
    def engine(
        settings: Sequence[Setting], seeds: Sequence[int], *, steps: Sequence[int], **options: Any
    ) -> Sequence[Any]:
        rate = 1 + per_run * len(settings) + per_length * max(steps)
        made = [change(s).with_(eta=change(s).eta * rate) for s in settings]
        return train_many(made, seeds, steps=steps, **({**options, "dtype": dtype} if dtype else options))

    return engine


LAW_WRONG: dict[str, tuple[Callable[..., Sequence[Any]], str]] = {
    "learning rate times 1.1": (changed_law(lambda s: s.with_(eta=1.1 * s.eta)), "trajectory: autograd"),
    "batch-dependent": (changed_law(per_run=1e-9), "batch invariance"),
    "depends on its length": (changed_law(per_length=1e-9), "beginning"),
    "always float32": (changed_law(dtype="float32"), "float32"),
    "always float64": (changed_law(dtype="float64"), "float32"),
    "a unit of its own": (changed_law(lambda s: s.with_(eta=s.eta * s.sigma_xi**1e-6)), "scaling"),
}


#: Where the defect lies neither in the law of the draw nor in a long run.
QUICK: dict[str, int] = {"long_steps": 100, "draws": 200}


@pytest.mark.parametrize("name", LAW_WRONG)
def test_a_wrong_law_engine_fails(name: str) -> None:
    engine, check = LAW_WRONG[name]
    assert check in run_law_conformance(engine, per_shape=1, **QUICK).failed


def own_seeds(
    settings: Sequence[Setting], seeds: Sequence[int], *, steps: Sequence[int], **options: Any
) -> Sequence[Any]:
    """Another stream of draws of the same law."""
    return train_many(settings, [derive_seed(s, "mine") for s in seeds], steps=steps, **options)


def test_a_right_engine_with_seeds_of_its_own_passes() -> None:
    run_law_conformance(own_seeds, seed=2, per_shape=1, draws=1000).raise_on_failure()


def redrawn(change: Callable[[Setting, Geometry, int], Geometry]) -> Callable[..., Sequence[Any]]:
    """Our engine over another sampler's draws."""

    def engine(
        settings: Sequence[Setting],
        seeds: Sequence[int],
        *,
        steps: Sequence[int],
        dtype: str = "float64",
        **_: Any,
    ) -> Sequence[Any]:
        pairs = zip(settings, seeds, strict=True)
        geometries = [change(s, draw_geometry(s, seed), seed) for s, seed in pairs]
        grids = [np.arange(count + 1, dtype=np.int64) for count in steps]
        etas = [s.eta for s in settings]
        records = run_reduced(geometries, etas, steps=steps, recorded=grids, snapshots=grids, dtype=dtype)
        return [
            Trajectory(record, geometry, s.eta, "law", dtype, seed, s.sigma_xi, s, True)
            for record, geometry, s, seed in zip(records, geometries, settings, seeds, strict=True)
        ]

    return engine


def more_freedom(s: Setting, g: Geometry, seed: int) -> Geometry:
    """chi_{d-k} in place of chi_{d-1-k}: `chi_{f+1}^2 = chi_f^2 + N(0,1)^2`."""
    R, noise = g.factor.R.copy(), np.arange(1, s.n + 1)
    R[noise, noise] = np.hypot(R[noise, noise], s.sigma_xi * generator(seed, "one more").standard_normal(s.n))
    return replace(g, gram=R.T @ R, products=g.factor.B0 @ R)


def exchanged_rates(s: Setting, g: Geometry, seed: int) -> Geometry:
    rate = np.where(g.y > 0, s.tau_minus, s.tau_plus)
    return replace(g, y_observed=np.where(generator(seed, "exchanged").random(s.n) < rate, -g.y, g.y))


def uneven_weights(s: Setting, g: Geometry, seed: int) -> Geometry:
    """Weights half as long along the signal."""
    B0 = g.factor.B0.copy()
    B0[:, 0] *= 0.5
    return replace(g, products=B0 @ g.factor.R)


def larger_patches(s: Setting, g: Geometry, seed: int) -> Geometry:
    R = g.factor.R.copy()
    R[:, 1:] *= 1.003
    return replace(g, gram=R.T @ R, products=g.factor.B0 @ R)


ALL_DIMENSIONS = {f"law of the draw, {name}" for name in DIMENSIONS}


#: A degree of freedom moves ln det K by sqrt(n/2d) standard deviations: 13 standard errors of 1500 draws at
#: d = 4n, more below; at d = 100n 7.7 of the 12,000 that are drawn by default.
@pytest.mark.parametrize(
    ("names", "draws"), [(set(DIMENSIONS) - {"d = 100n"}, {"draws": 1500}), ({"d = 100n"}, {})]
)
def test_one_degree_of_freedom_too_many_is_seen_at_every_dimension_with_p_below_a_millionth(
    names: set[str], draws: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    only_at(names, monkeypatch)
    report = run_law_conformance(redrawn(more_freedom), per_shape=1, long_steps=100, **draws)
    wrong = {f"law of the draw, {name}" for name in names}
    assert set(report.failed) == wrong
    assert all(report[name].worst > 6 for name in wrong)
    assert "ln det K: p =" in str(report)


def only_at(names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws are asked at these dimensions alone."""
    only = {name: d for name, d in DIMENSIONS.items() if name in names}
    monkeypatch.setattr("simulation.two_stage.conformance.law_engine.DIMENSIONS", only)


@pytest.mark.parametrize(
    ("change", "words", "where"),
    [
        (exchanged_rates, "flips of class", ALL_DIMENSIONS),
        (uneven_weights, "A0", ALL_DIMENSIONS),
        (larger_patches, "", {"law of the draw, d = 100n"}),
    ],
)
def test_a_wrong_draw_is_seen_though_the_run_is_right(
    change: Callable[[Setting, Geometry, int], Geometry],
    words: str,
    where: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draws = 12_000 if change is larger_patches else 500
    if change is larger_patches:  # asked where it is seen, all draws there
        only_at({"d = 100n"}, monkeypatch)
    report = run_law_conformance(redrawn(change), per_shape=1, long_steps=100, draws=draws)
    assert where <= set(report.failed) <= ALL_DIMENSIONS
    assert words in str(report["law of the draw, d = 100n"].failure)


def test_a_draw_that_is_not_told_or_changes_with_the_length_is_named() -> None:
    def silent(settings: Sequence[Setting], seeds: Sequence[int], **options: Any) -> Sequence[Any]:
        made = train_many(settings, seeds, **options)
        return [Result(t.steps, t.margins, t.gamma, t.rho) for t in made]  # type: ignore[arg-type]

    report = run_law_conformance(silent, per_shape=1, **QUICK)
    assert not report.passed
    assert "geometry (gram, products, y, y_observed) must tell the draw, was missing" in str(report)

    def restless(
        settings: Sequence[Setting], seeds: Sequence[int], *, steps: Sequence[int], **options: Any
    ) -> Sequence[Any]:
        moved = [seed + count for seed, count in zip(seeds, steps, strict=True)]
        return train_many(settings, moved, steps=steps, **options)

    report = run_law_conformance(restless, per_shape=1, **QUICK)
    assert "trajectory: autograd" in report.failed
    assert "not the draw of a run of one step" in str(report)


@pytest.mark.parametrize("option", [{"draws": 99}, {"long_steps": 19}, {"seed": -1}])
def test_arguments_of_the_law_checks_are_named(option: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(option))} must"):
        run_law_conformance(own_seeds, **option)


def test_float32_from_step_1000_on_fails_in_a_law_engine_too() -> None:
    def engine(
        settings: Sequence[Setting], seeds: Sequence[int], *, steps: Sequence[int], **options: Any
    ) -> Sequence[Any]:
        made = []
        for s, seed, count in zip(settings, seeds, steps, strict=True):
            (whole,) = train_many([s], [seed], steps=[count], **options)
            if count > SINGLE_FROM:
                run = single_later(realised(whole, s), eta=s.eta, steps=count)
                run.__dict__["geometry"] = whole.geometry
                made.append(run)
            else:
                made.append(whole)
        return made

    assert run_law_conformance(engine, per_shape=1, draws=200).failed == ("long run",)


def test_a_realised_geometry_has_the_products_it_was_drawn_with() -> None:
    s = Setting.from_n_snr2(
        n=5, d=10**6, m=3, n_snr2=4.0, tau_plus=0.2, tau_minus=0.1, kappa_0=0.5, clock_step=0.1
    )
    drawn = draw_geometry(s, 3)
    for off_span in (True, False):
        again = geometry_of(realise(drawn, off_span=off_span))
        np.testing.assert_allclose(again.gram, drawn.gram, rtol=1e-12, atol=1e-9)
        np.testing.assert_allclose(again.products, drawn.products, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(again.y_observed, drawn.y_observed)
