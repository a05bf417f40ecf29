"""Training that departs from the paper's, by engines that offer it: labels flipped afresh, biases."""

from __future__ import annotations

import inspect
from functools import partial

from simulation.conformance.result import CheckResult
from simulation.two_stage.conformance.cases import draw_departing_cases
from simulation.two_stage.conformance.check import not_run, try_all
from simulation.two_stage.conformance.engine import Engine
from simulation.two_stage.conformance.gradient import trajectory
from simulation.two_stage.conformance.rounding import RULE
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.problem import Problem
from theory.two_stage.variation import Variation

__all__ = ["departures"]

_DEPARTURES = {
    "fresh flips: autograd": Variation(fresh_flips=0.25),
    "biases: autograd": Variation(biases=True),
}


def departures(trial: Trial, seed: int, steps: int) -> list[CheckResult]:
    """Whole runs against autograd of the network as it then is. An engine that refuses a departure in one
    line is not tried on it."""
    out = []
    for name, variation in _DEPARTURES.items():
        if not _takes_variation(trial.engine):
            out.append(not_run(name, "the engine takes no variation", seed))
            continue
        cases = draw_departing_cases(variation, seed, steps)
        refusal = _refusal(trial, cases[0].problem, variation)
        out.append(
            not_run(name, f"refused: {refusal}", seed)
            if refusal
            else try_all(name, RULE, seed, cases, partial(trajectory, trial))
        )
    return out


def _takes_variation(engine: Engine) -> bool:
    try:
        return "variation" in inspect.signature(engine).parameters
    except (TypeError, ValueError):  # compiled code may have none
        return False


def _refusal(trial: Trial, problem: Problem, variation: Variation) -> str:
    try:
        trial.run(problem, 1e-3, 1, variation=variation)
    except ValueError as error:
        return str(error) if "\n" not in str(error) else ""
    except Exception:  # whatever a user's engine raises: seen again, and counted, in the check
        return ""
    return ""
