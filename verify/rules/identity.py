"""Identities: a residual at rounding level, and a symbolic proof where there is one."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import Identity
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import unmeasured
from verify.rules.excess import log_excess
from verify.rules.judge import Exempt, Judge, Plan, Planted, Readout
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

__all__ = [
    "IDENTITY_RATE",
    "IdentityJudge",
    "accepted_residual",
    "decide_identity",
    "machine_epsilon",
    "relative_residual",
    "residual_value",
]

#: Level of the interval for the share of runs that violate an identity; it decides nothing.
_LEVEL = 0.95

#: The rate of violating runs for which an identity's power is stated.
IDENTITY_RATE = 0.05


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
    """`factor * eps(dtype)`, times `max(1, steps)` where the rule grows with them."""
    return _accepted(rule, observation.dtype, observation.steps)


def _accepted(rule: Identity, dtype: str, steps: int) -> float:
    return rule.factor * machine_epsilon(dtype) * (max(1, steps) if rule.per_step else 1)


def relative_residual(value: Any) -> float:
    """Of a residual, or of `(residual, scale)`: the quotient, 0 for 0 of 0.

    >>> relative_residual(1e-3), relative_residual((1.0, 4.0)), relative_residual((0.0, 0.0))
    (0.001, 0.25, 0.0)
    """
    if not isinstance(value, (tuple, list)):
        return float(value)
    residual, scale = (float(v) for v in value)
    if residual == 0 and scale == 0:
        return 0.0
    return residual / scale if scale > 0 else math.nan if math.isnan(scale) else math.inf


def residual_value(observation: Observation) -> float:
    """The relative residual that was measured.

    Raises:
        ValueError: naming the claim value, when it is no residual.
    """
    value: Any = observation.value
    wanted = "an absolute residual >= 0, or a pair (absolute residual, scale >= 0)"
    if isinstance(value, (tuple, list)):
        if len(value) != 2 or not all(isinstance(v, numbers.Real) for v in value) or min(value) < 0:
            raise value_error(observation, wanted)
        found = relative_residual(value)
    else:
        found = number_value(observation)
    if found < 0:
        raise value_error(observation, wanted)
    return found


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
        ratio = residual_value(o) / accepted_residual(rule, o)
        return math.inf if math.isnan(ratio) else ratio

    def violated(o: Observation) -> bool:
        return not excess(o) <= 1

    trials = by_seed(observations)
    worst = max(observations, key=excess)
    residual, bound = residual_value(worst), accepted_residual(rule, worst)
    violations = sum(violated(o) for o in observations)
    violated_trials = sum(any(violated(o) for o in trial) for trial in trials)
    interval = rate_interval(violated_trials, len(trials), 1 - _LEVEL)

    runs = count(len(observations), "run")
    steps = f" x {max(1, worst.steps)} steps" if rule.per_step else ""
    accepted = f"the accepted {bound:.3g} = {rule.factor:g} eps({worst.dtype}){steps}"
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
        "not_finite": sum(not math.isfinite(residual_value(o)) for o in observations),
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


class IdentityJudge(Judge[Identity]):
    """A residual against the rounding that its run allows; planned power is P(REFUTED) of an identity that
    fails in one run of twenty, since a true one is supported by every run."""

    rule: ClassVar[type] = Identity
    explanation: ClassVar[str] = (
        "Equality of reals. The relative residual of every run is compared with the rounding error that its"
        " float type and number of steps allow; a symbolic proof is required where one is given."
    )
    by_chance: ClassVar[bool] = False
    rounding: ClassVar[bool] = True
    bounds: ClassVar[bool] = True
    single: ClassVar[bool] = True
    local: ClassVar[bool] = True
    open_value = "number"

    def assignments(self, rule: Identity, observations: Sequence[Observation]) -> list[list[Observation]]:
        """What was not measured at 0 and beyond every bound; a residual itself is rightly decided."""

        def at(missing: float) -> list[Observation]:
            return [replace(o, value=missing if unmeasured(o.value) else o.value) for o in observations]

        return [at(0.0), at(math.inf)]

    def decide(self, rule: Identity, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_identity(rule, observations, proof)

    def excess(
        self, rule: Identity, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """log10(residual / accepted residual)."""
        return log_excess(relative_residual(value), _accepted(rule, dtype, steps)) / math.log(10)

    def plan(self, rule: Identity, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis=f"an identity that fails in a share {IDENTITY_RATE:g} of the runs is found")

    def planned(self, rule: Identity, n_trials: int, plan: Plan) -> float | None:
        return 1 - (1 - IDENTITY_RATE) ** n_trials

    def worst(self, rule: Identity, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=math.inf) for o in observations]

    def fails_at(self, rule: Identity, n_trials: int, level: float) -> str:
        return "one residual above rounding refutes"

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """None: an identity's formula stands inside its measure (`verify.soundness.generate` measures it
        with another step size)."""
        return iter(())

    def readout(self, rule: Identity, decision: Decision, observation: Observation) -> Readout:
        return Readout(relative_residual(observation.value), 0.0, 0.0, accepted_residual(rule, observation))

    def sentence(self, rule: Identity) -> str:
        steps = " · steps" if rule.per_step else ""
        return f"Every relative residual must stay below {rule.factor:g} · eps(dtype){steps}."

    def numbers(self, judgement: Judgement) -> str:
        statistic = judgement.decision.statistic
        residual, bound = statistic.get("worst_residual"), statistic.get("worst_bound")
        if residual is None or bound is None:
            return judgement.decision.reason.rstrip(".")
        return f"worst residual {float(residual):.2g}, rounding allows {float(bound):.2g}"
