"""Every check on one engine."""

from __future__ import annotations

from functools import partial

from simulation.conformance.result import CheckResult, ConformanceReport
from simulation.two_stage.conformance import gradient, repetition, structure
from simulation.two_stage.conformance.cases import LONG_STEPS, draw_cases, draw_long_case
from simulation.two_stage.conformance.check import Measurement, not_run, try_all
from simulation.two_stage.conformance.departures import departures
from simulation.two_stage.conformance.engine import Engine
from simulation.two_stage.conformance.laws import LAWS
from simulation.two_stage.conformance.rounding import RULE
from simulation.two_stage.conformance.trial import Trial

__all__ = ["run_engine_conformance"]


def run_engine_conformance(
    engine: Engine,
    *,
    name: str | None = None,
    seed: int = 0,
    dtypes: tuple[str, ...] = ("float64", "float32"),
    per_shape: int = 2,
    steps: int = 20,
    long_steps: int = LONG_STEPS,
) -> ConformanceReport:
    """Try an engine on small problems clear of ReLU's kinks; every check and its worst error.

    Args:
        engine: a `simulation.two_stage.conformance.engine.Engine`; one with `run_many` has its batches
        checked too.
        name: for the report; default the engine's own.
        seed: draws the problems.
        dtypes: what the engine offers; "float64" must be among them.
        per_shape: problems of each of the five sizes.
        steps: of each run, at least 4.
        long_steps: of the one long run against autograd, at least `steps`. Below 2,000 the run tells less: an
            engine may be right for its first thousand steps only.

    An engine that raises, or returns arrays of other shapes, fails the check with its message.

    Raises:
        ValueError: for an argument out of range.

    >>> from simulation import reduced_engine
    >>> report = run_engine_conformance(reduced_engine, per_shape=1, steps=8, long_steps=200)
    >>> report.passed, report.failed
    (True, ())
    """
    if not callable(engine):
        raise ValueError(f"engine must be callable, was {engine!r}")
    if seed < 0:
        raise ValueError(f"seed must be an integer >= 0, was {seed}")
    if "float64" not in dtypes:
        raise ValueError(f"dtypes must hold 'float64', was {dtypes!r}")
    if per_shape < 1:
        raise ValueError(f"per_shape must be at least 1, was {per_shape}")
    if steps < 4:
        raise ValueError(f"steps must be at least 4, was {steps}")
    if long_steps < steps:
        raise ValueError(f"long_steps must be at least steps = {steps}, was {long_steps}")
    cases = draw_cases(seed, per_shape, steps)
    trial = Trial(engine)

    def on_each(check: str, rule: str, measure: partial[Measurement]) -> CheckResult:
        return try_all(check, rule, seed, cases, measure)

    results = [
        on_each("gradient: autograd", gradient.GRADIENT_RULE, partial(gradient.against_autograd, trial)),
        on_each(
            "gradient: differences", gradient.DIFFERENCES_RULE, partial(gradient.against_differences, trial)
        ),
        on_each("trajectory: autograd", RULE, partial(gradient.trajectory, trial)),
        try_all(
            "long run", RULE, seed, [draw_long_case(seed, long_steps)], partial(gradient.trajectory, trial)
        ),
        *departures(trial, seed, steps),
        on_each("decomposition", f"2 x {RULE}", partial(structure.decomposition, trial)),
        on_each("monotone coefficients", f"2 x {RULE}", partial(structure.monotone, trial)),
        on_each("restart", f"4 x {RULE}", partial(structure.restart, trial)),
        on_each("no flipped label", f"4 x {RULE}", partial(structure.clean_theory, trial)),
        *(
            on_each(law, f"2 x {RULE}, of both problems", partial(change, trial))
            for law, change in LAWS.items()
        ),
        on_each("replay", "equal to the last bit", partial(repetition.replay, trial, cases)),
        repetition.batch_invariance(trial, cases, seed),
        on_each("float32", repetition.SINGLE_RULE, partial(repetition.single_precision, trial))
        if "float32" in dtypes
        else not_run("float32", "not among the engine's dtypes", seed),
        repetition.cuda(trial, cases, seed),
    ]
    return ConformanceReport(name or _name_of(engine), tuple(results))


def _name_of(engine: Engine) -> str:
    return getattr(engine, "__name__", type(engine).__name__)
