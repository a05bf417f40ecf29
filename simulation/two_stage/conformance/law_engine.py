r"""Engines in law: they take a Setting and draw their own geometry, so checks start from the draw.

Two questions. Is the draw of the right law? (`drawn`: many draws against arrays and closed forms.) Is the run
gradient descent on the draw? Each run tells its draw, which is realised as concrete arrays (`law_case`); on
them gradient descent by autograd must give the same run, in other units too, and for thousands of steps.
Further: a shorter run is the beginning of a longer one, a run does not depend on the batch, and comes out the
same again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from simulation.conformance.result import CheckResult, ConformanceReport
from simulation.two_stage.conformance.cases import LONG_STEPS
from simulation.two_stage.conformance.check import (
    Measurement,
    States,
    compare,
    exact,
    not_run,
    states_of,
    try_all,
)
from simulation.two_stage.conformance.drawn import (
    DIMENSIONS,
    DRAWN_RULE,
    Draws,
    against_law,
    drawn_setting,
    sample_draws,
)
from simulation.two_stage.conformance.law_case import SHAPES, LawCase, LawEngine, drawn_case, geometry_told
from simulation.two_stage.conformance.repetition import BATCH_RULE, SINGLE_RULE, single_states
from simulation.two_stage.conformance.rounding import RULE, allowed_error
from simulation.two_stage.conformance.structure import monotone_states, rebuilt_margins
from theory.rng import derive_seed

__all__ = ["LawEngine", "run_law_conformance"]

_BATCH, _SPLIT = 16, 7
_UNIT = 7.0
_DRAWS, _LEAST_DRAWS, _CHUNK = 12_000, 100, 500


@dataclass(frozen=True, eq=False)
class _LawTrial:
    engine: LawEngine

    def run(self, cases: Sequence[LawCase], dtype: str = "float64", device: str = "cpu") -> list[States]:
        results = self.engine(
            [c.setting for c in cases],
            [c.draw for c in cases],
            steps=[c.steps for c in cases],
            dtype=dtype,
            device=device,
        )
        return [_states(r, c, c.steps) for r, c in zip(results, cases, strict=True)]

    def one(self, case: LawCase, dtype: str = "float64", device: str = "cpu") -> States:
        return self.run([case], dtype, device)[0]


def _states(result: object, case: LawCase, steps: int) -> States:
    gram, products, y, y_observed = geometry_told(result, case.setting)
    p = case.problem
    patches = np.concatenate([p.mu[None], p.xi])
    pairs = ((gram, patches @ patches.T), (products, p.w0.reshape(-1, p.d) @ patches.T))
    same = all(np.allclose(a, b, rtol=1e-9, atol=1e-9 * np.abs(b).max()) for a, b in pairs)
    if not (same and np.array_equal(y, p.y) and np.array_equal(y_observed, p.y_observed)):
        raise ValueError(
            f"seed {case.draw}: not the draw of a run of one step with the same setting and seed"
        )
    return states_of(result, p.n, p.m, steps)  # type: ignore[arg-type]


def _realised(trial: _LawTrial, case: LawCase) -> Measurement:
    r = case.reference
    return compare(trial.one(case), States(r.margins, r.gamma, r.rho), case.allowed)


def _decomposition(trial: _LawTrial, case: LawCase) -> Measurement:
    return rebuilt_margins(case.problem, trial.one(case), 2 * case.allowed)


def _monotone(trial: _LawTrial, case: LawCase) -> Measurement:
    return monotone_states(case.problem.y_observed, trial.one(case), 2 * case.allowed)


def _beginning(trial: _LawTrial, case: LawCase) -> Measurement:
    cut = case.steps // 2
    short = trial.engine([case.setting], [case.draw], steps=[cut])[0]
    whole = trial.one(case)
    expected = States(whole.margins[: cut + 1], whole.gamma[: cut + 1], whole.rho[: cut + 1])
    return compare(_states(short, case, cut), expected, case.allowed)


def _replay(trial: _LawTrial, cases: Sequence[LawCase], case: LawCase) -> Measurement:
    first = trial.one(case)
    trial.one(cases[0] if case is not cases[0] else cases[-1])
    return exact(trial.one(case), first)


def _float32(trial: _LawTrial, case: LawCase) -> Measurement:
    allowed = 2 * allowed_error(case.problem, case.reference, "float32")
    return single_states(trial.one(case, dtype="float32"), trial.one(case), allowed)


def _batches(trial: _LawTrial, cases: Sequence[LawCase], seed: int) -> CheckResult:
    batch = [cases[k % len(cases)] for k in range(_BATCH)]
    made: list[list[States]] = []

    def measure(k: int) -> Measurement:
        if not made:
            made.append(trial.run(batch))
            made.append(trial.run(batch[:_SPLIT]) + trial.run(batch[_SPLIT:]))
        case = batch[k]
        alone = trial.one(case)
        worst = max((compare(x[k], alone, 2 * case.allowed) for x in made), key=lambda x: x.error)
        return Measurement(worst.error, worst.allowed, f"{case}: {worst.where}")

    return try_all("batch invariance", BATCH_RULE, seed, range(_BATCH), measure)


def _cuda(trial: _LawTrial, cases: Sequence[LawCase], seed: int) -> CheckResult:
    import torch

    if not torch.cuda.is_available():
        return not_run("cuda", "no CUDA device", seed)
    return try_all(
        "cuda",
        f"2 x {RULE}",
        seed,
        cases,
        lambda case: compare(trial.one(case, device="cuda"), trial.one(case), 2 * case.allowed),
    )


def _drawn(engine: LawEngine, seed: int, draws: int, dimension: str) -> Measurement:
    """`draws` draws of the engine at one dimension, against their law."""
    setting = drawn_setting(DIMENSIONS[dimension])
    made: list[Draws] = []
    for start in range(0, draws, _CHUNK):
        count = min(_CHUNK, draws - start)
        seeds = [derive_seed(seed, f"law draws {dimension}", start + k) for k in range(count)]
        results = engine([setting] * count, seeds, steps=[1] * count)
        told = [geometry_told(result, setting) for result in results]
        if len(told) != count:
            raise ValueError(f"must give a result for each of {count} settings, gave {len(told)}")
        made.append(tuple(np.array(x) for x in zip(*told, strict=True)))  # type: ignore[arg-type]
    joined = tuple(np.concatenate(x) for x in zip(*made, strict=True))
    return against_law(setting, joined, sample_draws(setting, draws, seed))  # type: ignore[arg-type]


def run_law_conformance(
    engine: LawEngine | None = None,
    *,
    name: str = "law",
    seed: int = 0,
    per_shape: int = 2,
    steps: int = 20,
    long_steps: int = LONG_STEPS,
    draws: int = _DRAWS,
) -> ConformanceReport:
    """Try an engine that takes settings, default `simulation.train_many`.

    Arguments and errors as for `run_engine_conformance`; `draws` at each of four dimensions are compared with
    their law, at least 100. With fewer than 12,000 small errors of the law pass; a correct engine fails once
    in a million times whatever their number.

    >>> run_law_conformance(per_shape=1, steps=8, long_steps=100, draws=200).passed
    True
    """
    for what, value, least in (
        ("seed", seed, 0),
        ("per_shape", per_shape, 1),
        ("steps", steps, 4),
        ("long_steps", long_steps, steps),
        ("draws", draws, _LEAST_DRAWS),
    ):
        if value < least:
            kind = "an integer >=" if what == "seed" else "at least"
            raise ValueError(f"{what} must be {kind} {least}, was {value}")
    if engine is None:
        from simulation.two_stage.training import train_many

        engine = train_many
    if not callable(engine):
        raise ValueError(f"engine must be callable, was {engine!r}")
    law = [
        try_all(
            f"law of the draw, {dimension}",
            DRAWN_RULE,
            seed,
            [dimension],
            partial(_drawn, engine, seed, draws),
        )
        for dimension in DIMENSIONS
    ]
    cases: list[LawCase] = []
    others: list[LawCase] = []
    lasting: list[LawCase] = []

    def make(number: int) -> Measurement:
        cases.append(drawn_case(engine, number, seed, steps))
        others.append(drawn_case(engine, number, seed, steps, unit=_UNIT))
        if number == 1:
            lasting.append(drawn_case(engine, number, seed, long_steps, single=False))
        return Measurement(0.0, 0.0)

    told = try_all("draws told", "K, A0 and labels of every run", seed, range(SHAPES * per_shape), make)
    if not told.passed:
        return ConformanceReport(name, (told, *law))
    trial = _LawTrial(engine)
    results = (
        told,
        *law,
        try_all("trajectory: autograd", RULE, seed, cases, partial(_realised, trial)),
        try_all("long run", RULE, seed, lasting, partial(_realised, trial)),
        try_all("decomposition", f"2 x {RULE}", seed, cases, partial(_decomposition, trial)),
        try_all("monotone coefficients", f"2 x {RULE}", seed, cases, partial(_monotone, trial)),
        try_all("scaling", RULE, seed, others, partial(_realised, trial)),
        try_all("beginning", RULE, seed, cases, partial(_beginning, trial)),
        try_all("replay", "equal to the last bit", seed, cases, partial(_replay, trial, cases)),
        _batches(trial, cases, seed),
        try_all("float32", SINGLE_RULE, seed, cases, partial(_float32, trial)),
        _cuda(trial, cases, seed),
    )
    return ConformanceReport(name, results)
