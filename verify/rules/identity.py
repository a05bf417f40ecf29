"""Identities: a residual at rounding level, and a symbolic proof where there is one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from theory.claim import Proof
from theory.rules import Identity
from verify.outcome import Decision, Observation
from verify.statistics.intervals import rate_interval
from verify.statistics.trials import (
    by_seed,
    count,
    number_value,
    percent,
    plain,
    value_error,
    violating_indices,
    without_runs,
)

__all__ = ["accepted_residual", "decide_identity", "machine_epsilon"]

#: Level of the interval for the share of runs that violate an identity; it decides nothing.
_LEVEL = 0.95


def machine_epsilon(dtype: str) -> float:
    """Distance from 1 to the next number of a float type, by name ("float64", "torch.float32").

    Raises:
        ValueError: naming the type when it is no float type.

    >>> machine_epsilon("float64") == 2.0**-52, machine_epsilon("bfloat16") == 2.0**-7
    (True, True)
    """
    name = dtype.removeprefix("torch.").removeprefix("numpy.")
    if name == "bfloat16":  # numpy does not know it
        return 2.0**-7
    try:
        return float(np.finfo(np.dtype(name)).eps)
    except (TypeError, ValueError) as error:
        raise ValueError(f"dtype must name a float type, was {dtype!r}") from error


def accepted_residual(rule: Identity, observation: Observation) -> float:
    """`factor * eps(dtype) * max(1, steps)`."""
    return rule.factor * machine_epsilon(observation.dtype) * max(1, observation.steps)


def _residual(observation: Observation) -> float:
    value = number_value(observation)
    if value < 0:
        raise value_error(observation, "a residual >= 0")
    return value


def decide_identity(rule: Identity, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """REFUTED by a single residual above `factor * eps(dtype) * max(1, steps)`, by nan and by inf; else
    SUPPORTED. Each run is held to the bound of its own float type and length.

    `measured` is the residual of the run that comes closest to its bound, or exceeds it most.

    Raises:
        ValueError: naming the claim value, when it is not a number >= 0; naming an unknown dtype.
    """
    if not observations:
        return without_runs(proof)

    def excess(o: Observation) -> float:
        """Residual over bound, inf for nan."""
        ratio = _residual(o) / accepted_residual(rule, o)
        return math.inf if math.isnan(ratio) else ratio

    def violated(o: Observation) -> bool:
        return not excess(o) <= 1

    trials = by_seed(observations)
    worst = max(observations, key=excess)
    residual, bound = _residual(worst), accepted_residual(rule, worst)
    violations = sum(violated(o) for o in observations)
    violated_trials = sum(any(violated(o) for o in trial) for trial in trials)
    interval = rate_interval(violated_trials, len(trials), 1 - _LEVEL)

    runs = count(len(observations), "run")
    accepted = f"the accepted {bound:.3g} = {rule.factor:g} eps({worst.dtype}) x {max(1, worst.steps)} steps"
    if violations:
        reason = f"{violations} of {runs} violate it: the worst residual, {residual:.3g}, exceeds {accepted}."
    else:
        reason = f"In {runs} the worst residual, {residual:.3g}, is within {accepted}."
        if proof is not None and proof.holds:
            reason = f"Proved symbolically. {reason}"
    statistic = {
        "runs": len(observations),
        "trials": len(trials),
        "violations": violations,
        "worst_residual": plain(residual),
        "worst_bound": bound,
        "worst_residual_over_bound": plain(excess(worst)),
        "worst_run": worst.index,
        "dtypes": sorted({o.dtype for o in observations}),
        "not_finite": sum(not math.isfinite(_residual(o)) for o in observations),
        "interval": [interval.low, interval.high],
        "interval_of": f"violation rate ({percent(_LEVEL)}, two-sided; decides nothing)",
        "level": _LEVEL,
        "proved": None if proof is None else proof.holds,
        "violating": violating_indices(observations, violated),
    }
    return Decision(
        "refuted" if violations else "supported",
        reason,
        measured=plain(residual),
        predicted=0.0,
        statistic=statistic,
        n_trials=len(trials),
        p_value=0.0 if violations else 1.0,  # compared with rounding: no chance is involved
        support_p=1.0 if violations else 0.0,
    )
