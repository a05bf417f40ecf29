"""The same run again: replayed, beside others, in single precision, on another device."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.conformance.result import CheckResult
from simulation.two_stage.conformance.cases import Case
from simulation.two_stage.conformance.check import (
    Measurement,
    States,
    compare,
    exact,
    not_run,
    states_of,
    try_all,
)
from simulation.two_stage.conformance.engine import BatchEngine
from simulation.two_stage.conformance.rounding import RULE, allowed_error
from simulation.two_stage.conformance.trial import Trial

__all__ = [
    "BATCH_RULE",
    "SINGLE_RULE",
    "batch_invariance",
    "cuda",
    "replay",
    "single_precision",
    "single_states",
]

BATCH_RULE = f"2 x {RULE}"
SINGLE_RULE = f"2 x {RULE}, eps of float32; not equal to the last bit"
_BATCH, _SPLIT = 16, 7


def replay(trial: Trial, cases: Sequence[Case], case: Case) -> Measurement:
    """Run, run another problem, run again: equal to the last bit."""
    first = trial.run(case.problem, case.eta, case.steps)
    other = cases[0] if case is not cases[0] else cases[-1]
    trial.run(other.problem, other.eta, other.steps)
    return exact(trial.run(case.problem, case.eta, case.steps), first)


def batch_invariance(trial: Trial, cases: Sequence[Case], seed: int) -> CheckResult:
    """Alone, in a batch of 16, and split 7 + 9; for engines with `run_many`."""
    name, engine = "batch invariance", trial.engine
    if not isinstance(engine, BatchEngine):
        return not_run(name, "the engine has no run_many", seed)
    batch = [cases[k % len(cases)] for k in range(_BATCH)]

    def many(chosen: Sequence[Case]) -> list[States]:
        results = engine.run_many(
            [c.problem for c in chosen], etas=[c.eta for c in chosen], steps=[c.steps for c in chosen]
        )
        return [states_of(r, c.problem.n, c.problem.m, c.steps) for r, c in zip(results, chosen, strict=True)]

    made: list[list[States]] = []

    def measure(k: int) -> Measurement:
        if not made:
            made.append(many(batch))
            made.append(many(batch[:_SPLIT]) + many(batch[_SPLIT:]))
        case = batch[k]
        runs = [compare(x[k], trial.of(case), 2 * case.allowed) for x in made]
        worst = max(runs, key=lambda x: x.error)
        return Measurement(worst.error, worst.allowed, f"{case}: {worst.where}")

    return try_all(name, BATCH_RULE, seed, range(_BATCH), measure)


def single_states(single: States, double: States, allowed: float) -> Measurement:
    """float32 against float64; equal to the last bit means that the dtype was not heeded."""
    found = compare(single, double, allowed)
    if found.error == 0.0:
        return Measurement(float("inf"), allowed, "the float32 run equals the float64 run: dtype not heeded")
    return found


def single_precision(trial: Trial, case: Case) -> Measurement:
    """A float32 run against the float64 run."""
    run = trial.run(case.problem, case.eta, case.steps, dtype="float32")
    allowed = 2 * allowed_error(case.problem, case.reference, "float32")
    return single_states(run, trial.of(case), allowed)


def cuda(trial: Trial, cases: Sequence[Case], seed: int) -> CheckResult:
    """A run on the GPU against the run on the CPU, where there is a GPU."""
    import torch

    name = "cuda"
    if not torch.cuda.is_available():
        return not_run(name, "no CUDA device", seed)

    def measure(case: Case) -> Measurement:
        run = trial.run(case.problem, case.eta, case.steps, device="cuda")
        return compare(run, trial.of(case), 2 * case.allowed)

    return try_all(name, f"2 x {RULE}", seed, cases, measure)
