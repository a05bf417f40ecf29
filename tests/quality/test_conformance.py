"""The conformance checks: our engines pass, every planted defect is seen, and no check is idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from quality.late_float32 import SINGLE_FROM, single_later
from quality.wrong_engines import WRONG, NumpyEngine, Result

import verify
from simulation import (
    ConformanceError,
    ConformanceReport,
    cnn_engine,
    reduced_engine,
    run_engine_conformance,
)
from simulation.two_stage.conformance.cases import draw_cases, first_clear
from simulation.two_stage.conformance.reference import reference_run
from simulation.two_stage.conformance.rounding import allowed_error, curvature
from simulation.two_stage.problem import Problem

ENGINES: dict[str, Any] = {"cnn": cnn_engine, "reduced": reduced_engine, "plain numpy": NumpyEngine()}


@pytest.mark.parametrize(("seed", "per_shape"), [(0, 2), (1, 1)])
@pytest.mark.parametrize("name", ENGINES)
def test_a_right_engine_passes(name: str, seed: int, per_shape: int) -> None:
    report = run_engine_conformance(ENGINES[name], name=name, seed=seed, per_shape=per_shape)
    report.raise_on_failure()
    assert report.passed
    assert "cuda" not in report.not_run or not torch.cuda.is_available()


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
    """Not counting the one that is never the same twice, which fails nearly all. Departures have engines of
    their own that are wrong, in `test_departures_conformance.py`."""
    failed = {check for name in WRONG if "seed" not in name for check in judged(name).failed}
    departures = {"fresh flips: autograd", "biases: autograd"}
    assert failed >= {r.name for r in judged("missing 1/m").results} - {"replay", "cuda"} - departures
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


@pytest.mark.parametrize("seed", [0, 1])
def test_float32_from_step_1000_on_fails_the_long_run_alone(seed: int) -> None:
    report = run_engine_conformance(single_later, seed=seed, per_shape=1)
    assert report.failed == ("long run",)
    assert report["long run"].worst > 10 * report["long run"].allowed
    step = int(str(report["long run"].failure).rsplit(" ", 1)[1])
    assert SINGLE_FROM < step < SINGLE_FROM + 50
    assert "long run" not in run_engine_conformance(single_later, per_shape=1, long_steps=900).failed


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
