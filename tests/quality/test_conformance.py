"""The conformance checks: our engines pass, every planted defect is seen, and no check is idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from quality.wrong_engines import WRONG, NumpyEngine, Result

import verify
from simulation import (
    ConformanceError,
    ConformanceReport,
    cnn_engine,
    reduced_engine,
    run_engine_conformance,
    run_law_conformance,
    train_many,
)
from simulation.two_stage.conformance.cases import draw_cases, first_clear
from simulation.two_stage.conformance.drawn import DIMENSIONS
from simulation.two_stage.conformance.law_case import realised
from simulation.two_stage.conformance.reference import reference_run, weights_of
from simulation.two_stage.conformance.rounding import allowed_error, curvature
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.problem import Problem
from simulation.two_stage.realise import realise
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.trajectory import Trajectory
from theory.rng import derive_seed, generator
from theory.two_stage.setting import Setting

ENGINES: dict[str, Any] = {"cnn": cnn_engine, "reduced": reduced_engine, "plain numpy": NumpyEngine()}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ENGINES)
def test_a_right_engine_passes(name: str, seed: int) -> None:
    report = run_engine_conformance(ENGINES[name], name=name, seed=seed)
    report.raise_on_failure()
    assert report.passed
    assert "cuda" not in report.not_run or not torch.cuda.is_available()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_law_engine_passes(seed: int) -> None:
    report = run_law_conformance(seed=seed)
    report.raise_on_failure()
    assert set(report.not_run) <= {"cuda"}


def test_the_suite_is_exported() -> None:
    assert verify.run_engine_conformance is run_engine_conformance
    assert verify.ConformanceReport is ConformanceReport


@cache
def judged(name: str) -> ConformanceReport:
    return run_engine_conformance(WRONG[name][0](), per_shape=1, long_steps=100)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_engine_fails_the_checks_that_are_about_its_defect(name: str) -> None:
    report = judged(name)
    assert not report.passed
    assert set(report.failed) >= WRONG[name][1]
    with pytest.raises(ConformanceError, match="does not conform"):
        report.raise_on_failure()


def test_every_check_is_failed_by_some_wrong_engine() -> None:
    """Not counting the one that is never the same twice, which fails nearly all."""
    failed = {check for name in WRONG if "seed" not in name for check in judged(name).failed}
    assert failed >= {r.name for r in judged("missing 1/m").results} - {"replay", "cuda"}
    assert "replay" in judged("seed that is not fixed").failed


def test_the_failure_named_is_the_smallest_case() -> None:
    result = judged("stale margins")["decomposition"]
    assert result.failure is not None
    assert result.failure.startswith("case 0 (n 2, d 4, m 1")
    assert result.worst > result.allowed > 0
    assert result.seed == 0


def test_an_engine_that_raises_or_misshapes_fails_with_its_message() -> None:
    def raising(problem: Problem, **_: Any) -> Result:
        raise RuntimeError("no\nsuch luck")

    def flat(problem: Problem, **options: Any) -> Result:
        result = NumpyEngine()(problem, **options)
        return replace(result, gamma=result.gamma.reshape(len(result.steps), -1))

    def silent(problem: Problem, **options: Any) -> Result:
        return replace(NumpyEngine()(problem, **options), rho=None)  # type: ignore[arg-type]

    def infinite(problem: Problem, **options: Any) -> Result:
        result = NumpyEngine()(problem, **options)
        return replace(result, margins=result.margins * np.nan)

    told: dict[Callable[..., Any], str] = {
        raising: "RuntimeError: no such luck",
        flat: "gamma must have shape",
        silent: "rho must be recorded, was None",
        infinite: "margins must be finite",
    }
    for engine, text in told.items():
        report = run_engine_conformance(engine, per_shape=1, long_steps=100)
        assert not any(r.passed for r in report.results)
        assert text in str(report)


def test_what_cannot_be_run_is_reported_as_not_run() -> None:
    report = run_engine_conformance(reduced_engine, per_shape=1, dtypes=("float64",), long_steps=100)
    assert {"batch invariance", "float32"} <= set(report.not_run)
    assert "the engine has no run_many" in str(report)
    assert report.passed
    assert not ConformanceReport("none", ()).passed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed"),
        ({"dtypes": ("float32",)}, "dtypes"),
        ({"per_shape": 0}, "per_shape"),
        ({"steps": 3}, "steps"),
        ({"long_steps": 19}, "long_steps"),
    ],
)
def test_arguments_out_of_range_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message} must"):
        run_engine_conformance(reduced_engine, **options)
    with pytest.raises(ValueError, match=r"^engine must be callable"):
        run_engine_conformance("cnn")  # type: ignore[arg-type]


# Engines in law ------------------------------------------------------------------------------------------


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
    run_law_conformance(own_seeds, seed=2, per_shape=1).raise_on_failure()


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
        records = run_reduced(
            geometries,
            [s.eta for s in settings],
            steps=steps,
            recorded=grids,
            snapshots=grids,
            dtype=dtype,
        )
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


def test_one_degree_of_freedom_too_many_is_seen_at_every_dimension_with_p_below_a_millionth() -> None:
    report = run_law_conformance(redrawn(more_freedom), per_shape=1, long_steps=100)
    assert set(report.failed) == ALL_DIMENSIONS
    assert all(report[name].worst > 6 for name in ALL_DIMENSIONS)
    assert "ln det K: p =" in str(report)


@pytest.mark.parametrize(
    ("change", "words", "where"),
    [
        (exchanged_rates, "flips of class", ALL_DIMENSIONS),
        (uneven_weights, "A0", ALL_DIMENSIONS),
        (larger_patches, "", {"law of the draw, d = 100n"}),
    ],
)
def test_a_wrong_draw_is_seen_though_the_run_is_right(
    change: Callable[[Setting, Geometry, int], Geometry], words: str, where: set[str]
) -> None:
    draws = 12_000 if change is larger_patches else 3000
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


# Right for a thousand steps --------------------------------------------------------------------------------

SINGLE_FROM = 1000


def single_later(problem: Problem, *, eta: float, steps: int, **options: Any) -> Any:
    """In float32 from step 1,000 on."""
    first = min(steps, SINGLE_FROM)
    head = reduced_engine(problem, eta=eta, steps=first, **options)
    if steps <= SINGLE_FROM:
        return head
    w = weights_of(problem, head.gamma[-1], head.rho[-1])
    later = Problem(problem.mu, problem.xi, problem.y, problem.y_observed, w)
    tail = reduced_engine(later, eta=eta, steps=steps - first, dtype="float32")
    return Result(
        np.arange(steps + 1),
        np.concatenate([head.margins, tail.margins[1:]]),
        np.concatenate([head.gamma, head.gamma[-1] + tail.gamma[1:]]),
        np.concatenate([head.rho, head.rho[-1] + tail.rho[1:]]),
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_float32_from_step_1000_on_fails_the_long_run_alone(seed: int) -> None:
    report = run_engine_conformance(single_later, seed=seed, per_shape=1)
    assert report.failed == ("long run",)
    assert report["long run"].worst > 10 * report["long run"].allowed
    step = int(str(report["long run"].failure).rsplit(" ", 1)[1])
    assert SINGLE_FROM < step < SINGLE_FROM + 50
    assert "long run" not in run_engine_conformance(single_later, per_shape=1, long_steps=900).failed


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


# The problems ----------------------------------------------------------------------------------------------


def test_the_problems_are_clear_of_kinks_and_move() -> None:
    crossings = 0
    for case in draw_cases():
        p, run = case.problem, case.reference
        assert case.eta * curvature(p) < 2
        assert case.clearance > 1e3 * case.allowed
        assert np.abs(run.margins[-1] - run.margins[0]).max() > 0.1
        assert {-1.0, 1.0} <= set(p.y)
        assert 0 < np.sum(p.y != p.y_observed) < p.n
        crossings += int(np.sum(np.diff(np.sign(run.products), axis=0) != 0))
    assert crossings > 20


def test_no_clear_problem_is_an_error() -> None:
    near = replace(draw_cases(per_shape=1)[0], eta=100.0)
    with pytest.raises(RuntimeError, match="clear of kinks"):
        first_clear(lambda _: near)


@pytest.mark.parametrize("case", draw_cases(), ids=str)
def test_errors_made_in_the_steps_are_not_amplified(case: Any) -> None:
    """The bound on the curvature: weights a little apart come no further apart."""
    p = case.problem
    rng = np.random.default_rng(0)
    for size in (1e-9, 1e-6):
        shift = rng.standard_normal(p.w0.shape)
        shift *= size / np.linalg.norm(shift)
        other = reference_run(Problem(p.mu, p.xi, p.y, p.y_observed, p.w0 + shift), case.eta, case.steps)
        apart = np.linalg.norm((other.weights - case.reference.weights).reshape(case.steps + 1, -1), axis=1)
        assert apart.max() <= size * (1 + 1e-5)


def test_the_allowed_error_is_no_licence() -> None:
    """In float64 far below any defect, in float32 far above float64."""
    for case in draw_cases():
        assert case.allowed < 1e-11
        ratio = allowed_error(case.problem, case.reference, "float32") / case.allowed
        assert ratio == pytest.approx(2.0**29)
